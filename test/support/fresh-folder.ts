import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'

export interface FreshFolder {
  path: (name: string) => string
  /** Writes a file, and creates its parent folders. */
  write: (name: string, content: string) => void
}

/** Creates a new folder for each case of the enclosing `describe`, and removes it afterwards. */
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
