// What the launcher asks the keyring before node is there to decide: a guess, which must make no difference but to time.
import {expect} from 'chai'
import fc from 'fast-check'
import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {launcherText} from '../../src/git/launcher.js'
import {listenToLauncher} from '../../src/git/launcher-answer.js'
import {launcherPath} from '../../src/git/launcher-path.js'
import {until} from '../support/listen.js'
import {isRunning} from '../support/processes.js'
import {type Finished, openSandbox, type RunOptions, type Sandbox} from '../support/sandbox.js'

const HELPER = fileURLToPath(new URL('../../dist/git-helper.cjs', import.meta.url))
const TOKEN = 'HRKU-what-nobody-else-may-see'
const ADA = 'ada@example.com'

const input = 'protocol=https\nhost=git.heroku.com\n\n'
const answered = {stdout: `username=heroku\npassword=${TOKEN}\n`, stderr: '', exitCode: 0}

describe('what the launcher asks ahead', function () {
  this.timeout(60_000)
  let sandbox: Sandbox
  let dataDir: string

  before(() => {
    expect(existsSync(HELPER), 'npm run build').to.equal(true)
  })
  beforeEach(() => {
    sandbox = openSandbox()
    dataDir = join(sandbox.home, `it's "data"`)
    mkdirSync(dataDir)
    writeLauncher(launcherText({dataDir, helper: HELPER, node: process.execPath}))
    login(ADA)
  })
  afterEach(() => sandbox.close())

  const writeLauncher = (text: string) => {
    writeFileSync(launcherPath(dataDir), text, {mode: 0o700})
  }
  const loginFile = () => join(dataDir, 'login.json')
  const login = (account: string) => {
    writeFileSync(loginFile(), `${JSON.stringify({account})}\n`)
  }

  const calls = () => join(sandbox.root, 'calls')
  /** Puts a shell script in the place of secret-tool. It notes each call: who made it, and what was asked. */
  const secretTool = (script: string) => {
    const note = `echo "$(cat /proc/$PPID/comm) $*" >>'${calls()}'`
    writeFileSync(join(sandbox.bin, 'secret-tool'), `#!/bin/sh\n${note}\n${script}\n`, {mode: 0o755})
  }
  const asked = () => (existsSync(calls()) ? readFileSync(calls(), 'utf8').trimEnd().split('\n') : [])

  const LOOKUP = `lookup -- service heroku-cli account ${ADA}`
  const SEARCH = `search --all -- service heroku-cli account ${ADA}`

  const ask = (options: RunOptions = {}): Promise<Finished> =>
    sandbox.run(launcherPath(dataDir), ['get'], {input, ...options})

  it('is what the helper asks, which then asks nothing itself', async () => {
    secretTool(`printf %s ${TOKEN}`)
    expect(await ask()).to.deep.equal(answered)
    expect(asked()).to.deep.equal([`timeout ${LOOKUP}`])
  })

  it('gives the tool the environment that the helper would give it', async () => {
    secretTool(`env | grep -E '^(HEROKU_API_KEY|G_MESSAGES_DEBUG|G_DBUS_DEBUG|LC_ALL|CHARSET)=' | sort >'${calls()}'
printf %s ${TOKEN}`)
    const env = {HEROKU_API_KEY: '', G_MESSAGES_DEBUG: 'all', G_DBUS_DEBUG: 'all', LC_ALL: 'de_DE.UTF-8'}
    expect(await ask({env})).to.deep.equal(answered)
    expect(asked()).to.deep.equal(['CHARSET=UTF-8', 'LC_ALL=C'])
  })

  for (const [why, env] of [
    ['HEROKU_API_KEY wins', {HEROKU_API_KEY: TOKEN}],
    ['.netrc is all there is to be', {HEROKU_NETRC_WRITE: 'true'}],
  ] as const)
    it(`is nothing where ${why}`, async () => {
      secretTool(`printf %s ${TOKEN}`)
      await ask({env})
      expect(asked()).to.deep.equal([])
    })

  it('is nothing where secret-tool is not at an absolute path', async () => {
    secretTool('touch was-run')
    const {PATH} = sandbox.env
    for (const folder of ['.', ''])
      await ask({cwd: sandbox.bin, env: {PATH: [folder, PATH?.split(':').slice(1).join(':')].join(':')}})
    expect(existsSync(join(sandbox.bin, 'was-run'))).to.equal(false)
  })

  it('may say that there is no token: the helper only asks what is behind that', async () => {
    secretTool('[ "$1" = search ] || exit 1')
    expect(await ask()).to.deep.equal({
      stdout: '',
      stderr: 'heroku: not logged in; try this: heroku login\n',
      exitCode: 0,
    })
    expect(asked()).to.deep.equal([`timeout ${LOOKUP}`, `node ${SEARCH}`])
  })

  it('may be overtaken by somebody who stores the token: the helper then looks once more', async () => {
    secretTool(`case "$(cat /proc/$PPID/comm) $1" in
*' search') echo 'attribute.account = ${ADA}' >&2 ;;
node*) printf %s ${TOKEN} ;;
*) exit 1 ;;
esac`)
    expect(await ask()).to.deep.equal(answered)
    expect(asked()).to.deep.equal([`timeout ${LOOKUP}`, `node ${SEARCH}`, `node ${LOOKUP}`])
  })

  it('may fail, and is not tried again, so that nobody is prompted twice', async () => {
    secretTool('echo "secret-tool: Cannot autolaunch D-Bus without X11 \\$DISPLAY" >&2; exit 1')
    const {stderr} = await ask()
    expect(stderr).to.match(/^heroku: there is no D-Bus session, so no keyring; try this: [^\n]+\n$/u)
    expect(asked()).to.deep.equal([`timeout ${LOOKUP}`])
  })

  for (const [what, script] of [
    ['before the token', `echo warning >&2; printf %s ${TOKEN}`],
    ['after the token', `printf %s ${TOKEN}; echo warning >&2`],
  ] as const)
    it(`keeps a warning ${what} apart from it`, async () => {
      secretTool(script)
      expect(await ask()).to.deep.equal(answered)
      expect(asked()).to.deep.equal([`timeout ${LOOKUP}`])
    })

  for (const [what, script] of [
    ['a token on stderr', `printf %s ${TOKEN} >&2`],
    ['a token and something behind it', `printf '${TOKEN}\\000' && printf '0\\000x'`],
    ['a token of two lines', `printf '${TOKEN}\\n0\\n'`],
    ['what is no ASCII', `printf 'HRKU-\\303\\251'`],
  ] as const)
    it(`takes ${what} for no token, as the helper by itself does`, async () => {
      secretTool(script)
      const alone = await sandbox.run('node', [HELPER, dataDir, 'get'], {input})
      expect(alone.stdout).to.equal('quit=1\n')
      expect(await ask()).to.deep.equal(alone)
      expect(asked()).to.deep.equal([`node ${LOOKUP}`, `timeout ${LOOKUP}`])
    })

  it('is asked again by the helper if a signal ended the tool', async () => {
    secretTool(`case $(cat /proc/$PPID/comm) in node) printf %s ${TOKEN} ;; *) kill -9 $$ ;; esac`)
    expect(await ask()).to.deep.equal(answered)
  })

  it('is asked by the helper alone on a machine without timeout(1)', async () => {
    writeLauncher(readFileSync(launcherPath(dataDir), 'utf8').replaceAll('/usr/bin/timeout', '/nowhere/timeout'))
    secretTool(`printf %s ${TOKEN}`)
    expect(await ask()).to.deep.equal(answered)
    expect(asked()).to.deep.equal([`node ${LOOKUP}`])
  })

  it('makes no difference, whatever login.json holds', async () => {
    // A token by which the account can be told, or none for an account that a keychain could not hold.
    secretTool('shift 4; printf "HRKU-%s" "$(printf %s "$2" | od -An -tx1 | tr -d " \\n")"')
    const odd = fc.constantFrom(
      '"',
      '\\',
      '}',
      '{',
      ' ',
      '\t',
      '\n',
      '\r',
      '\0',
      'é',
      '😀',
      "'",
      '$(id)',
      '`id`',
      '%s',
      '*',
    )
    const name = fc.oneof(
      odd,
      fc.string({unit: 'binary'}),
      fc.array(odd).map((parts) => parts.join('')),
    )
    const file = fc.oneof(
      {weight: 3, arbitrary: name.map((account) => `${JSON.stringify({account})}\n`)},
      name.map((account) => JSON.stringify({account})),
      name.map((account) => `{"account":"${account}"}\n`),
      name.map((account) => `{"account":"${account}"}\n{"account":"${ADA}"}\n`),
      name.map((more) => `{"account":"${ADA}"}${more}\n`),
      fc.json(),
      fc.string({unit: 'binary'}),
      fc
        .uint8Array({minLength: 1})
        .map((account) => Buffer.concat([Buffer.from('{"account":"'), account, Buffer.from('"}\n')])),
    )
    await fc.assert(
      fc.asyncProperty(file, async (content) => {
        writeFileSync(loginFile(), content)
        const alone = await sandbox.run('node', [HELPER, dataDir, 'get'], {input})
        expect(await ask()).to.deep.equal(alone)
      }),
      {numRuns: 60},
    )
  })

  /** Has secret-tool hang, with a child that does too, and note their processes. */
  const hang = () => {
    secretTool(`sleep 1000 & echo "$$ $!" >'${pids()}.new'; mv '${pids()}.new' '${pids()}'; wait`)
  }
  const pids = () => join(sandbox.root, 'pids')
  const stillRunning = () =>
    existsSync(pids()) ? readFileSync(pids(), 'utf8').trim().split(' ').map(Number).filter(isRunning) : []

  it('is waited for no longer than the helper waits, and ended with all that it started', async () => {
    hang()
    const {stderr, stdout} = await ask()
    expect(stdout).to.equal('quit=1\n')
    expect(stderr).to.match(
      /^heroku: waiting for the keyring \(5 s at most\)[^\n]*\nheroku: the keyring did not answer within 5 s/u,
    )
    expect(asked()).to.deep.equal([`timeout ${LOOKUP}`])
    await until(() => stillRunning().length === 0)
  })

  it('is ended at once if nobody wants to know', async () => {
    hang()
    const {stderr, stdout} = await ask({input: 'protocol=https\nhost=example.com\n\n'})
    expect({stdout, stderr}).to.deep.equal({stdout: '', stderr: ''})
    await until(() => stillRunning().length === 0)
  })

  it('is ended where timeout(1) has made no process group, too, as that of busybox', async () => {
    const tool = spawn('/bin/sleep', ['1000'])
    const ended = once(tool, 'exit')
    const pipe = join(sandbox.root, 'pipe')
    execFileSync('mkfifo', [pipe])
    const launcher = openSync(pipe, 'r+')
    writeSync(launcher, `${tool.pid}\n/usr/bin/secret-tool\n`)
    listenToLauncher(pipe).endTool()
    closeSync(launcher)
    expect(await ended).to.deep.equal([null, 'SIGKILL'])
  })

  it('is ended at Ctrl-C', async () => {
    hang()
    const program = spawn(launcherPath(dataDir), ['get'], {env: sandbox.env, detached: true, stdio: 'pipe'})
    program.stdin.end(input)
    let said = ''
    program.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    await until(() => said.startsWith('heroku: waiting for the keyring'))
    expect(stillRunning()).to.have.length(2)
    process.kill(-(program.pid ?? 0), 'SIGINT')
    await once(program, 'close')
    await until(() => stillRunning().length === 0)
  })

  it('keeps git waiting for nothing if the helper is killed', async () => {
    hang()
    const program = spawn(launcherPath(dataDir), ['get'], {env: sandbox.env, stdio: 'pipe'})
    program.stdin.end(input)
    await until(() => existsSync(pids()))
    const helper = () => {
      const children = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8').trim().split(' ')
      return children.map(Number).find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'node\n')
    }
    await until(() => helper() !== undefined)
    process.kill(helper() ?? 0, 'SIGKILL')
    await once(program, 'close')
    expect(stillRunning()).to.have.length(2)
    for (const pid of stillRunning()) process.kill(pid, 'SIGKILL')
  })

  it('is asked of nobody on another system, where starting the tool is not what takes long', () => {
    const text = (platform: NodeJS.Platform) =>
      launcherText({dataDir, helper: HELPER, node: process.execPath, platform})
    for (const platform of ['darwin', 'win32', 'freebsd'] as const) expect(text(platform)).not.to.include('secret-tool')
  })
})
