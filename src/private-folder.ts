import {chmodSync, chownSync, mkdirSync, statSync} from 'node:fs'
import {dirname, relative, sep} from 'node:path'

/**
 * Makes a folder for the user alone, if there is none. As root (`sudo -E heroku`), gives it to its parent's owner. Takes
 * away the right of others to write to one that is there: they could put files and links of theirs in ours' place.
 * @throws {Error} of the file system
 */
export function preparePrivateFolder(folder: string): void {
  const first = mkdirSync(folder, {recursive: true, mode: 0o700})
  const {mode, uid} = statSync(folder)
  const self = process.geteuid?.()
  if (first !== undefined && self === 0) giveToOwner(first, folder)
  // Without one there are no modes (Windows). Another user's is not ours to change.
  else if (self !== undefined && (self === 0 || uid === self) && (mode & 0o022) !== 0) chmodSync(folder, mode & 0o7755)
}

function giveToOwner(first: string, folder: string): void {
  const {gid, uid} = statSync(dirname(first))
  let place = first
  for (const name of ['', ...relative(first, folder).split(sep)]) {
    if (name !== '') place += sep + name
    chownSync(place, uid, gid)
  }
}
