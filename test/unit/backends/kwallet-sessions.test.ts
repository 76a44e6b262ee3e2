// KWallet refuses about one session in a hundred: seen in `npm run test:keyrings`.
import {expect} from 'chai'
import {StorageError} from '../../../src/errors.js'
import {openSecretService} from '../../../src/backends/secret-service.js'
import type {RunTool} from '../../../src/process/run.js'

const ada = 'ada@example.com'

/** Messages of secret-tool 0.20.5 on KWallet 5.103. */
const refusals = {
  'a key that is too short': 'secret-tool: Client public key size is invalid\n',
  'a session that is not there': "secret-tool: Can't find session /org/freedesktop/secrets/session/33\n",
}

/** A secret-tool with one item whose first sessions are refused, with the real tool's exit status. */
function tool(refusal: string, times: number) {
  const calls: string[] = []
  let token: string | undefined = 'HRKU-1'
  const run: RunTool = (_file, [verb = ''], {input}) => {
    calls.push(verb)
    const answer = (code: number, stdout: string, stderr = '') =>
      Promise.resolve({status: 'exited' as const, code, stdout, stderr})
    const attribute = `attribute.account = ${ada}\n`
    if (calls.length <= times)
      return verb === 'search' ? answer(0, '', `${refusal}${attribute}`) : answer(1, '', refusal)
    if (verb === 'search')
      return token === undefined
        ? answer(0, '')
        : answer(0, `[/0]\nlabel = Heroku CLI\nsecret = ${token}\ncreated = 2026-01-01 00:00:00\n`, attribute)
    if (verb === 'lookup') return token === undefined ? answer(1, '') : answer(0, token)
    if (verb === 'store') token = String(input)
    if (verb === 'clear') token = undefined
    return answer(0, '')
  }
  return {calls, keychain: openSecretService({run, timeoutMs: 5000, program: '/usr/bin/secret-tool'})}
}

describe('secret-service on a KWallet that refuses a session', () => {
  for (const [what, refusal] of Object.entries(refusals))
    describe(`for ${what}`, () => {
      it('reads, stores, removes and lists in a new session', async () => {
        expect(await tool(refusal, 2).keychain.get(ada)).to.equal('HRKU-1')
        expect(await tool(refusal, 2).keychain.remove(ada)).to.equal(true)
        expect(await tool(refusal, 2).keychain.accounts()).to.deep.equal([ada])
        const {calls, keychain} = tool(refusal, 2)
        await keychain.set({account: ada, token: 'HRKU-2'})
        expect(calls.slice(0, 3)).to.deep.equal(['store', 'store', 'store'])
        expect(await keychain.get(ada)).to.equal('HRKU-2')
      })

      it('gives up after the third, of a search and of a lookup', async () => {
        const {calls, keychain} = tool(refusal, Infinity)
        const error: unknown = await keychain.get(ada).catch((error: unknown) => error)
        expect(error).to.be.instanceOf(StorageError)
        expect(calls).to.deep.equal(['search', 'search', 'search', 'lookup', 'lookup', 'lookup'])
      })
    })
})
