import {expect} from 'chai'
import {startOperation} from '../../../src/backends/tool.js'
import {spawnTool} from '../../../src/process/spawn.js'
import type {RunTool} from '../../../src/process/run.js'

describe('an operation of a keychain', () => {
  const limits: number[] = []
  const run: RunTool = (file, args, options) => {
    limits.push(options.timeoutMs)
    return spawnTool(file, args, options)
  }
  beforeEach(() => {
    limits.length = 0
  })

  const call = (timeoutMs: number) => startOperation('the tool', process.execPath, {run, timeoutMs})
  const SLEEP = ['-e', 'setTimeout(() => {}, 300)']

  it('has one timeout for all its calls', async () => {
    const tool = call(20_000)
    await tool(SLEEP)
    await tool(['-e', ''])
    expect(limits[0]).to.equal(20_000)
    // A tenth of the 300 ms counts on the busiest machine.
    expect(limits[1]).to.be.below(19_975)
  })

  it('does not count time in which this process could not run, as on a busy machine', async () => {
    const tool = call(20_000)
    const running = tool(SLEEP)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000)
    await running
    await tool(['-e', ''])
    expect(limits[1]).to.be.above(15_500)
  })
})
