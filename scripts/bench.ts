// Measures the plugin's cost and savings on the real CLI: medians of many interleaved runs, so that other load on the
// machine affects all alike. Every bound is a ratio, so that a slow machine doesn't decide the result. `--json` prints
// only JSON.
import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {findSystemdCreds} from '../src/backends/systemd-creds-available.js'
import {createKeyRing} from '../test/support/key-ring.js'
import {type Plugging, type PluggedHost, startPluggedHost} from '../test/support/plugged-host.js'
import type {Env} from '../test/support/sandbox.js'

const VERSION = '11.10.0'
/** The hosts whose commands must not become slower. */
const OLDER = ['11.3.0', '10.17.0']
/** Fewer runs only check that this program works. */
const RUNS = Number(process.env.RUNS ?? 20)

const ADA = 'ada@example.com'

type Measure = () => number | Promise<number>

interface Figure {
  figure: string
  value: number
  atLeast?: number
  atMost?: number
}

/** What is to be stopped in the end, the last one first. */
const stops: (() => unknown)[] = []

async function start(version: string, plugging?: Plugging): Promise<PluggedHost> {
  const at = await startPluggedHost(version, plugging)
  stops.push(() => at.stop())
  return at
}

/** A program's wall time in milliseconds; `more` is added to its environment. */
function timed(at: PluggedHost, file: string, args: string[], input = '', more: Env = {}): Measure {
  const {sandbox} = at
  const env = {...at.env, ...more}
  return async () => {
    const start = performance.now()
    // Not spawnSync: the loopback Heroku, which the program may call, runs in this process.
    const program = spawn(file, args, {env, cwd: sandbox.home, stdio: ['pipe', 'ignore', 'ignore']})
    program.stdin.on('error', () => undefined).end(input)
    const [status] = (await once(program, 'close')) as [number | null]
    const took = performance.now() - start
    if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status ?? 'a signal'}`)
    return took
  }
}

/**
 * The same for a very short program, where most of the time would be the fork of this large process: a shell, a process
 * as small as git, starts it ten times in a row.
 */
function timedByShell(at: PluggedHost, file: string, args: string[]): Measure {
  const tenTimes = timed(at, 'sh', ['-c', 'for each in 1 2 3 4 5 6 7 8 9 10; do "$@"; done', 'sh', file, ...args])
  return async () => (await tenTimes()) / 10
}

/** The time that a fresh process takes to import and run the hook, in milliseconds. */
function hookTime(at: PluggedHost): Measure {
  const {dataDir, env, sandbox} = at
  const plugin = join(dataDir, 'node_modules', 'heroku-keychain')
  const cacheDir = join(sandbox.home, '.cache', 'heroku')
  const script = join(sandbox.root, 'hook.cjs')
  writeFileSync(
    script,
    `const config = {dataDir: ${JSON.stringify(dataDir)}, cacheDir: ${JSON.stringify(cacheDir)}, plugins: new Map(), findCommand() {}}
const start = performance.now()
const {default: init} = require(${JSON.stringify(join(plugin, 'dist', 'hooks', 'init.cjs'))})
init.call({}, {config, id: 'version', argv: []}).then(() => console.log(performance.now() - start))
`,
  )
  return () => Number(spawnSync('node', [script], {env, encoding: 'utf8'}).stdout)
}

/** A host with the plugin and one without, both logged in. */
interface Pair {
  version: string
  withPlugin: PluggedHost
  without: PluggedHost
}

async function startPair(version: string): Promise<Pair> {
  const withPlugin = await start(version)
  const without = await start(version, 'absent')
  await logIn(withPlugin)
  await loginByItself(without)
  // The first run is slower: it configures git and writes caches.
  for (const at of [withPlugin, without]) {
    const {stderr, stdout} = await at.run(['whoami'])
    if (stdout !== `${ADA}\n`) throw new Error(stderr)
  }
  return {version, withPlugin, without}
}

async function logIn(at: PluggedHost, args: string[] = [], env: Env = {}): Promise<void> {
  const {exitCode, stderr} = await at.run(['login', '--with-token', ...args], {input: at.heroku.issue().token, env})
  if (exitCode !== 0) throw new Error(stderr)
}

/** Logs in the CLI without the plugin: in the keyring as the plugin would, or in `.netrc` before version 11. */
async function loginByItself({dataDir, heroku, host, keyring, sandbox}: PluggedHost): Promise<void> {
  const {token} = heroku.issue()
  if (host.version.startsWith('10.')) {
    writeFileSync(join(sandbox.home, '.netrc'), `machine ${heroku.host}\n  login ${ADA}\n  password ${token}\n`)
    return
  }

  await keyring.store({label: 'Heroku CLI', attributes: {service: 'heroku-cli', account: ADA}, secret: token})
  mkdirSync(dataDir, {recursive: true})
  writeFileSync(join(dataDir, 'login.json'), `{"account":"${ADA}"}\n`)
}

interface Chosen {
  /** Its value for `--store`. */
  option: string
  /** The variables that it needs. */
  env?: Env
}

interface Store {
  name: string
  /** For a `git credential fill` over one from the keyring. */
  atMost: number
  /** Sets it up. @returns why this machine has no such store, if it has none */
  setUp(at: PluggedHost): Promise<Chosen> | Chosen | string
}

/** The stores besides the keyring. */
const STORES: Store[] = [
  {
    // With a key without a passphrase: otherwise GnuPG's own work is nearly all of the time.
    name: 'pass',
    atMost: 1.8,
    async setUp({sandbox}) {
      const ring = createKeyRing(['ada'])
      stops.push(() => {
        ring.close()
      })
      await sandbox.run('pass', ['init', 'ada'], {env: ring.env})
      return {option: 'pass', env: ring.env}
    },
  },
  {
    name: 'helper:cache',
    atMost: 1.4,
    setUp({sandbox}) {
      const socket = join(sandbox.root, 'cache', 'socket')
      stops.push(() => sandbox.run('git', ['credential-cache', '--socket', socket, 'exit']))
      return {option: `helper:cache --socket ${socket}`}
    },
  },
  {
    name: 'systemd',
    atMost: 1.4,
    setUp() {
      const found = findSystemdCreds(process.env)
      return 'missing' in found ? found.missing : {option: 'systemd'}
    },
  },
]

const asked = ({heroku}: PluggedHost) => `protocol=https\nhost=${heroku.host}\n\n`
const fillWith = ({name}: Store) => `fill with ${name}`

/** Logs in to a store. @returns the measure of its fill, or why this machine has no such store */
async function startStore(store: Store): Promise<Measure | string> {
  const at = await start(VERSION)
  const found = await store.setUp(at)
  if (typeof found === 'string') return found
  await logIn(at, ['--store', found.option], found.env)
  return timed(at, 'git', ['credential', 'fill'], asked(at), found.env)
}

const nameOf = (version: string, args: string[]) => `${version}: heroku ${args.join(' ')}`

/** The host's commands, with the plugin and without. */
const commandsOf = ({version, withPlugin, without}: Pair, commands: string[][]): Record<string, Measure> =>
  Object.fromEntries(
    commands.flatMap((args) => [
      [nameOf(version, args), timed(withPlugin, 'heroku', args)],
      [`${nameOf(version, args)} without`, timed(without, 'heroku', args)],
    ]),
  )

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const pairs: Pair[] = []
try {
  for (const version of [VERSION, ...OLDER]) pairs.push(await startPair(version))
  const [newest, ...older] = pairs
  if (!newest) throw new Error('no host was started')
  const {withPlugin, without} = newest
  const approval = ({heroku}: PluggedHost) => `protocol=https\nhost=${heroku.host}\nusername=heroku\npassword=x\n\n`
  const measured: (Store & {measure: Measure})[] = []
  const notMeasured: Record<string, string> = {}
  for (const store of STORES) {
    const measure = await startStore(store)
    if (typeof measure === 'string') notMeasured[fillWith(store)] = measure
    else measured.push({...store, measure})
  }
  const lookup = ['lookup', 'service', 'heroku-cli', 'account', ADA]
  const measures: Record<string, Measure> = {
    'node -e 0': timed(withPlugin, 'node', ['-e', '0']),
    'secret-tool lookup': timed(withPlugin, 'secret-tool', lookup),
    fill: timed(withPlugin, 'git', ['credential', 'fill'], asked(withPlugin)),
    // git's configuration need not be read then.
    'fill with HEROKU_ACCOUNT': timed(
      withPlugin,
      'env',
      [`HEROKU_ACCOUNT=${ADA}`, 'git', 'credential', 'fill'],
      asked(withPlugin),
    ),
    ...Object.fromEntries(measured.map((store) => [fillWith(store), store.measure])),
    approve: timed(withPlugin, 'git', ['credential', 'approve'], approval(withPlugin)),
    'sh -c :': timedByShell(withPlugin, 'sh', ['-c', ':']),
    'launcher store': timedByShell(withPlugin, join(withPlugin.dataDir, 'git-credential-helper'), ['store']),
    'fill without': timed(without, 'git', ['credential', 'fill'], asked(without)),
    'approve without': timed(without, 'git', ['credential', 'approve'], approval(without)),
    hook: hookTime(withPlugin),
    'auth:token': timed(withPlugin, 'heroku', ['auth:token']),
    'auth:exec': timed(withPlugin, 'heroku', ['auth:exec', '--', 'true']),
    ...commandsOf(newest, [['version'], ['apps', '--help'], ['whoami']]),
    ...Object.fromEntries(older.flatMap((pair) => Object.entries(commandsOf(pair, [['version'], ['whoami']])))),
  }
  const times: Record<string, number[]> = {}
  for (let run = 0; run < RUNS; run++)
    for (const [name, measure] of Object.entries(measures)) (times[name] ??= []).push(await measure())

  const ms = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]))
  const at = (name: string) => ms[name] ?? Number.NaN
  const over = (name: string, atMost: number): Figure => ({
    figure: `${name}: over without`,
    value: at(name) / at(`${name} without`),
    atMost,
  })
  const floor = at('node -e 0') + at('secret-tool lookup')
  const bounds: Figure[] = [
    {figure: 'fill: times faster than without', value: at('fill without') / at('fill'), atLeast: 12},
    {figure: 'fill: over node and secret-tool', value: at('fill') / floor, atMost: 0.9},
    // 5 ms of some 60.
    {
      figure: 'fill: over one without git config heroku.account',
      value: at('fill') / at('fill with HEROKU_ACCOUNT'),
      atMost: 1.08,
    },
    ...measured.map((store) => ({
      figure: `${fillWith(store)}: over the keyring's`,
      value: at(fillWith(store)) / at('fill'),
      atMost: store.atMost,
    })),
    {figure: 'store by the launcher: over an empty shell', value: at('launcher store') / at('sh -c :'), atMost: 1.3},
    {
      figure: 'fill and approve: times faster than without',
      value: (at('fill without') + at('approve without')) / (at('fill') + at('approve')),
      atLeast: 20,
    },
    {figure: 'hook, import included: over node -e 0', value: at('hook') / at('node -e 0'), atMost: 0.08},
    {figure: 'auth:exec: over auth:token', value: at('auth:exec') / at('auth:token'), atMost: 1.15},
    over(nameOf(VERSION, ['version']), 0.5),
    over(nameOf(VERSION, ['apps', '--help']), 0.5),
    over(nameOf(VERSION, ['whoami']), 1),
    ...OLDER.flatMap((version) => [over(nameOf(version, ['version']), 1.05), over(nameOf(version, ['whoami']), 1.05)]),
  ]
  const figures = bounds.map((each) => ({
    ...each,
    met: each.value >= (each.atLeast ?? 0) && each.value <= (each.atMost ?? Infinity),
  }))

  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify({runs: RUNS, ms, figures, notMeasured}, undefined, 2)}\n`)
  else {
    for (const [name, value] of Object.entries(ms)) process.stdout.write(`${name.padEnd(48)}${value.toFixed(1)} ms\n`)
    process.stdout.write('\n')
    for (const {atLeast, atMost, figure, met, value} of figures) {
      const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
      process.stdout.write(
        `${figure.padEnd(48)}${value.toFixed(2).padEnd(10)}${bound.padEnd(16)}${met ? 'met' : 'MISSED'}\n`,
      )
    }
    for (const [name, reason] of Object.entries(notMeasured))
      process.stdout.write(`${name.padEnd(48)}not measured: ${reason}\n`)
  }

  if (figures.some(({met}) => !met)) process.exitCode = 1
} finally {
  for (const stop of stops.reverse()) await stop()
}
