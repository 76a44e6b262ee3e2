import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {launcherValue} from '../../src/git/launcher.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'

const loginJson = '.local/share/heroku/login.json'
const FOREIGN = 'machine example.com\n  login me\n  password kept\n'

describe('eight concurrent commands of heroku@11.10.0 with heroku-keychain', function () {
  this.timeout(180_000)
  let it11: PluggedHost

  before(async function () {
    this.timeout(600_000)
    it11 = await startPluggedHost('11.10.0')
  })
  after(() => it11.stop())
  beforeEach(() => it11.reset())

  // As on a desktop, where the keyring's limit is a minute: on a busy machine it may be slow.
  const env = {WAYLAND_DISPLAY: 'wayland-99'}

  it('log in and read: every token is kept, one account is current, and git is configured once', async () => {
    await writeFile(join(it11.sandbox.home, '.netrc'), FOREIGN, {mode: 0o600})
    const logins = ['ada', 'ada', 'grace', 'grace', 'joan'].map((name) => {
      const account = `${name}@example.com`
      if (!it11.heroku.accounts.some(({email}) => email === account))
        it11.heroku.accounts.push({email: account, password: 'x'})
      return it11.heroku.issue({account})
    })
    const ended = await Promise.all([
      ...logins.map(({token}) => it11.run(['login', '--with-token'], {input: token, env, timeoutMs: 120_000})),
      ...['auth:token', 'version', 'logout --help'].map((args) => it11.run(args.split(' '), {env, timeoutMs: 120_000})),
    ])
    for (const {exitCode, stderr} of ended.slice(0, logins.length)) expect(exitCode, stderr).to.equal(0)

    const held: Record<string, string> = {}
    for (const {attributes, secret} of await it11.tokens()) held[attributes.account ?? ''] = secret ?? ''
    expect(Object.keys(held).sort()).to.deep.equal(['ada@example.com', 'grace@example.com', 'joan@example.com'])
    for (const [account, token] of Object.entries(held))
      expect(logins.filter((login) => login.account === account).map((login) => login.token)).to.include(token)
    const {account} = JSON.parse((await it11.read(loginJson)) ?? '') as {account: string}
    expect((await it11.run(['auth:token'], {env})).stdout).to.equal(`${held[account]}\n`)
    expect(await it11.read('.netrc')).to.equal(FOREIGN)

    const key = `credential.https://${new URL(it11.heroku.url).host}.helper`
    const {stdout} = await it11.sandbox.run('git', ['config', '--global', '-z', '--get-all', key], {env: it11.env})
    expect(stdout.split('\0').slice(0, -1)).to.deep.equal(['', launcherValue(it11.env), '!heroku git:credentials'])
  })

  it('log out: one of them removes the token, and all succeed', async () => {
    const {token} = it11.heroku.issue()
    await it11.run(['login', '--with-token'], {input: token, env})
    const ended = await Promise.all(Array.from({length: 8}, () => it11.run(['logout'], {env, timeoutMs: 120_000})))
    expect(ended.map(({exitCode}) => exitCode)).to.deep.equal(Array.from({length: 8}, () => 0))
    expect(ended.filter(({stdout}) => stdout.includes('from the keyring')).length).to.equal(1)
    expect(ended.map(({stdout}) => stdout).join('')).not.to.match(/from $/mu)
    expect(it11.heroku.revoked(token)).to.equal(true)
    expect(await it11.tokens()).to.deep.equal([])
    expect(await it11.read(loginJson)).to.equal(undefined)
  })
})
