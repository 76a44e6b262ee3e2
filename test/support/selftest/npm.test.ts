import {expect} from 'chai'
import {fileSpec} from '../npm.js'

describe('a tarball as an argument of plugins:install', () => {
  it('has forward slashes on Windows, so that it is not taken for the name of a package', () => {
    expect(fileSpec(String.raw`D:\a\packed\x-0.1.0.tgz`, 'win32')).to.equal('file:D:/a/packed/x-0.1.0.tgz')
  })

  it('is the path as it is elsewhere, where a name may hold a backslash', () => {
    expect(fileSpec(String.raw`/a/b\c/x.tgz`, 'linux')).to.equal(String.raw`file:/a/b\c/x.tgz`)
  })
})
