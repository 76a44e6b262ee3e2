import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {realTarget, replaceFile} from '../../../src/files/atomic-write.js'
import {freshFolder} from '../../support/fresh-folder.js'
import {withFullDisk} from '../../support/read-only.js'
import {refusalOf} from '../../support/thrown-by.js'

const windows = process.platform === 'win32'
const root = process.getuid?.() === 0
const NOBODY = 65534
// Only root can give a file to another user.
const itAsRoot = root ? it : () => undefined

const REPLACE_FILE = fileURLToPath(new URL('../../fixtures/netrc/replace-file.ts', import.meta.url))
/** The program's output for the file that it replaces. */
function replaced(file: string, args: string[]): string {
  const {stderr, stdout} = spawnSync(file, args, {encoding: 'utf8', env: {...process.env, TSX_DISABLE_CACHE: '1'}})
  expect(stderr).to.equal('')
  return stdout
}

describe('replacing a file', () => {
  const folder = freshFolder()
  const names = () => readdirSync(folder.path('')).sort()
  const modeOf = (file: string) => statSync(file).mode & 0o777

  it('creates it with mode 0600', async () => {
    await replaceFile(folder.path('f'), 'new')
    expect(readFileSync(folder.path('f'), 'utf8')).to.equal('new')
    if (!windows) expect(modeOf(folder.path('f'))).to.equal(0o600)
    expect(names()).to.deep.equal(['f'])
  })

  it('writes bytes unchanged', async () => {
    const bytes = Uint8Array.from({length: 256}, (_, index) => index)
    await replaceFile(folder.path('f'), bytes)
    expect(Uint8Array.from(readFileSync(folder.path('f')))).to.deep.equal(bytes)
  })

  for (const [before, after] of [
    [0o644, 0o600],
    [0o400, 0o400],
    [0o600, 0o600],
    [0o777, 0o600],
  ] as const) {
    it(`changes mode ${before.toString(8)} to ${after.toString(8)}`, async function () {
      if (windows) this.skip()
      writeFileSync(folder.path('f'), 'old')
      chmodSync(folder.path('f'), before)
      await replaceFile(folder.path('f'), 'new')
      expect(readFileSync(folder.path('f'), 'utf8')).to.equal('new')
      expect(modeOf(folder.path('f'))).to.equal(after)
    })
  }

  it('follows links, relative and chained, and keeps them', async () => {
    mkdirSync(folder.path('a/b'), {recursive: true})
    mkdirSync(folder.path('c'))
    writeFileSync(folder.path('c/real'), 'old')
    symlinkSync('../../c/real', folder.path('a/b/second'))
    symlinkSync(folder.path('a/b'), folder.path('ab'))
    symlinkSync('ab/second', folder.path('first'))
    await replaceFile(folder.path('first'), 'new')
    expect(readFileSync(folder.path('c/real'), 'utf8')).to.equal('new')
    expect(lstatSync(folder.path('first')).isSymbolicLink()).to.equal(true)
    expect(lstatSync(folder.path('a/b/second')).isSymbolicLink()).to.equal(true)
    expect(readdirSync(folder.path('c'))).to.deep.equal(['real'])
  })

  it('creates the target of a dangling link, through a linked folder, too', async () => {
    mkdirSync(folder.path('x/y'), {recursive: true})
    symlinkSync(folder.path('x/y'), folder.path('linked'))
    symlinkSync('linked/../wanted', folder.path('second'))
    symlinkSync('second', folder.path('first'))
    expect(await realTarget(folder.path('first'))).to.equal(folder.path('x/wanted'))
    await replaceFile(folder.path('first'), 'new')
    expect(readFileSync(folder.path('x/wanted'), 'utf8')).to.equal('new')
    expect(lstatSync(folder.path('first')).isSymbolicLink()).to.equal(true)
  })

  it('refuses a link to itself', async () => {
    symlinkSync('loop', folder.path('loop'))
    const {problem, message} = await refusalOf(replaceFile(folder.path('loop'), 'new'))
    expect({problem, message}).to.deep.equal({
      problem: 'failed',
      message: `could not follow ${folder.path('loop')} (ELOOP)`,
    })
  })

  it('refuses a folder, and a device', async function () {
    mkdirSync(folder.path('d'))
    expect((await refusalOf(replaceFile(folder.path('d'), 'new'))).message).to.equal(
      `could not write ${folder.path('d')}: it is a folder`,
    )
    if (windows) this.skip()
    symlinkSync('/dev/null', folder.path('null'))
    expect((await refusalOf(replaceFile(folder.path('null'), 'new'))).message).to.equal(
      `could not write ${folder.path('null')}: it is not a file`,
    )
    expect(names()).to.deep.equal(['d', 'null'])
  })

  it('names a missing folder', async () => {
    const {problem, message, hint} = await refusalOf(replaceFile(folder.path('no/f'), 'new'))
    expect({problem, message, hint}).to.deep.equal({
      problem: 'failed',
      message: `could not write ${folder.path('no/f')} (ENOENT)`,
      hint: `mkdir -p ${folder.path('no')}`,
    })
  })

  it('leaves no file behind if it fails before the rename', async () => {
    writeFileSync(folder.path('f'), 'old')
    const stop = new Error('stop')
    const beforeRename = () => {
      expect(names()).to.have.length(2)
      return Promise.reject(stop)
    }
    const error: unknown = await replaceFile(folder.path('f'), 'new', {beforeRename}).catch((error: unknown) => error)
    expect(error).to.equal(stop)
    expect(readFileSync(folder.path('f'), 'utf8')).to.equal('old')
    expect(names()).to.deep.equal(['f'])
  })

  it("removes a killed process's temporary files, and nothing else", async () => {
    const old = ['f.heroku-keychain-1.tmp', 'f.heroku-keychain-1.txt', 'g.heroku-keychain-1.tmp', 'f.tmp']
    for (const name of [...old, 'f.heroku-keychain-2.tmp']) writeFileSync(folder.path(name), 'secret')
    for (const name of old) utimesSync(folder.path(name), 1, 1)
    await replaceFile(folder.path('f'), 'new')
    expect(names()).to.deep.equal(['f', ...old.slice(1), 'f.heroku-keychain-2.tmp'].sort())
  })

  describe('as another user', () => {
    // Only root can change its user; other users are stopped by the mode.
    const asNobody = (file: string) =>
      replaced(process.execPath, ['--import', 'tsx', REPLACE_FILE, file, ...(root ? [`${NOBODY}`] : [])])

    it('is denied in a folder that is not writable, and leaves the file unchanged', function () {
      if (windows) this.skip()
      const file = folder.path('d/f')
      mkdirSync(folder.path('d'))
      writeFileSync(file, 'old', {mode: 0o666})
      chmodSync(folder.path(''), 0o755)
      chmodSync(folder.path('d'), 0o555)
      expect(asNobody(file)).to.equal(`denied: could not write ${file} (EACCES); ls -la ${folder.path('d')}\n`)
      chmodSync(folder.path('d'), 0o755)
      expect(readFileSync(file, 'utf8')).to.equal('old')
      expect(readdirSync(folder.path('d'))).to.deep.equal(['f'])
    })

    itAsRoot("replaces another user's file in the user's own folder", () => {
      const file = folder.path('d/f')
      chmodSync(folder.path(''), 0o755)
      mkdirSync(folder.path('d'))
      chownSync(folder.path('d'), NOBODY, NOBODY)
      writeFileSync(file, 'old', {mode: 0o600})
      expect(asNobody(file)).to.equal('')
      expect(readFileSync(file, 'utf8')).to.equal('new')
      expect(statSync(file)).to.include({uid: NOBODY})
      expect(modeOf(file)).to.equal(0o600)
      expect(readdirSync(folder.path('d'))).to.deep.equal(['f'])
    })

    itAsRoot('names the command that gives the folder back to its user', () => {
      chmodSync(folder.path(''), 0o755)
      chownSync(folder.path(''), NOBODY, NOBODY)
      mkdirSync(folder.path("it's/deep"), {recursive: true})
      const file = folder.path("it's/deep/f")
      const quoted = `'${folder.path('it').replace(/it$/, '')}it'\\''s'`
      expect(asNobody(file)).to.equal(
        `denied: could not write ${file} (EACCES); sudo chown -R ${NOBODY}:${NOBODY} ${quoted}\n`,
      )
    })

    itAsRoot('names the command that makes a folder of its own writable', () => {
      chmodSync(folder.path(''), 0o755)
      mkdirSync(folder.path('d'))
      chownSync(folder.path('d'), NOBODY, NOBODY)
      chmodSync(folder.path('d'), 0o555)
      const file = folder.path('d/f')
      expect(asNobody(file)).to.equal(`denied: could not write ${file} (EACCES); chmod u+rwx ${folder.path('d')}\n`)
    })

    itAsRoot("refuses to write through another user's link", () => {
      chmodSync(folder.path(''), 0o755)
      mkdirSync(folder.path('d'))
      chownSync(folder.path('d'), NOBODY, NOBODY)
      writeFileSync(folder.path('d/target'), 'old')
      chownSync(folder.path('d/target'), NOBODY, NOBODY)
      symlinkSync('target', folder.path('d/f'))
      lchownSync(folder.path('d/f'), NOBODY - 1, NOBODY - 1)
      const file = folder.path('d/f')
      expect(asNobody(file)).to.equal(
        `denied: could not write ${file}: it is a link that belongs to another user; ls -l ${file}\n`,
      )
      expect(readFileSync(folder.path('d/target'), 'utf8')).to.equal('old')
    })

    itAsRoot("gives a new file in a user's folder to that user when root writes it", async () => {
      mkdirSync(folder.path('d'))
      chownSync(folder.path('d'), NOBODY, NOBODY)
      await replaceFile(folder.path('d/f'), 'new')
      const {uid, gid} = statSync(folder.path('d/f'))
      expect({uid, gid}).to.deep.equal({uid: NOBODY, gid: NOBODY})
    })

    itAsRoot("refuses another user's file in another user's folder", () => {
      const file = folder.path('d/f')
      chmodSync(folder.path(''), 0o755)
      mkdirSync(folder.path('d'))
      chmodSync(folder.path('d'), 0o777)
      writeFileSync(file, 'old')
      expect(asNobody(file)).to.equal(`denied: could not write ${file}: it belongs to another user; ls -l ${file}\n`)
      expect(readFileSync(file, 'utf8')).to.equal('old')
      expect(readdirSync(folder.path('d'))).to.deep.equal(['f'])
    })

    itAsRoot('leaves it to its owner when root writes it', async () => {
      writeFileSync(folder.path('f'), 'old')
      chownSync(folder.path('f'), NOBODY, NOBODY)
      await replaceFile(folder.path('f'), 'new')
      const {uid, gid} = statSync(folder.path('f'))
      expect({uid, gid}).to.deep.equal({uid: NOBODY, gid: NOBODY})
    })
  })

  it('leaves the file unchanged if the disk is full', function () {
    if (process.platform !== 'linux') this.skip()
    const file = folder.path('disk/f')
    mkdirSync(folder.path('disk'))
    writeFileSync(file, 'old')
    const node = withFullDisk(folder.path('disk'), process.execPath, ['--import', 'tsx', REPLACE_FILE, file])
    expect(replaced(...node)).to.equal(
      `failed: could not write ${file} (ENOSPC); free some disk space and try again; the file is as it was\n`,
    )
    expect(readFileSync(file, 'utf8')).to.equal('old')
    expect(readdirSync(folder.path('disk'))).to.deep.equal(['f'])
  })
})
