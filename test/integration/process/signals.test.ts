import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'

const BLOCKED = fileURLToPath(new URL('../../fixtures/run/blocked.ts', import.meta.url))

describe('a signal during a blocking call', function () {
  this.timeout(20_000)

  for (const where of ['at its start', 'when a file was read', 'in a timer', 'after others'])
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      it(`${where}: ${signal} ends the process afterwards`, () => {
        const {stdout, ...ended} = spawnSync(process.execPath, ['--import', 'tsx', BLOCKED, where, signal], {
          encoding: 'utf8',
        })
        // The work itself is completed.
        expect({stdout, signal: ended.signal}).to.deep.equal({stdout: 'worked\n', signal})
      })
})
