import {expect} from 'chai'
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import {delimiter, relative} from 'node:path'
import {candidates, findProgram} from '../../../src/process/find-program.js'
import {freshFolder} from '../../support/fresh-folder.js'

const ending = process.platform === 'win32' ? '.exe' : ''

describe('looking up a program', () => {
  const folder = freshFolder()
  const program = (place: string, mode = 0o755) => {
    mkdirSync(folder.path(place), {recursive: true})
    writeFileSync(folder.path(`${place}/tool${ending}`), '', {mode})
    return folder.path(place)
  }
  const find = (...folders: string[]) => findProgram('tool', {PATH: folders.join(delimiter)})

  it('finds the first on PATH, through a link, too', () => {
    const [one, two] = [program('one'), program('two')]
    symlinkSync(one, folder.path('linked'), 'junction')
    expect(find(folder.path('none'), two, one)).to.equal(folder.path(`two/tool${ending}`))
    expect(find(folder.path('linked'))).to.equal(folder.path(`linked/tool${ending}`))
  })

  it('skips folders, and files that are not executable', function () {
    mkdirSync(folder.path(`dir/tool${ending}`), {recursive: true})
    expect(find(folder.path('dir'))).to.equal(undefined)
    if (process.platform === 'win32') this.skip()
    expect(find(program('plain', 0o644), program('good'))).to.equal(folder.path('good/tool'))
  })

  it('never looks in the current folder', () => {
    const here = relative(process.cwd(), program('here'))
    expect(find(here, '', '.')).to.equal(undefined)
    expect(findProgram('tool', {})).to.equal(undefined)
  })

  describe('on Windows', () => {
    const on = (path: string, name = 'Path') => candidates('git', {[name]: path}, 'win32')
    const both = (folder: string) => [String.raw`${folder}\git.exe`, String.raw`${folder}\git.com`]

    it('takes .exe and .com alone: a .cmd or .bat would need cmd.exe', () => {
      expect(on(String.raw`C:\Git\cmd`)).to.deep.equal(both(String.raw`C:\Git\cmd`))
      expect(on(String.raw`C:\Git\cmd`, 'PATH')).to.deep.equal(both(String.raw`C:\Git\cmd`))
    })

    it('removes the quotes of an entry, in which a semicolon is no separator', () => {
      expect(on(String.raw`"C:\Program Files\x";D:\y`)).to.deep.equal(
        [String.raw`C:\Program Files\x`, String.raw`D:\y`].flatMap(both),
      )
      expect(on(String.raw`D:\y;"C:\a;b"\c`)).to.deep.equal([String.raw`D:\y`, String.raw`C:\a;b\c`].flatMap(both))
      expect(on(String.raw`"C:\not closed`)).to.deep.equal(both(String.raw`C:\not closed`))
    })

    it('ignores relative entries, quoted or not', () => {
      expect(on(String.raw`;.;bin;"";"bin";".";C:bin;;`)).to.deep.equal([])
    })
  })

  it('takes a quote for a part of the name elsewhere', () => {
    expect(candidates('git', {PATH: '/a"b:"/c"'}, 'linux')).to.deep.equal(['/a"b/git'])
  })
})
