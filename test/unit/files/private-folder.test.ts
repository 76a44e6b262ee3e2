import {expect} from 'chai'
import {chmodSync, chownSync, mkdirSync, statSync} from 'node:fs'
import {preparePrivateFolder} from '../../../src/files/private-folder.js'
import {freshFolder} from '../../support/fresh-folder.js'

const NOBODY = 65534
const itAsRoot = process.getuid?.() === 0 ? it : () => undefined

describe('a private folder', () => {
  const folder = freshFolder()
  const modeOf = (path: string) => statSync(path).mode & 0o7777

  it('is created with mode 0700, whatever the umask is', function () {
    if (process.platform === 'win32') this.skip()
    const umask = process.umask(0)
    try {
      preparePrivateFolder(folder.path('a/b'))
    } finally {
      process.umask(umask)
    }
    expect([modeOf(folder.path('a')), modeOf(folder.path('a/b'))]).to.deep.equal([0o700, 0o700])
  })

  for (const [before, after] of [
    [0o777, 0o755],
    [0o770, 0o750],
    [0o2775, 0o2755],
    [0o700, 0o700],
    [0o500, 0o500],
  ] as const)
    it(`of mode ${before.toString(8)} gets ${after.toString(8)}`, function () {
      if (process.platform === 'win32') this.skip()
      mkdirSync(folder.path('a'))
      chmodSync(folder.path('a'), before)
      preparePrivateFolder(folder.path('a'))
      expect(modeOf(folder.path('a'))).to.equal(after)
    })

  itAsRoot("below a user's folder is that user's when root makes it", () => {
    mkdirSync(folder.path('home'))
    chownSync(folder.path('home'), NOBODY, NOBODY)
    preparePrivateFolder(folder.path('home/a/b'))
    for (const path of ['home/a', 'home/a/b'])
      expect(statSync(folder.path(path))).to.include({uid: NOBODY, gid: NOBODY})
  })
})
