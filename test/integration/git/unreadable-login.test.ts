// What git does if our helper cannot read the login: one message, one wait, and no other helper or prompt.
import {expect} from 'chai'
import {existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {setUpHelper} from '../../../src/git/setup.js'
import {dataDirOf} from '../../../src/git/data-dir.js'
import {launcherPath} from '../../../src/git/launcher.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {startKeyring} from '../../support/keyring.js'
import {openSandbox, type RunOptions, type Sandbox} from '../../support/sandbox.js'
import {inTerminal} from '../../support/terminal.js'

const HELPER = fileURLToPath(new URL('../../../dist/git-helper.cjs', import.meta.url))
const HOST = 'git.heroku.com'
const KEY = `credential.https://${HOST}.helper`
const ADA = 'ada@example.com'
const input = `protocol=https\nhost=${HOST}\n\n`

describe('git with a login that cannot be read', function () {
  this.timeout(60_000)
  let sandbox: Sandbox
  let dataDir: string

  before(() => {
    expect(existsSync(HELPER), 'npm run build').to.equal(true)
  })
  beforeEach(async () => {
    sandbox = openSandbox()
    dataDir = dataDirOf(sandbox.env)
    mkdirSync(dataDir, {recursive: true, mode: 0o700})
    // The fallback, the user's own helper and the prompt only log that they were asked.
    program('heroku', `echo "heroku $*" >>${log()}`)
    program('askpass', `echo askpass >>${log()}; echo typed`)
    await sandbox.run('git', ['config', '--global', KEY, `!echo theirs >>${log()}; :`])
    const target = {
      env: sandbox.env,
      dataDir,
      cacheDir: join(sandbox.home, 'cache'),
      endpoints: {git: HOST, api: 'api.heroku.com'},
      helper: HELPER,
    }
    const runHere: RunTool = (file, args, options) =>
      run(file, args, {...options, env: {...sandbox.env, ...options.env}})
    expect(await setUpHelper(target, runHere, true)).to.include({state: 'configured'})
    write('login.json', {account: ADA})
    const record = {account: ADA, apiHost: 'api.heroku.com', fingerprint: 'x', savedIn: 'secret-service'}
    write('heroku-keychain.json', {version: 1, account: ADA, loggedOut: false, tokens: [record]})
  })
  afterEach(() => sandbox.close())

  const log = () => join(sandbox.root, 'log')
  const asked = () => (existsSync(log()) ? readFileSync(log(), 'utf8').trimEnd().split('\n') : [])
  const program = (name: string, script: string) => {
    writeFileSync(join(sandbox.bin, name), `#!/bin/sh\n${script}\n`, {mode: 0o755})
  }
  const write = (name: string, content: object) => {
    writeFileSync(join(dataDir, name), `${JSON.stringify(content)}\n`)
  }
  const netrc = (account: string) => {
    const content = `machine api.heroku.com\n  login ${account}\n  password HRKU-of-another\n`
    writeFileSync(join(sandbox.home, '.netrc'), content, {mode: 0o600})
  }
  const fill = (env: RunOptions['env'] = {}) =>
    sandbox.run('git', ['credential', 'fill'], {input, env: {GIT_ASKPASS: join(sandbox.bin, 'askpass'), ...env}})
  /** git prints the name of the helper that answered `quit`. */
  const quit = /^fatal: credential helper '.*' told us to quit\n$/mu
  const secretTool = (script: string) => {
    program('secret-tool', `echo "secret-tool $1" >>${log()}\n${script}`)
  }

  const causes: [string, () => RunOptions['env'], RegExp, string[]][] = [
    [
      'there is no session bus',
      () => ({DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent'}),
      /^heroku: there is no D-Bus session[^\n]*\n$/u,
      [],
    ],
    [
      'secret-tool is not installed any more',
      () => ({PATH: pathWithout('secret-tool')}),
      /^heroku: [^\n]*secret-tool[^\n]*\n$/u,
      [],
    ],
    [
      'the keyring hangs',
      () => {
        secretTool('exec sleep 1000')
        return {}
      },
      /^heroku: waiting for the keyring[^\n]*\nheroku: the keyring did not answer within 5 s[^\n]*\n$/u,
      ['secret-tool search'],
    ],
    [
      'the tool fails',
      () => {
        secretTool('exit 7')
        return {}
      },
      /^heroku: secret-tool could not read the token \(exit 7\)[^\n]*\n$/u,
      ['secret-tool search'],
    ],
    [
      "the keyring failed, and .netrc has another account's token",
      () => {
        secretTool('exit 7')
        netrc('dev@example.com')
        return {}
      },
      /^heroku: secret-tool could not read the token[^\n]*dev@example\.com[^\n]*HEROKU_NETRC_WRITE=true[^\n]*\n$/u,
      ['secret-tool search'],
    ],
    [
      '.netrc is the place, and is not text',
      () => {
        writeFileSync(join(sandbox.home, '.netrc'), 'machine api.heroku.com\0\n', {mode: 0o600})
        return {HEROKU_NETRC_WRITE: 'true'}
      },
      /^heroku: [^\n]*\.netrc[^\n]*\n$/u,
      [],
    ],
  ]
  for (const [what, prepare, message, calls] of causes)
    it(`prints one message and stops: ${what}`, async () => {
      const env = prepare()
      const {exitCode, stderr, stdout} = await fill(env)
      expect({stdout, exitCode}).to.deep.equal({stdout: '', exitCode: 128})
      expect(stderr).to.match(quit)
      expect(stderr.replace(quit, ''))
        .to.match(message)
        .and.not.to.include('not logged in')
        .and.not.to.include('heroku login')
      expect(asked()).to.deep.equal(calls)
    })

  /** The sandbox's PATH with only the system programs that git and the launcher need, and without `name`. */
  function pathWithout(name: string): string {
    const folder = join(sandbox.root, 'programs')
    mkdirSync(folder)
    for (const each of ['git', 'sh', 'timeout', 'cat']) symlinkSync(`/usr/bin/${each}`, join(folder, each))
    for (const each of [folder, sandbox.bin]) expect(existsSync(join(each, name))).to.equal(false)
    return `${sandbox.bin}:${folder}`
  }

  it('prints one message and stops: the keyring is locked', async () => {
    const keyring = await startKeyring(sandbox)
    try {
      await keyring.store({
        label: 'Heroku CLI',
        attributes: {service: 'heroku-cli', account: ADA},
        secret: 'HRKU-ada',
      })
      await keyring.lock()
      const {exitCode, stderr, stdout} = await fill(keyring.env)
      expect({stdout, exitCode}).to.deep.equal({stdout: '', exitCode: 128})
      expect(stderr).to.match(quit)
      expect(stderr.replace(quit, '')).to.match(/^heroku: the keyring is locked; try this: unlock it[^\n]*\n$/u)
      expect(asked()).to.deep.equal([])
      await keyring.unlock()
      expect((await fill(keyring.env)).stdout).to.include('password=HRKU-ada\n')
    } finally {
      await keyring.stop()
    }
  })

  it('does not ask for a user name on a terminal', async () => {
    secretTool('exit 7')
    const session = await inTerminal(
      'sh',
      ['-c', `printf '${input.replaceAll('\n', String.raw`\n`)}' | git credential fill`],
      {
        env: sandbox.env,
        cwd: sandbox.home,
      },
    )
    expect(session.screen).to.match(quit).and.not.to.include('Username for')
    expect(asked()).to.deep.equal(['secret-tool search'])
  })

  it('stops if the launcher is missing and the Heroku CLI answers', async () => {
    secretTool('exit 7')
    rmSync(launcherPath(sandbox.env))
    program('heroku', `exec node '${HELPER}' "$2"`)
    const {exitCode, stderr} = await fill()
    expect(exitCode).to.equal(128)
    expect(stderr).to.match(quit)
    expect(asked()).to.deep.equal(['theirs', 'secret-tool search'])
  })

  it("asks the user's own helper and prompts if the user is just not logged in", async () => {
    secretTool('[ "$1" = search ] || exit 1')
    rmSync(join(dataDir, 'login.json'))
    rmSync(join(dataDir, 'heroku-keychain.json'))
    const {exitCode, stderr} = await fill()
    expect(exitCode).to.equal(0)
    expect(stderr).to.equal('heroku: not logged in; try this: heroku login\n')
    expect(asked().filter((line) => !line.startsWith('secret-tool'))).to.deep.equal([
      'theirs',
      'heroku git:credentials get',
      'askpass',
      'askpass',
    ])
  })
})
