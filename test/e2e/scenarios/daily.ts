// A user's everyday actions.
import {expect} from 'chai'
import {startGit} from '../../support/loopback-git.js'
import {keys} from '../../support/terminal.js'
import {THIRD_PARTY} from '../../support/third-party.js'
import {traced} from '../../support/trace.js'
import {openWorkTree} from '../../support/work-tree.js'
import {
  ada,
  alarm,
  expectOnlyInKeyring,
  grace,
  inKeyring,
  isAda,
  issued,
  isUnknown,
  loggedIn,
  LOGIN_JSON,
  type Scenario,
} from './cell.js'

const pressAnyKey = [{expect: 'Press any key', raw: true, send: 'x'}]

const installed: Scenario = {
  title: 'plugins:install, and help for our commands',
  async run(host) {
    expect((await host.run(['plugins'])).stdout).to.include('heroku-keychain')
    for (const args of [
      ['login', '--help'],
      ['help', 'auth:login'],
    ])
      expect((await host.run(args)).stdout).to.include('--with-token')
    return undefined
  },
}

const browser: Scenario = {
  title: 'login through the browser, then whoami, apps and auth:token',
  async run(host) {
    host.heroku.apps.push({name: 'engine', owner: {email: ada}, region: {name: 'us'}})
    const login = await host.inTerminal(['login'], pressAnyKey)
    expect(login.exitCode).to.equal(0)
    expect(login.screen).to.include(`Logged in as ${ada}\nToken stored in the keyring\n`)
    await expectOnlyInKeyring(host, issued(host))
    expect(await host.run(['whoami'])).to.deep.equal(isAda)
    expect((await host.run(['apps'])).stdout).to.include('engine')
    expect(await host.run(['auth:token'])).to.deep.equal({stdout: `${issued(host)}\n`, stderr: '', exitCode: 0})
    await expectOnlyInKeyring(host, issued(host))
    return undefined
  },
}

const interactive: Scenario = {
  title: 'login with a password and a two-factor code',
  async run(host) {
    Object.assign(host.heroku.accounts[0] ?? {}, {twoFactorCode: '123456'})
    const login = await host.inTerminal(
      ['login', '-i'],
      [
        {expect: 'Email:', send: `${ada}${keys.enter}`},
        {expect: 'Password:', send: `correct horse${keys.enter}`},
        {expect: 'Two-factor code:', send: `123456${keys.enter}`},
      ],
    )
    expect(login.exitCode).to.equal(0)
    await expectOnlyInKeyring(host, issued(host))
    return undefined
  },
}

const sso: Scenario = {
  title: 'login through SSO',
  async run(host) {
    const {token} = host.heroku.issue({kind: 'session'})
    const login = await host.inTerminal(['login', '--sso'], [{expect: 'token:', send: `${token}${keys.enter}`}], {
      SSO_URL: `${host.heroku.url}/sso`,
    })
    expect(login.exitCode).to.equal(0)
    await expectOnlyInKeyring(host, token)
    return undefined
  },
}

const withToken: Scenario = {
  title: 'login with a token on stdin, then logout',
  async run(host) {
    const {token} = host.heroku.issue()
    expect((await host.run(['login', '--with-token'], {input: `${token}\n`})).exitCode).to.equal(0)
    await expectOnlyInKeyring(host, token)
    expect((await host.run(['logout'])).exitCode).to.equal(0)
    expect(host.heroku.revoked(token)).to.equal(true)
    expect(await inKeyring(host)).to.deep.equal({})
    expect(await host.read(LOGIN_JSON)).to.equal(undefined)
    expect(await host.run(['whoami'])).to.include({stdout: '', exitCode: 100})
    return undefined
  },
}

const thirdParty: Scenario = {
  title: 'a command of a plugin that carries @heroku-cli/command 11',
  async run(host) {
    const token = await loggedIn(host)
    expect(await host.run([THIRD_PARTY])).to.deep.equal(isAda)
    await expectOnlyInKeyring(host, token)
    return undefined
  },
}

const implicit: Scenario = {
  title: "login by the CLI's own code, after the token was revoked",
  async run(host) {
    host.heroku.revoke(await loggedIn(host))
    host.heroku.apps.push({name: 'engine', owner: {email: ada}, region: {name: 'us'}})
    const apps = await host.inTerminal(['apps'], pressAnyKey)
    expect(apps.exitCode).to.equal(0)
    expect(apps.screen).to.include('engine')
    expect(host.heroku.revoked(issued(host))).to.equal(false)
    await expectOnlyInKeyring(host, issued(host))
    return undefined
  },
}

const accounts: Scenario = {
  title: 'accounts:add, accounts:set and accounts:current',
  async run(host) {
    if (isUnknown(await host.run(['accounts:current']))) return 'has no such command'

    const tokens: Record<string, string> = {[ada]: await loggedIn(host)}
    expect((await host.run(['accounts:add', 'a'])).exitCode).to.equal(0)
    tokens[grace] = await loggedIn(host, grace)
    expect((await host.run(['accounts:add', 'g'])).exitCode).to.equal(0)

    expect((await host.run(['whoami'])).stdout).to.equal(`${grace}\n`)
    expect(await host.run(['accounts:set', 'a'])).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
    expect((await host.run(['whoami'])).stdout).to.equal(`${ada}\n`)
    // Up to 11.5 it only knows api.heroku.com, whatever HEROKU_HOST is.
    const [major = 0, minor = 0] = host.host.version.split('.').map(Number)
    if (major > 11 || (major === 11 && minor > 5))
      expect((await host.run(['accounts:current'])).stdout).to.include('Current account is a')
    expect((await host.run(['auth:token'])).stdout).to.equal(`${tokens[ada] ?? ''}\n`)
    expect(await inKeyring(host)).to.deep.equal(tokens)
    expect(await host.read(LOGIN_JSON)).to.equal(`{"account":"${ada}"}\n`)
    expect(await host.read('.netrc')).to.equal(undefined)
    expect(await host.read('.config/heroku/accounts/a')).to.equal(`username: ${ada}\n`)
    return undefined
  },
}

const gitPush: Scenario = {
  title: 'git push',
  async run(host) {
    const {heroku} = host
    const git = await startGit({
      accepts: (password) => heroku.tokens.some(({revoked, token}) => token === password && !revoked),
    })
    try {
      await git.createRepository('app')
      const env = {...host.env, ...git.env, HEROKU_GIT_HOST: git.host}
      const token = await loggedIn(host)
      expect((await host.run(['whoami'], {env})).stdout).to.equal(`${ada}\n`)
      expect(await (await openWorkTree(host.sandbox)).push(git.remote('app'), env)).to.include({exitCode: 0})
      expect(Object.keys(await git.heads('app'))).to.deep.equal(['main'])
      expect([...new Set(git.requests.flatMap(({password}) => password ?? []))]).to.deep.equal([token])
    } finally {
      await git.stop()
    }
    return undefined
  },
}

const withoutToken: Scenario = {
  title: 'version, help and apps --help: no keychain tool is started',
  async run(host) {
    await loggedIn(host)
    const wasStarted = await alarm(host)
    const all = ['-ec', 'heroku version; heroku help; heroku apps --help']
    const {executed, exitCode, stderr} = await traced(host.sandbox, 'sh', all, {env: host.env})
    expect({exitCode, stderr}).to.deep.equal({exitCode: 0, stderr: ''})
    const commandLines = executed.map(({argv}) => argv.join(' '))
    expect(commandLines.filter((line) => line.endsWith('heroku version'))).not.to.deep.equal([])
    expect(commandLines.filter((line) => line.includes('secret-tool'))).to.deep.equal([])
    expect(await wasStarted()).to.equal(false)
    return undefined
  },
}

export const daily = [
  installed,
  browser,
  interactive,
  sso,
  withToken,
  thirdParty,
  implicit,
  accounts,
  gitPush,
  withoutToken,
]
