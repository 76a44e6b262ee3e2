import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'

const STANDING_STILL = fileURLToPath(new URL('fixtures/run/standing-still.ts', import.meta.url))

describe('a signal that comes while a process stands still', function () {
  this.timeout(20_000)

  for (const where of ['at its start', 'when a file was read', 'in a timer', 'after others'])
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      it(`${where} is ${signal}, and ends it afterwards`, () => {
        const {stdout, ...ended} = spawnSync(process.execPath, ['--import', 'tsx', STANDING_STILL, where, signal], {
          encoding: 'utf8',
        })
        // The work itself is not cut off.
        expect({stdout, signal: ended.signal}).to.deep.equal({stdout: 'worked\n', signal})
      })
})
