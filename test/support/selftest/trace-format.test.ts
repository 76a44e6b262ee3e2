import {expect} from 'chai'
import {parseTrace} from '../trace.js'

const hex = (text: string) =>
  `"${[...Buffer.from(text)].map((byte) => String.raw`\x${byte.toString(16).padStart(2, '0')}`).join('')}"`
const call = `execve(${hex('/bin/true')}, [${hex('true')}, ${hex('a')}], [${hex('A=1')}]`
const expected = {file: '/bin/true', argv: ['true', 'a'], env: ['A=1']}

describe('parsing a trace', () => {
  it("joins a call's parts that are separated by another process's call", () => {
    const lines = [`11 ${call} <unfinished ...>`, `12 ${call}) = 0`, '11 <... execve resumed>) = 0']
    expect(parseTrace(lines.join('\n'))).to.deep.equal([
      {pid: 12, ...expected},
      {pid: 11, ...expected},
    ])
  })

  it("joins a thread's call", () => {
    const lines = [
      `12 ${call} <pid changed to 11 ...>`,
      '11 +++ superseded by execve in pid 12 +++',
      '11 <... execve resumed>) = 0',
    ]
    expect(parseTrace(lines.join('\n'))).to.deep.equal([{pid: 11, ...expected}])
  })

  it('ignores a failed execve', () => {
    expect(parseTrace(`11 ${call}) = -1 ENOENT (No such file or directory)`)).to.deep.equal([])
  })

  it('throws at a truncated call', () => {
    const cut = `11 execve(${hex('/bin/true')}, [${hex('true')}...], [${hex('A=1')}]) = 0`
    expect(() => parseTrace(cut)).to.throw(/not understood/u)
  })
})
