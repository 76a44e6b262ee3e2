import {expect} from 'chai'
import {systemProgram} from '../../../src/process/windows-root.js'

describe('a program of Windows', () => {
  it('is below SystemRoot, in any case of the name', () => {
    expect(systemProgram({SystemRoot: String.raw`D:\WINNT`}, 'taskkill.exe')).to.equal(
      String.raw`D:\WINNT\System32\taskkill.exe`,
    )
    expect(systemProgram({systemroot: 'E:\\Win\\'}, 'a', 'b.exe')).to.equal(String.raw`E:\Win\System32\a\b.exe`)
  })

  for (const root of [undefined, '', '.', 'Windows', String.raw`\Windows`, 'C:Windows', String.raw`\\server\share`])
    it(`is below C:\\Windows if SystemRoot is ${root === undefined ? 'unset' : JSON.stringify(root)}`, () => {
      expect(systemProgram({SystemRoot: root}, 'taskkill.exe')).to.equal(String.raw`C:\Windows\System32\taskkill.exe`)
    })
})
