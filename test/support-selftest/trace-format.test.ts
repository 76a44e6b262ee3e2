import {expect} from 'chai'
import {parseTrace} from '../support/trace.js'

const hex = (text: string) =>
  `"${[...Buffer.from(text)].map((byte) => String.raw`\x${byte.toString(16).padStart(2, '0')}`).join('')}"`
const call = `execve(${hex('/bin/true')}, [${hex('true')}, ${hex('a')}], [${hex('A=1')}]`
const expected = {file: '/bin/true', argv: ['true', 'a'], env: ['A=1']}

describe('a trace that strace has written', () => {
  it('puts a call together that another process has interrupted', () => {
    const lines = [`11 ${call} <unfinished ...>`, `12 ${call}) = 0`, '11 <... execve resumed>) = 0']
    expect(parseTrace(lines.join('\n'))).to.deep.equal([
      {pid: 12, ...expected},
      {pid: 11, ...expected},
    ])
  })

  it('puts a call together that was made by a thread', () => {
    const lines = [
      `12 ${call} <pid changed to 11 ...>`,
      '11 +++ superseded by execve in pid 12 +++',
      '11 <... execve resumed>) = 0',
    ]
    expect(parseTrace(lines.join('\n'))).to.deep.equal([{pid: 11, ...expected}])
  })

  it('leaves out what could not be started', () => {
    expect(parseTrace(`11 ${call}) = -1 ENOENT (No such file or directory)`)).to.deep.equal([])
  })

  it('never takes a part for the whole', () => {
    const cut = `11 execve(${hex('/bin/true')}, [${hex('true')}...], [${hex('A=1')}]) = 0`
    expect(() => parseTrace(cut)).to.throw(/not understood/u)
  })
})
