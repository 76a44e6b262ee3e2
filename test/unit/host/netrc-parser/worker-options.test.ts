// How the worker of netrc-parser's users is started, and what its end means; spawnSync is replaced.
import {expect} from 'chai'
import type {SpawnSyncOptions} from 'node:child_process'
import {mock} from 'node:test'
import {askWorker, type Order} from '../../../../src/host/netrc-parser/blocking.js'
import {block} from '../../../../src/process/block.js'

const order: Order = {request: {verb: 'find'}, bin: 'heroku', dataDir: '/data'}

describe('a program that blocks us', () => {
  let seen: SpawnSyncOptions | undefined
  let status: number

  beforeEach(() => {
    status = 0
    mock.method(
      process.getBuiltinModule('node:child_process'),
      'spawnSync',
      (_file: string, _args: string[], options: SpawnSyncOptions) => {
        seen = options
        return {status, signal: null, stdout: '{"ok":{"kind":"absent"}}'}
      },
    )
  })
  afterEach(() => {
    mock.restoreAll()
  })

  it('shares our console on Windows if it is the worker, so that Ctrl-C reaches it', () => {
    askWorker(order, 1000)
    expect(seen).to.deep.include({windowsHide: false, stdio: ['pipe', 'pipe', 'inherit']})
  })

  it('opens no console window on Windows if it is a tool', () => {
    block('/tool', [], {stdio: ['ignore', 'pipe', 'ignore']})
    expect(seen).to.deep.include({windowsHide: true})
  })

  // 130: the worker's own handler; the other: the end by Windows' default handler, before the worker has one.
  for (const ended of [130, 0xc0_00_01_3a])
    it(`makes us exit with 130 if Ctrl-C ended the worker with status 0x${ended.toString(16)}`, () => {
      status = ended
      const exit = mock.method(process, 'exit', (code: number) => {
        throw new Error(`exit ${code}`)
      })
      expect(() => askWorker(order, 1000)).to.throw('exit 130')
      expect(exit.mock.callCount()).to.equal(1)
    })
})
