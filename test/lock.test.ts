import {expect} from 'chai'
import {mkdirSync, rmSync, statSync, utimesSync} from 'node:fs'
import {setTimeout as sleep} from 'node:timers/promises'
import {takeTurn} from '../src/files/lock.js'
import {freshFolder} from './support/fresh-folder.js'
import {thrownBy} from './support/thrown-by.js'

describe('a turn', () => {
  const folder = freshFolder()
  const target = () => folder.path('file')

  it('is for nobody else until it has ended', async () => {
    const turn = await takeTurn(target(), 0)
    expect(await thrownBy(takeTurn(target(), 0))).to.include({code: 'ELOCKED'})
    await turn.end()
    await (await takeTurn(target(), 0)).end()
  })

  it('that was lost is known to be, and its loss is thrown at nobody', async () => {
    const turn = await takeTurn(target(), 0)
    expect(turn.isHeld()).to.equal(true)
    rmSync(`${target()}.lock`, {recursive: true})
    while (turn.isHeld()) await sleep(50)
    await turn.end()
  })

  for (const [what, msAhead] of [
    ['a minute', 60_000],
    ['a year', 365 * 24 * 3600 * 1000],
  ] as const)
    it(`is free to take if its lock is of ${what} from now, as after a clock was set back`, async () => {
      mkdirSync(`${target()}.lock`)
      const renewed = (Date.now() + msAhead) / 1000
      utimesSync(`${target()}.lock`, renewed, renewed)
      const turn = await takeTurn(target(), 0)
      expect(turn.isHeld()).to.equal(true)
      expect(await thrownBy(takeTurn(target(), 0))).to.include({code: 'ELOCKED'})
      await turn.end()
    })

  it('is held by a lock that another clock is a little ahead of ours for', async () => {
    mkdirSync(`${target()}.lock`)
    const renewed = (Date.now() + 2000) / 1000
    utimesSync(`${target()}.lock`, renewed, renewed)
    expect(await thrownBy(takeTurn(target(), 0))).to.include({code: 'ELOCKED'})
  })

  it('is nothing that others can write to, whatever the umask is', async function () {
    if (process.platform === 'win32') this.skip()
    const umask = process.umask(0)
    try {
      const turn = await takeTurn(target(), 0)
      expect(statSync(`${target()}.lock`).mode & 0o777).to.equal(0o700)
      await turn.end()
    } finally {
      process.umask(umask)
    }
  })
})
