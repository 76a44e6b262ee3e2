import {expect} from 'chai'
import {constants} from 'node:os'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {until} from '../support/listen.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {inTerminal, keys, type Session, type Step} from '../support/terminal.js'
import {toldToEnd} from '../support/told-to-end.js'
import {auditHere} from '../support/trust.js'

const ada = 'ada@example.com'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

describe('a login inside heroku@11.10.0 that is cancelled, or that replaces another', function () {
  this.timeout(60_000)
  let it11: PluggedHost

  before(async function () {
    this.timeout(600_000)
    it11 = await startPluggedHost('11.10.0')
  })
  after(() => it11.stop())
  beforeEach(() => it11.reset())

  const typing: Step[] = [
    {expect: 'Email:', send: `${ada}${keys.enter}`},
    {expect: 'Password:', send: `correct horse${keys.enter}`},
  ]
  const methods: [string, () => {args: string[]; steps: Step[]; env: Record<string, string>}][] = [
    ['the browser', () => ({args: ['login'], steps: [{expect: 'Press any key', raw: true, send: 'x'}], env: {}})],
    ['a password', () => ({args: ['login', '-i'], steps: typing, env: {}})],
    [
      'an organization',
      () => ({
        args: ['login', '--sso'],
        steps: [{expect: 'Access token:', send: `${it11.heroku.issue({kind: 'session'}).token}${keys.enter}`}],
        env: {SSO_URL: `${it11.heroku.url}/sso`},
      }),
    ],
  ]
  const inTheTerminal = (args: string[], steps: Step[], env: Record<string, string>) =>
    inTerminal(join(it11.sandbox.bin, 'heroku'), args, {
      // With a display a user could answer the keyring's prompt, so the limit is a minute.
      env: {...it11.env, DISPLAY: ':9', ...env},
      cwd: it11.sandbox.home,
      steps,
    })
  const nothingStored = async () => {
    expect(await it11.read('.netrc')).to.equal(undefined)
    expect(await it11.read('.local/share/heroku/login.json')).to.equal(undefined)
  }

  describe('while the keyring hangs', () => {
    beforeEach(() => it11.keyring.freeze())
    afterEach(() => {
      it11.keyring.thaw()
    })

    const waiting = (signal: NodeJS.Signals): Step => ({
      expect: 'waiting for the keyring',
      ...(signal === 'SIGINT' ? {send: keys.ctrlC} : {signal}),
    })
    const tools = ({left}: Session) => left.filter((name) => name === 'secret-tool')

    const figures = auditHere('cancelled-logins/host')
    for (const signal of SIGNALS) {
      for (const [what, by] of methods)
        it(`revokes the token issued through ${what}, and reports it: ${signal}`, async () => {
          const {args, env, steps} = by()
          const ended = await inTheTerminal(args, [...steps, waiting(signal)], env)
          figures.tried += 1
          figures.lost += it11.heroku.tokens.filter(({revoked}) => !revoked).length
          expect(ended.exitCode, ended.screen).to.equal(128 + constants.signals[signal])
          expect(ended.screen)
            .to.include('login cancelled')
            .and.to.include('the token that was issued for this login was revoked')
            .and.not.to.include('Logged in')
          expect(it11.heroku.tokens.map(({revoked}) => revoked)).to.deep.equal([true])
          expect(it11.heroku.requests.some(({method}) => method === 'DELETE')).to.equal(true)
          expect(ended.settings.after).to.equal(ended.settings.before)
          expect(tools(ended)).to.deep.equal([])
          it11.keyring.thaw()
          expect(await it11.tokens()).to.deep.equal([])
          await nothingStored()
        })

      it(`reports that the token could not be revoked, and where the user can do it: ${signal}`, async () => {
        for (const path of ['/oauth/authorizations', '/oauth/sessions/~'])
          it11.heroku.faults.set(`DELETE ${path}`, 'close')
        it11.heroku.faults.set('GET /oauth/authorizations', 'close')
        const ended = await inTheTerminal(['login', '-i'], [...typing, waiting(signal)], {})
        expect(ended.exitCode).to.equal(128 + constants.signals[signal])
        expect(ended.screen)
          .to.include('the token that was issued could not be revoked')
          .and.to.include('https://dashboard.heroku.com/account/applications')
        expect(tools(ended)).to.deep.equal([])
      })
    }

    it('ends at once at a second Ctrl-C, with a message that the token may be valid', async () => {
      it11.heroku.faults.set('GET /oauth/authorizations', 'hang')
      const ended = await inTheTerminal(
        ['login', '-i'],
        [
          ...typing,
          {expect: 'waiting for the keyring', send: keys.ctrlC},
          {then: () => until(() => it11.heroku.requestsTo('GET /oauth/authorizations').length > 0), send: keys.ctrlC},
        ],
        {},
      )
      expect(ended.exitCode).to.equal(130)
      expect(ended.screen).to.include('the token that was issued could not be revoked')
    })

    for (const signal of SIGNALS)
      it(`leaves a token from stdin valid, and ends: ${signal}`, async () => {
        const {token} = it11.heroku.issue()
        const plan = {signal, input: token, after: 'waiting for the keyring'}
        expect(await toldToEnd(it11, ['login', '--with-token'], plan)).to.equal(128 + constants.signals[signal])
        expect(it11.heroku.revoked(token)).to.equal(false)
      })
  })

  describe('while Heroku issues the token', () => {
    it('reports that a token may have been issued, if Heroku does not answer', async () => {
      it11.heroku.faults.set('POST /oauth/authorizations', 'hang')
      const asked = () => until(() => it11.heroku.requestsTo('POST /oauth/authorizations').length > 0)
      const ended = await inTheTerminal(['login', '-i'], [...typing, {then: asked, send: keys.ctrlC}], {})
      expect(ended.exitCode).to.equal(130)
      expect(ended.screen)
        .to.include('Heroku may have issued a token that is stored nowhere')
        .and.to.include('https://dashboard.heroku.com/account/applications')
      await nothingStored()
    })
  })

  describe('of the same account', () => {
    const login = (env = {}, token = it11.heroku.issue()) =>
      it11.run(['login', '--with-token'], {input: token.token, env})
    const NOTICE = 'the token that this login replaced was not revoked; to revoke it: heroku '

    for (const env of [{}, {HEROKU_NETRC_WRITE: 'true'}])
      it(`names the command that revokes the token that it replaces, with ${JSON.stringify(env)}`, async () => {
        const older = it11.heroku.issue()
        expect((await login(env, older)).stderr).not.to.include('not revoked')
        const {stderr} = await login(env)
        if ('HEROKU_NETRC_WRITE' in env) expect(stderr).to.include(`${NOTICE}authorizations`)
        else expect(stderr).to.equal(`heroku: ${NOTICE}authorizations:revoke ${older.id}\n`)
        expect(older.revoked).to.equal(false)
      })

    it('names the commands for a session, and none for the API key or an invalid token', async () => {
      await login({}, it11.heroku.issue({kind: 'session'}))
      const key = it11.heroku.issue({kind: 'default'})
      expect((await login({}, key)).stderr).to.equal(`heroku: ${NOTICE}sessions, then heroku sessions:destroy ID\n`)
      const last = it11.heroku.issue()
      expect((await login({}, last)).stderr).to.equal('')
      last.revoked = true
      expect((await login()).stderr).to.equal('')
    })

    it('prints nothing if the same token is stored again, and sends no token to a host without a record of it', async () => {
      const token = it11.heroku.issue()
      await login({}, token)
      expect((await login({}, token)).stderr).to.equal('')
      const state = join(it11.dataDir, 'heroku-keychain.json')
      await mkdir(it11.dataDir, {recursive: true})
      await writeFile(state, '{"version":1,"tokens":[]}')
      it11.heroku.requests.splice(0)
      expect((await login()).stderr).to.include(`${NOTICE}authorizations, then heroku authorizations:revoke ID\n`)
      expect(JSON.stringify(it11.heroku.requests)).not.to.include(token.token)
    })

    it('reports that it replaces the login to another host, and sends nothing to that host', async () => {
      await login()
      const port = it11.heroku.host.split(':')[1] ?? ''
      const before = it11.heroku.requests.length
      const {stderr} = await login({HEROKU_HOST: `http://localhost:${port}`})
      expect(stderr).to.include(`this replaces the login of ${ada} to ${it11.heroku.host}\n`)
      // Of the new token alone: its account, and when it expires.
      const paths = it11.heroku.requests.slice(before).map(({path}) => path)
      expect(paths).to.deep.equal(['/account', '/oauth/authorizations'])
    })
  })
})
