import {expect} from 'chai'
import {chmodSync, existsSync, readdirSync, readFileSync} from 'node:fs'
import {replaceFile} from '../../../src/files/atomic-write.js'
import {retryWhileHeldOpen} from '../../../src/files/held-open.js'
import {watchFiles} from '../../support/file-operations.js'
import {freshFolder} from '../../support/fresh-folder.js'
import {refusalOf, thrownBy} from '../../support/thrown-by.js'

describe('a file that another process has open', () => {
  const folder = freshFolder()
  const denial = (code: string) => Object.assign(new Error(code), {code})

  /** Fails until some milliseconds have passed. */
  const heldFor = (ms: number, code: string) => {
    const until = performance.now() + ms
    return () => (performance.now() < until ? Promise.reject(denial(code)) : Promise.resolve())
  }

  for (const code of ['EPERM', 'EACCES', 'EBUSY'])
    it(`is changed once it is closed, on Windows after a second, too (${code})`, async () => {
      await retryWhileHeldOpen(heldFor(1000, code), 'win32')
    })

  it('is reported elsewhere before that', async () => {
    expect(await thrownBy(retryWhileHeldOpen(heldFor(60_000, 'EBUSY'), 'linux'))).to.include({code: 'EBUSY'})
  })

  it('is reported on Windows after five seconds', async () => {
    const began = performance.now()
    expect(await thrownBy(retryWhileHeldOpen(heldFor(60_000, 'EBUSY'), 'win32'))).to.include({code: 'EBUSY'})
    expect(performance.now() - began).to.be.at.least(4990)
  })

  it('is not taken for the cause of another error', async () => {
    let calls = 0
    const change = () => {
      calls++
      return Promise.reject(denial('ENOSPC'))
    }
    expect(await thrownBy(retryWhileHeldOpen(change, 'win32'))).to.include({code: 'ENOSPC'})
    expect(calls).to.equal(1)
  })

  it('is checked again before each attempt to replace it', async () => {
    let renames = 0
    const changed = new Error('changed')
    const undo = await watchFiles(folder.path(''), (operation) => {
      if (operation === 'rename' && ++renames === 1) throw denial('EPERM')
    })
    try {
      const beforeRename = () => (renames === 0 ? Promise.resolve() : Promise.reject(changed))
      expect(await thrownBy(replaceFile(folder.path('f'), 'new', {beforeRename}))).to.equal(changed)
    } finally {
      undo()
    }
    expect([renames, existsSync(folder.path('f')), readdirSync(folder.path(''))]).to.deep.equal([1, false, []])
  })

  it('leaves no temporary file, though that is open, too', async () => {
    folder.write('f', 'old')
    let unlinks = 0
    const undo = await watchFiles(folder.path(''), (operation) => {
      if (operation === 'rename') throw denial('ENOSPC')
      if (operation === 'unlink' && ++unlinks <= 2) throw denial('EBUSY')
    })
    try {
      await thrownBy(replaceFile(folder.path('f'), 'new'))
    } finally {
      undo()
    }
    expect(readdirSync(folder.path(''))).to.deep.equal(['f'])
    expect(readFileSync(folder.path('f'), 'utf8')).to.equal('old')
  })
})

describe('a file with the read-only attribute of Windows', () => {
  const folder = freshFolder()

  it('is left as it is, and the command that makes it writable is named', async () => {
    const path = folder.path('_netrc')
    folder.write('_netrc', 'old')
    chmodSync(path, 0o444)
    const {hint, message, problem} = await refusalOf(replaceFile(path, 'new', {platform: 'win32'}))
    expect([problem, message, hint]).to.deep.equal([
      'denied',
      `could not write ${path}: it is read-only`,
      `attrib -r "${path}"`,
    ])
    expect([readFileSync(path, 'utf8'), readdirSync(folder.path(''))]).to.deep.equal(['old', ['_netrc']])
    chmodSync(path, 0o644)
    await replaceFile(path, 'new', {platform: 'win32'})
    expect(readFileSync(path, 'utf8')).to.equal('new')
  })
})
