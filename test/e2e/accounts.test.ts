// Two accounts: auth:switch, an account for a shell or a repository, and what is printed about them.
import {expect} from 'chai'
import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Report} from '../../src/status/report.js'
import {HOST_VERSIONS} from '../support/host-versions.js'
import {type Machine, startOwnProgram, startPluggedHost} from '../support/plugged-host.js'
import type {RunOptions} from '../support/sandbox.js'
import {keys} from '../support/terminal.js'

const ada = 'ada@example.com'
const work = 'work@example.com'
const mary = 'mary@example.com'
const LOGIN_JSON = '.local/share/heroku/login.json'
const naming = (account: string) => `{"account":"${account}"}\n`

/** Logs an account in, and returns its token. */
async function logIn(machine: Machine, account: string, options: RunOptions = {}) {
  if (!machine.heroku.accounts.some(({email}) => email === account))
    machine.heroku.accounts.push({email: account, password: 'x'})
  const {token} = machine.heroku.issue({account})
  const ended = await machine.run(['login', '--with-token'], {...options, input: token})
  expect(ended.exitCode, ended.stderr).to.equal(0)
  return {token, stderr: ended.stderr}
}

/** Creates a repository in the home folder, with an account of its own. */
async function repositoryOf(machine: Machine, name: string, account?: string) {
  const path = join(machine.sandbox.home, name)
  await rm(path, {recursive: true, force: true})
  await mkdir(path)
  const git = (...args: string[]) => machine.sandbox.run('git', args, {cwd: path})
  await git('init', '--quiet')
  if (account !== undefined) await git('config', '--local', 'heroku.account', account)
  return path
}

describe('auth:switch', function () {
  this.timeout(60_000)
  let machine: Machine
  const run = (...args: string[]) => machine.run(args)
  const switchTo = (...args: string[]) => run('auth:switch', ...args)

  before(async function () {
    this.timeout(600_000)
    machine = await startOwnProgram()
  })
  after(() => machine.stop())
  beforeEach(async () => {
    await machine.reset()
    await logIn(machine, work)
    await logIn(machine, ada)
  })

  it('makes an account current in all terminals, with a login.json that the CLI reads', async () => {
    expect(await switchTo(work)).to.deep.equal({
      stdout: `Switched to ${work} in all terminals\n`,
      stderr: '',
      exitCode: 0,
    })
    expect(await machine.read(LOGIN_JSON)).to.equal(naming(work))
  })

  it('goes to the other of two accounts, and back', async () => {
    for (const account of [work, ada]) {
      expect((await switchTo()).stdout).to.equal(`Switched to ${account} in all terminals\n`)
      expect(await machine.read(LOGIN_JSON)).to.equal(naming(account))
    }
  })

  it('finds an account by its alias of heroku accounts', async () => {
    await mkdir(join(machine.sandbox.home, '.config/heroku/accounts'), {recursive: true})
    await writeFile(join(machine.sandbox.home, '.config/heroku/accounts/job'), `username: ${work}\n`)
    expect((await switchTo('job')).stdout).to.equal(`Switched to ${work} in all terminals\n`)
  })

  it('asks which one, of three', async () => {
    await logIn(machine, mary)
    for (const [answer, account] of [
      ['2', work],
      [mary, mary],
    ] as const) {
      const session = await machine.inTerminal(['auth:switch'], [{expect: 'Account', send: `${answer}${keys.enter}`}])
      expect(session.screen).to.include(`Switched to ${account} in all terminals`)
    }
    const session = await machine.inTerminal(['auth:switch'], [{expect: 'Account', send: `7${keys.enter}`}])
    expect(session.exitCode).to.equal(1)
    expect(session.screen).to.include('there is no account 7')
    expect(await machine.read(LOGIN_JSON)).to.equal(naming(mary))
  })

  it('lists the accounts if it cannot ask', async () => {
    await logIn(machine, mary)
    const {exitCode, stderr} = await switchTo()
    expect(exitCode).to.equal(1)
    expect(stderr.replaceAll(/\s+›?\s*/gu, ' ')).to.include(`several accounts are logged in: ${ada}, ${mary}, ${work}`)
  })

  it('changes nothing if the account is not logged in, is unknown, or is the only one', async () => {
    for (const [name, text] of [
      [mary, `not logged in as ${mary}`],
      ['job', 'job is neither an e-mail address nor an alias'],
    ] as const) {
      const {exitCode, stderr} = await switchTo(name)
      expect(exitCode).to.equal(100)
      expect(stderr.replaceAll(/\s+›?\s*/gu, ' ')).to.include(text)
    }
    expect(await machine.read(LOGIN_JSON)).to.equal(naming(ada))
    await run('logout')
    await switchTo(work)
    expect((await switchTo()).stderr).to.include(`${work} is the only account that is logged in`)
  })

  it('is refused where another rule decides: HEROKU_API_KEY and HEROKU_NETRC_WRITE', async () => {
    for (const [env, text] of [
      [{HEROKU_API_KEY: 'HRKU-key'}, 'while HEROKU_API_KEY is set'],
      [{HEROKU_NETRC_WRITE: 'true'}, 'while HEROKU_NETRC_WRITE is true'],
    ] as const) {
      const {exitCode, stderr} = await machine.run(['auth:switch', work], {env})
      expect(exitCode).to.equal(1)
      expect(stderr).to.include(text)
    }
    expect(await machine.read(LOGIN_JSON)).to.equal(naming(ada))
  })

  it('selects an account for one repository, and leaves the others and login.json', async () => {
    const path = await repositoryOf(machine, 'app')
    expect(await machine.run(['auth:switch', work, '--project'], {cwd: path})).to.deep.equal({
      stdout: `Switched to ${work} in this repository\n`,
      stderr: '',
      exitCode: 0,
    })
    expect(await readFile(join(path, '.git/config'), 'utf8')).to.include(`[heroku]\n\taccount = ${work}\n`)
    expect(await machine.read(LOGIN_JSON)).to.equal(naming(ada))
    const outside = await machine.run(['auth:switch', work, '--project'])
    expect(outside.exitCode).to.equal(1)
    expect(outside.stderr).to.include('not in a git repository')
  })

  it('says what still selects another account', async () => {
    const path = await repositoryOf(machine, 'app', work)
    expect((await machine.run(['auth:switch', ada], {cwd: path})).stderr).to.equal(
      `heroku-keychain: git config heroku.account in .git/config still selects ${work}; to clear it: git config --unset heroku.account\n`,
    )
    expect((await machine.run(['auth:switch', ada], {env: {HEROKU_ACCOUNT: work}})).stderr).to.equal(
      `heroku-keychain: HEROKU_ACCOUNT still selects ${work}; to clear it: unset HEROKU_ACCOUNT\n`,
    )
  })

  it('is what a logout of one of two accounts, or of three, points to', async () => {
    expect((await run('logout')).stderr).to.include(
      `heroku-keychain: ${work} is still logged in; to use that account: heroku-keychain auth:switch ${work}\n`,
    )
    await logIn(machine, ada)
    await logIn(machine, mary)
    expect((await run('logout')).stderr).to.include(
      `heroku-keychain: ${ada}, ${work} are still logged in; to use one of them: heroku-keychain auth:switch\n`,
    )
    expect((await machine.run(['logout'], {env: {HEROKU_ACCOUNT: work}})).stdout).to.include(work)
    await switchTo(ada)
    expect((await run('logout')).stderr).not.to.include('still logged in')
  })

  it('is not needed for a login of a selected account, which leaves the current one', async () => {
    const env = {HEROKU_ACCOUNT: work}
    expect((await logIn(machine, work, {env})).stderr).not.to.include('still selects')
    expect(await machine.read(LOGIN_JSON)).to.equal(naming(ada))
    expect((await logIn(machine, mary, {env})).stderr).to.include(
      `HEROKU_ACCOUNT still selects ${work}; to clear it: unset HEROKU_ACCOUNT\n`,
    )
    expect(await machine.read(LOGIN_JSON)).to.equal(naming(mary))
  })

  it('does not change what a hundred concurrent commands in two repositories use', async function () {
    this.timeout(180_000)
    const paths = {[ada]: await repositoryOf(machine, 'adas', ada), [work]: await repositoryOf(machine, 'works', work)}
    const held = Object.fromEntries(
      (await machine.tokens()).map(({attributes, secret}) => [attributes.account ?? '', secret]),
    )
    const ours = '.local/share/heroku/heroku-keychain.json'
    const before = await machine.read(ours)
    const ended = await Promise.all(
      Array.from({length: 100}, async (_, index) => {
        const account = index % 2 === 0 ? ada : work
        // As on a desktop, where the keyring's limit is a minute: it answers a hundred calls one by one.
        const options = {cwd: paths[account], env: {WAYLAND_DISPLAY: 'wayland-99'}, timeoutMs: 170_000}
        return {account, ...(await machine.run(['auth:token'], options))}
      }),
    )
    for (const {account, exitCode, stderr, stdout} of ended)
      expect({exitCode, stdout}, stderr).to.deep.equal({exitCode: 0, stdout: `${held[account]}\n`})
    expect(await machine.read(LOGIN_JSON)).to.equal(naming(ada))
    expect(await machine.read(ours)).to.equal(before)
  })

  it('is visible in auth:status: the account, what selected it, and which one it replaces', async () => {
    const path = await repositoryOf(machine, 'app', work)
    const report = async (options: RunOptions = {}) =>
      JSON.parse((await machine.run(['auth:status', '--json'], options)).stdout) as Report
    expect((await report()).account).to.deep.equal({effective: ada, by: 'login.json'})
    expect((await report({cwd: path})).account).to.deep.equal({
      effective: work,
      by: 'git config',
      file: '.git/config',
      otherwise: ada,
    })
    const selected = await report({env: {HEROKU_ACCOUNT: mary}})
    expect(selected).to.include({verdict: 'not logged in'})
    expect(selected.account).to.deep.equal({effective: mary, by: 'HEROKU_ACCOUNT', otherwise: ada})
    const {stdout} = await machine.run(['auth:status'], {cwd: path})
    expect(stdout).to.include(`${work}, selected by git config heroku.account in .git/config, instead of ${ada}\n`)
  })
})

for (const version of HOST_VERSIONS)
  describe(`two accounts of heroku@${version} with heroku-keychain`, function () {
    this.timeout(180_000)
    let host: Machine
    let token: Record<string, string>

    before(async function () {
      this.timeout(600_000)
      host = await startPluggedHost(version)
      const {token: works} = await logIn(host, work)
      const {token: adas} = await logIn(host, ada)
      token = {[ada]: adas, [work]: works}
      host.heroku.requests.length = 0
    })
    after(() => host.stop())

    /** Runs the CLI's own command, and returns its result with the tokens that it sent. */
    const whoami = async (options: RunOptions = {}) => {
      const seen = host.heroku.requests.length
      const ended = await host.run(['whoami'], options)
      const sent = host.heroku.requests.slice(seen).flatMap(({headers}) => headers.authorization ?? [])
      return {...ended, sent: [...new Set(sent)]}
    }
    const sends = (account: string) => ({
      stdout: `${account}\n`,
      stderr: '',
      exitCode: 0,
      sent: [`Bearer ${token[account]}`],
    })

    it('sends the token of the account that is selected, and only that', async () => {
      const path = await repositoryOf(host, 'app', work)
      expect(await whoami()).to.deep.equal(sends(ada))
      expect(await whoami({cwd: path})).to.deep.equal(sends(work))
      expect(await whoami({cwd: path, env: {HEROKU_ACCOUNT: ada}})).to.deep.equal(sends(ada))
      expect(await whoami({env: {HEROKU_ACCOUNT: work}})).to.deep.equal(sends(work))
      expect(await host.read(LOGIN_JSON)).to.equal(naming(ada))
    })

    it('sends no token if the selected account is not logged in, and exits with 100', async () => {
      const path = await repositoryOf(host, 'app', mary)
      for (const options of [{cwd: path}, {env: {HEROKU_ACCOUNT: mary}}]) {
        const {exitCode, sent, stderr, stdout} = await whoami(options)
        expect({exitCode, sent, stdout}).to.deep.equal({exitCode: 100, sent: [], stdout: ''})
        expect(stderr.replaceAll(/\s+›?\s*/gu, ' ')).to.include(`not logged in as ${mary} (selected by`)
      }
    })

    it('does not send what .netrc holds, with or without HEROKU_NETRC_WRITE', async () => {
      const netrc = join(host.sandbox.home, '.netrc')
      const {host: api} = new URL(host.heroku.url)
      await writeFile(netrc, `machine ${api}\n  login ${ada}\n  password ${token[ada]}\n`, {mode: 0o600})
      for (const env of [{HEROKU_ACCOUNT: mary}, {HEROKU_ACCOUNT: work, HEROKU_NETRC_WRITE: 'true'}]) {
        const {exitCode, sent} = await whoami({env})
        expect({exitCode, sent}).to.deep.equal({exitCode: 100, sent: []})
      }
      await rm(netrc)
    })

    it("completes accounts and other values in the CLI's autocomplete for bash, and asks no keyring", async () => {
      await host.secretTool('echo called >&2; exit 1')
      const complete = async (line: string) =>
        (await host.run(['autocomplete:options', line])).stdout.trim().split('\n')
      for (const command of ['auth:exec', 'auth:token', 'auth:migrate'])
        expect(await complete(`heroku ${command} --account `), command).to.deep.equal([ada, work])
      expect(await complete('heroku auth:migrate --to ')).to.include.members(['keyring', 'pass', 'netrc'])
      await rm(join(host.sandbox.bin, 'secret-tool'))
    })

    it('sends each its own in twenty concurrent commands in two repositories, and records neither', async () => {
      const paths = {[ada]: await repositoryOf(host, 'adas', ada), [work]: await repositoryOf(host, 'works', work)}
      const folder = join(host.sandbox.home, '.local/share/heroku')
      const ours = async () => readFile(join(folder, 'heroku-keychain.json'), 'utf8')
      const before = {names: (await readdir(folder)).sort(), ours: await ours()}
      const env = {WAYLAND_DISPLAY: 'wayland-99'}
      const ended = await Promise.all(
        Array.from({length: 20}, async (_, index) => {
          const account = index % 2 === 0 ? ada : work
          const {exitCode, stderr, stdout} = await host.run(['whoami'], {
            cwd: paths[account],
            env,
            timeoutMs: 150_000,
          })
          return {account, exitCode, stderr, stdout}
        }),
      )
      for (const {account, ...result} of ended)
        expect(result).to.deep.equal({exitCode: 0, stderr: '', stdout: `${account}\n`})
      expect({names: (await readdir(folder)).sort(), ours: await ours()}).to.deep.equal(before)
      expect(await host.read(LOGIN_JSON)).to.equal(naming(ada))
    })
  })
