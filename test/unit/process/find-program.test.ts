import {expect} from 'chai'
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import {delimiter, relative} from 'node:path'
import {findProgram} from '../../../src/process/find-program.js'
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
})
