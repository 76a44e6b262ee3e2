// What the plugin costs and saves, on the real CLI: medians of many runs in turn, so that whatever else the machine does
// weighs on all alike. Figures are compared as ratios. `--json` prints JSON alone.
import {spawnSync} from 'node:child_process'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type PluggedHost, startPluggedHost} from '../test/support/plugged-host.js'

const VERSION = '11.10.0'
const RUNS = 20

type Measure = () => number

/** Wall time of a program from start to end, in milliseconds. */
function timed(at: PluggedHost, file: string, args: string[], input = ''): Measure {
  const {env, sandbox} = at
  return () => {
    const start = performance.now()
    const {status} = spawnSync(file, args, {env, input, cwd: sandbox.home})
    const took = performance.now() - start
    if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}`)
    return took
  }
}

/** What a fresh process spends on importing the hook and running it, in milliseconds. */
function hookTime(at: PluggedHost): Measure {
  const {dataDir, env, sandbox} = at
  const plugin = join(dataDir, 'node_modules', 'heroku-keychain')
  const cacheDir = join(sandbox.home, '.cache', 'heroku')
  const script = join(sandbox.root, 'hook.mjs')
  writeFileSync(
    script,
    `const config = {dataDir: ${JSON.stringify(dataDir)}, cacheDir: ${JSON.stringify(cacheDir)}, plugins: new Map(), findCommand() {}}
const start = performance.now()
const {default: init} = await import(${JSON.stringify(join(plugin, 'dist', 'hooks', 'init.js'))})
await init.call({}, {config, id: 'version'})
console.log(performance.now() - start)
`,
  )
  return () => Number(spawnSync('node', [script], {env, encoding: 'utf8'}).stdout)
}

async function login(at: PluggedHost): Promise<void> {
  const {exitCode, stderr} = await at.run(['login', '--with-token'], {input: at.heroku.issue().token})
  if (exitCode !== 0) throw new Error(stderr)
}

/** The CLI by itself reads what the plugin would have stored. */
async function loginByItself(at: PluggedHost): Promise<void> {
  const account = 'ada@example.com'
  await at.keyring.store({
    label: 'Heroku CLI',
    attributes: {service: 'heroku-cli', account},
    secret: at.heroku.issue().token,
  })
  mkdirSync(at.dataDir, {recursive: true})
  writeFileSync(join(at.dataDir, 'login.json'), `{"account":"${account}"}\n`)
  await at.run(['whoami'])
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const withPlugin = await startPluggedHost(VERSION)
const without = await startPluggedHost(VERSION, false)
try {
  await login(withPlugin)
  await loginByItself(without)
  const asked = ({heroku}: PluggedHost) => `protocol=https\nhost=${heroku.host}\n\n`
  const told = ({heroku}: PluggedHost) => `protocol=https\nhost=${heroku.host}\nusername=heroku\npassword=x\n\n`
  const lookup = ['lookup', 'service', 'heroku-cli', 'account', 'ada@example.com']
  const measures: Record<string, Measure> = {
    'node -e 0': timed(withPlugin, 'node', ['-e', '0']),
    'secret-tool lookup': timed(withPlugin, 'secret-tool', lookup),
    fill: timed(withPlugin, 'git', ['credential', 'fill'], asked(withPlugin)),
    approve: timed(withPlugin, 'git', ['credential', 'approve'], told(withPlugin)),
    'launcher store': timed(withPlugin, join(withPlugin.dataDir, 'git-credential-helper'), ['store']),
    'fill without': timed(without, 'git', ['credential', 'fill'], asked(without)),
    'approve without': timed(without, 'git', ['credential', 'approve'], told(without)),
    hook: hookTime(withPlugin),
    version: timed(withPlugin, 'heroku', ['version']),
    'version without': timed(without, 'heroku', ['version']),
    'apps --help': timed(withPlugin, 'heroku', ['apps', '--help']),
    'apps --help without': timed(without, 'heroku', ['apps', '--help']),
  }
  const times: Record<string, number[]> = {}
  for (let run = 0; run < RUNS; run++)
    for (const [name, measure] of Object.entries(measures)) (times[name] ??= []).push(measure())

  const ms = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]))
  const at = (name: string) => ms[name] ?? Number.NaN
  const floor = at('node -e 0') + at('secret-tool lookup')
  const figures = [
    {figure: 'fill: times faster than without', value: at('fill without') / at('fill'), atLeast: 8},
    {figure: 'fill: over node and secret-tool', value: at('fill') / floor, atMost: 1.3},
    {figure: 'store by the launcher, in ms', value: at('launcher store'), atMost: 5},
    {
      figure: 'fill and approve: times faster than without',
      value: (at('fill without') + at('approve without')) / (at('fill') + at('approve')),
      atLeast: 15,
    },
    {figure: 'hook, import included, in ms', value: at('hook'), atMost: 5},
    {figure: 'heroku version: over without', value: at('version') / at('version without'), atMost: 1.05},
    {figure: 'heroku apps --help: over without', value: at('apps --help') / at('apps --help without'), atMost: 1.05},
  ].map((each) => ({...each, met: each.value >= (each.atLeast ?? 0) && each.value <= (each.atMost ?? Infinity)}))

  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify({runs: RUNS, ms, figures}, undefined, 2)}\n`)
  else {
    for (const [name, value] of Object.entries(ms)) process.stdout.write(`${name.padEnd(48)}${value.toFixed(1)} ms\n`)
    process.stdout.write('\n')
    for (const {atLeast, atMost, figure, met, value} of figures) {
      const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
      process.stdout.write(
        `${figure.padEnd(48)}${value.toFixed(2).padEnd(10)}${bound.padEnd(16)}${met ? 'met' : 'MISSED'}\n`,
      )
    }
  }

  if (figures.some(({met}) => !met)) process.exitCode = 1
} finally {
  await withPlugin.stop()
  await without.stop()
}
