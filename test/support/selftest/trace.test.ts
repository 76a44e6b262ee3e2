import {expect} from 'chai'
import {openSandbox, type Sandbox} from '../sandbox.js'
import {inTerminal} from '../terminal.js'
import {traced, underTrace} from '../trace.js'

const awkward = ['', `"', ["\\x41"]`, 'line\nbreak', '<unfinished ...>', 'żółw 🐢', 'x'.repeat(100_000)]

describe('a trace', () => {
  let sandbox: Sandbox

  before(() => (sandbox = openSandbox()))
  after(() => sandbox.close())

  it('has every argument and variable unchanged', async () => {
    const {executed, exitCode} = await traced(sandbox, '/usr/bin/env', ['--', 'true', ...awkward], {
      env: {TRACED: awkward.join('|')},
    })
    expect(exitCode).to.equal(0)
    expect(executed.map(({argv}) => argv)).to.deep.equal([
      ['/usr/bin/env', '--', 'true', ...awkward],
      ['true', ...awkward],
    ])
    for (const {env} of executed)
      expect(env)
        .to.include(`TRACED=${awkward.join('|')}`)
        .and.include('TERM=dumb')
  })

  it("has the programs that Node's children and threads start, and none that does not exist", async () => {
    const script = `const {spawn, spawnSync} = require('node:child_process')
      const {Worker} = require('node:worker_threads')
      spawnSync('no-such-program')
      new Worker("require('node:child_process').spawnSync('true', ['in a thread'])", {eval: true})
      for (const each of ['1', '2', '3']) spawn('sh', ['-c', 'true; exec true ' + each])`
    const {executed} = await traced(sandbox, 'node', ['-e', script])
    const started = executed.map(({argv}) => argv.join(' ')).filter((line) => line.startsWith('true'))
    expect(started.sort()).to.deep.equal(['true 1', 'true 2', 'true 3', 'true in a thread'])
    expect(executed.filter(({file}) => file.includes('no-such-program'))).to.deep.equal([])
  })

  it('can be taken in a terminal', async () => {
    const trace = await underTrace(sandbox, 'sh', ['-c', 'test -t 0 && exec true'])
    const {exitCode} = await inTerminal(trace.file, trace.args, {env: sandbox.env, cwd: sandbox.home})
    expect(exitCode).to.equal(0)
    expect((await trace.executed()).map(({argv}) => argv[0])).to.deep.equal(['sh', 'true'])
  })
})
