import {expect} from 'chai'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {fileURLToPath} from 'node:url'

const READ_STDIN = fileURLToPath(new URL('../../fixtures/run/read-stdin.ts', import.meta.url))

describe('reading stdin', function () {
  this.timeout(20_000)

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    it(`ends at ${signal}, with stdin still open`, async () => {
      const program = spawn(process.execPath, ['--import', 'tsx', READ_STDIN], {stdio: ['pipe', 'pipe', 'inherit']})
      const ended = once(program, 'close')
      await once(program.stdout, 'data')
      program.stdin.write('HRKU-a-part')
      program.kill(signal)
      expect(await ended).to.deep.equal([status, null])
    })
})
