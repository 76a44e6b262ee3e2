import {expect} from 'chai'
import {rmSync} from 'node:fs'
import {setTimeout as sleep} from 'node:timers/promises'
import {takeTurn} from '../src/lock.js'
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
})
