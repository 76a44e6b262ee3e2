import {expect} from 'chai'
import {mkdirSync, rmSync, statSync, utimesSync} from 'node:fs'
import {setTimeout as sleep} from 'node:timers/promises'
import {acquireLock, withLock} from '../../../src/files/lock.js'
import {watchFiles} from '../../support/file-operations.js'
import {freshFolder} from '../../support/fresh-folder.js'
import {refusalOf, thrownBy} from '../../support/thrown-by.js'

describe('a lock', () => {
  const folder = freshFolder()
  const target = () => folder.path('file')

  it('cannot be acquired by another holder until it is released', async () => {
    const lock = await acquireLock(target(), 0)
    expect(await thrownBy(acquireLock(target(), 0))).to.include({code: 'ELOCKED'})
    await lock.release()
    await (await acquireLock(target(), 0)).release()
  })

  it('reports that it was lost, and throws nothing', async () => {
    const lock = await acquireLock(target(), 0)
    expect(lock.isHeld()).to.equal(true)
    rmSync(`${target()}.lock`, {recursive: true})
    while (lock.isHeld()) await sleep(50)
    await lock.release()
  })

  for (const [what, msAhead] of [
    ['a minute', 60_000],
    ['a year', 365 * 24 * 3600 * 1000],
  ] as const)
    it(`is taken over if its time is ${what} ahead, as after the clock was set back`, async () => {
      mkdirSync(`${target()}.lock`)
      const renewed = (Date.now() + msAhead) / 1000
      utimesSync(`${target()}.lock`, renewed, renewed)
      const lock = await acquireLock(target(), 0)
      expect(lock.isHeld()).to.equal(true)
      expect(await thrownBy(acquireLock(target(), 0))).to.include({code: 'ELOCKED'})
      await lock.release()
    })

  it('is not taken over if its time is a little ahead, as with another clock', async () => {
    mkdirSync(`${target()}.lock`)
    const renewed = (Date.now() + 2000) / 1000
    utimesSync(`${target()}.lock`, renewed, renewed)
    expect(await thrownBy(acquireLock(target(), 0))).to.include({code: 'ELOCKED'})
  })

  it('is not writable by others, whatever the umask is', async function () {
    if (process.platform === 'win32') this.skip()
    const umask = process.umask(0)
    try {
      const lock = await acquireLock(target(), 0)
      expect(statSync(`${target()}.lock`).mode & 0o777).to.equal(0o700)
      await lock.release()
    } finally {
      process.umask(umask)
    }
  })

  describe('that another process is removing on Windows', () => {
    /** Denies the first calls of an operation on the lock, as NTFS does until all handles of a removed folder are closed. */
    const denied = async (operation: string, code: string, times: number, action: () => Promise<unknown>) => {
      let calls = 0
      const undo = await watchFiles(folder.path(''), (called) => {
        if (called === `lock.${operation}` && ++calls <= times) throw Object.assign(new Error(code), {code})
      })
      try {
        await action()
      } finally {
        undo()
      }
      return calls
    }
    const makeLock = (seconds = Date.now() / 1000) => {
      mkdirSync(`${target()}.lock`)
      utimesSync(`${target()}.lock`, seconds, seconds)
    }

    for (const code of ['EPERM', 'EACCES', 'EBUSY'])
      it(`is waited for (${code})`, async () => {
        const calls = await denied('mkdir', code, 3, async () => {
          await (await acquireLock(target(), 10_000, 'win32')).release()
        })
        expect(calls).to.equal(4)
      })

    for (const operation of ['stat', 'rmdir'])
      it(`is waited for if it is stale, and ${operation} is denied`, async () => {
        makeLock(1)
        await denied(operation, 'EPERM', 2, async () => {
          await (await acquireLock(target(), 10_000, 'win32')).release()
        })
      })

    it('is held if the wait ends before it is gone', async () => {
      makeLock()
      await denied('mkdir', 'EPERM', Infinity, async () => {
        expect(await thrownBy(acquireLock(target(), 0, 'win32'))).to.include({code: 'ELOCKED'})
        const {message, problem} = await refusalOf(withLock(target(), 100, () => Promise.resolve(), 'win32'))
        expect([problem, message]).to.deep.equal([
          'timed-out',
          `${target()}.lock is still held by another program after 0.1 s`,
        ])
      })
    })

    it('is distinguished from a folder that the user may not write to', async () => {
      await denied('mkdir', 'EPERM', Infinity, async () => {
        const {message, problem} = await refusalOf(withLock(target(), 100, () => Promise.resolve(), 'win32'))
        expect([problem, message]).to.deep.equal(['denied', `could not lock ${target()}.lock (EPERM)`])
      })
    })

    it('is no case on other systems, where denied access ends the wait', async () => {
      makeLock()
      const calls = await denied('mkdir', 'EPERM', Infinity, async () => {
        const error = await refusalOf(withLock(target(), 60_000, () => Promise.resolve(), 'linux'))
        expect(error.problem).to.equal('denied')
      })
      expect(calls).to.equal(1)
    })
  })
})
