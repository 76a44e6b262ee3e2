import {expect} from 'chai'
import {replaceLogin} from '../../../src/host/replace-login.js'
import {freshFolder} from '../../support/fresh-folder.js'
import {thrownBy} from '../../support/thrown-by.js'

interface Client {
  auth?: string
  login: (options?: {method?: string; expiresIn?: number}) => Promise<unknown>
}

const CLASS = "class APIClient { login(options) { return Promise.resolve(['own login', options, this.auth]) } }\n"
const HINT = 'pipe a token to heroku login --with-token, or set HEROKU_API_KEY'

describe("the login of the Heroku CLI's client, without a terminal", () => {
  const {path: at, write} = freshFolder()
  /** A client from a copy with this code. */
  const open = async (code: string, interactive: boolean, auth?: string): Promise<Client> => {
    write('package.json', code.includes('exports.') ? '{}' : '{"type": "module"}')
    write('api-client.js', code)
    await replaceLogin({bin: 'heroku'}, at('api-client.js'), () => interactive)
    const module = (await import(at('api-client.js'))) as {APIClient: new () => Client}
    return Object.assign(new module.APIClient(), {auth})
  }

  for (const [what, code] of Object.entries({
    'ECMAScript (12.4 and later)': `export ${CLASS}`,
    'CommonJS (before 12.4)': `exports.APIClient = void 0;\n${CLASS}exports.APIClient = APIClient`,
  })) {
    it(`is an error that names the ways to log in: ${what}`, async () => {
      const client = await open(code, false)
      for (const options of [undefined, {}, {expiresIn: 60}]) {
        const error = await thrownBy(client.login(options))
        expect(error).to.deep.include({message: 'not logged in', oclif: {exit: 100}, suggestions: [HINT]})
      }
    })

    it(`is an error that reports the token as refused, if there is one: ${what}`, async () => {
      const client = await open(code, false, 'HRKU-no-longer-valid')
      const error = await thrownBy(client.login())
      expect(error).to.deep.include({
        message: 'the token was refused (401): it may have expired, or been revoked',
        oclif: {exit: 1},
        suggestions: [HINT],
      })
      expect(JSON.stringify(error) + error.message).not.to.include('HRKU-')
    })

    it(`is the client's own at a terminal, and with a method that a plugin chose: ${what}`, async () => {
      expect(await (await open(code, true, 'token')).login({expiresIn: 60})).to.deep.equal([
        'own login',
        {expiresIn: 60},
        'token',
      ])
      expect(await (await open(code, false)).login({method: 'browser'})).to.deep.equal([
        'own login',
        {method: 'browser'},
        undefined,
      ])
    })
  }

  for (const code of ['export const x = 1\n', 'export class APIClient {}\n', 'export const APIClient = undefined\n'])
    it(`is not added to a client without one: ${code.trim()}`, async () => {
      write('package.json', '{"type": "module"}')
      write('api-client.js', code)
      await replaceLogin({bin: 'heroku'}, at('api-client.js'), () => false)
      const module = (await import(at('api-client.js'))) as {APIClient?: {prototype: object}}
      expect('login' in (module.APIClient?.prototype ?? {})).to.equal(false)
    })
})
