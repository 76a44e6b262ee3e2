// The deadline of a keychain call must detect a keyring that hangs, not a busy machine: `npm run test:busy`, which
// takes the whole machine.
import {expect} from 'chai'
import {spawn} from 'node:child_process'
import {mkdirSync, writeFileSync} from 'node:fs'
import {availableParallelism} from 'node:os'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {fileURLToPath} from 'node:url'
import {dataDirOf} from '../../src/git/data-dir.js'
import {type Keyring, startKeyring} from '../support/keyring.js'
import {openSandbox, type Sandbox} from '../support/sandbox.js'
import {auditHere} from '../support/trust.js'

const HELPER = fileURLToPath(new URL('../../dist/git-helper.cjs', import.meta.url))
const GIVEN = 'username=heroku\npassword=HRKU-1\n'
const input = 'protocol=https\nhost=git.heroku.com\n\n'

// More than the machine can answer in five seconds.
const HELPERS = 100 * availableParallelism()
const BUSY = 2 * availableParallelism()

describe('the git helper on a busy machine', () => {
  let sandbox: Sandbox
  let keyring: Keyring
  const figures = auditHere('busy-machine/fills')

  before(async () => {
    sandbox = openSandbox()
    keyring = await startKeyring(sandbox)
  })
  after(async () => {
    await keyring.stop()
    await sandbox.close()
  })

  it(`answers ${HELPERS} concurrent requests beside busy loops`, async () => {
    const attributes = {service: 'heroku-cli', account: 'ada@example.com'}
    await keyring.store({label: 'Heroku CLI', attributes, secret: 'HRKU-1'})
    const dataDir = dataDirOf(sandbox.env)
    mkdirSync(dataDir, {recursive: true, mode: 0o700})
    writeFileSync(join(dataDir, 'login.json'), '{"account":"ada@example.com"}\n')
    const loops = Array.from({length: BUSY}, () => spawn('/bin/sh', ['-c', 'while :; do :; done'], {stdio: 'ignore'}))
    try {
      const env = sandbox.envWith(keyring.env)
      const ask = async () => {
        const helper = spawn(process.execPath, [HELPER, 'get'], {env, stdio: 'pipe'})
        helper.stdin.on('error', () => undefined)
        helper.stdin.end(input)
        const [answer, because] = await Promise.all([text(helper.stdout), text(helper.stderr)])
        return answer === GIVEN ? answer : `${answer}${because}`
      }
      const answers = await Promise.all(Array.from({length: HELPERS}, ask))
      const wrong = answers.filter((answer) => answer !== GIVEN)
      figures.tried += answers.length
      figures.lost += wrong.length
      expect(wrong, [...new Set(wrong)].join('')).to.deep.equal([])
    } finally {
      for (const loop of loops) loop.kill('SIGKILL')
    }
  }).timeout(300_000)
})
