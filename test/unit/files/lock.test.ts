import {expect} from 'chai'
import {mkdirSync, rmSync, statSync, utimesSync} from 'node:fs'
import {setTimeout as sleep} from 'node:timers/promises'
import {acquireLock} from '../../../src/files/lock.js'
import {freshFolder} from '../../support/fresh-folder.js'
import {thrownBy} from '../../support/thrown-by.js'

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
})
