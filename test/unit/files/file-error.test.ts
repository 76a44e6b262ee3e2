import {expect} from 'chai'
import {fileError} from '../../../src/files/file-error.js'

describe('the next step after an error of the file system', () => {
  const FOLDER = '/no such/folder'
  const FILE = `${FOLDER}/.netrc`
  for (const [code, posix, windows] of [
    ['ENOENT', `mkdir -p '${FOLDER}'`, `mkdir "${FOLDER}"`],
    ['EACCES', `ls -la '${FOLDER}'`, `icacls "${FOLDER}"`],
    ['EIO', `ls -la '${FOLDER}'`, `icacls "${FOLDER}"`],
    ['EISDIR', `move the folder ${FILE} out of the way`, `move the folder ${FILE} out of the way`],
  ] as const)
    it(`is for the system's own shell: ${code}`, () => {
      const hint = (platform: NodeJS.Platform) =>
        fileError('write', FILE, Object.assign(new Error(code), {code}), platform).hint
      expect([hint('linux'), hint('win32')]).to.deep.equal([posix, windows])
    })
})
