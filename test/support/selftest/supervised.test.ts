import {expect} from 'chai'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import {openSandbox, type Sandbox} from '../sandbox.js'
import {until} from '../listen.js'
import {isRunning} from '../processes.js'
import {startSupervised} from '../supervised.js'

// A child in its own session, and an orphan: both would survive if only the program were killed.
const FAMILY = 'setsid sleep 600 & (sleep 600 & echo $!); echo $$; wait'

describe('a supervised program', () => {
  let sandbox: Sandbox

  const start = (script: string, input?: string) =>
    startSupervised('sh', ['-c', script], {
      env: sandbox.env,
      cwd: sandbox.home,
      ...(input === undefined ? {} : {input}),
    })

  before(() => (sandbox = openSandbox()))
  after(() => sandbox.close())

  it('reads stdin, writes to stdout and stderr, and ends with its own status', async () => {
    const program = start('read line; echo "$line"; echo trouble >&2; exit 3', 'hello\n')
    expect(await program.line()).to.equal('hello')
    expect(await program.ended).to.deep.equal({exitCode: 3, signal: null})
    expect(program.stderr()).to.equal('trouble\n')
  })

  it('reports the signal that ended it', async () => {
    expect(await start('kill -TERM $$').ended).to.deep.equal({exitCode: null, signal: 'SIGTERM'})
  })

  it('is stopped with all its descendants', async () => {
    const program = start(FAMILY)
    const pids = [Number(await program.line()), Number(await program.line())]
    expect(pids.map(isRunning)).to.deep.equal([true, true])
    await program.stop()
    await program.stop()
    expect(pids.map(isRunning)).to.deep.equal([false, false])
  })

  it('is stopped even while it is suspended', async () => {
    const program = start('echo $$; kill -STOP $$')
    const pid = Number(await program.line())
    await program.stop()
    expect(isRunning(pid)).to.equal(false)
  })

  it('ends when the test run is killed', async () => {
    const module = fileURLToPath(new URL('../supervised.ts', import.meta.url))
    const script = `import {startSupervised} from ${JSON.stringify(module)}
      const program = startSupervised('sh', ['-c', ${JSON.stringify(FAMILY)}], {env: process.env, cwd: '/'})
      console.log(await program.line())
      console.log(await program.line())
      setInterval(() => {}, 1000)`
    const run = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pids: number[] = []
    for await (const line of createInterface({input: run.stdout})) {
      pids.push(Number(line))
      if (pids.length === 2) run.kill('SIGKILL')
    }
    if (run.exitCode === null && run.signalCode === null) await once(run, 'exit')
    expect(pids).to.have.length(2)
    await until(() => !pids.some(isRunning))
  })
})
