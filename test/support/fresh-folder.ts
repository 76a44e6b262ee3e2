import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'

export interface FreshFolder {
  path: (name: string) => string
  /** Writes a file, and makes the folders that it is in. */
  write: (name: string, content: string) => void
}

/** Gives each case of the surrounding `describe` a new folder, and takes it away afterwards. */
export function freshFolder(): FreshFolder {
  let folder = ''
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'heroku-keychain-')))
  })
  afterEach(() => {
    rmSync(folder, {recursive: true, force: true})
  })
  const path = (name: string) => join(folder, name)
  return {
    path,
    write(name, content) {
      mkdirSync(dirname(path(name)), {recursive: true})
      writeFileSync(path(name), content)
    },
  }
}
