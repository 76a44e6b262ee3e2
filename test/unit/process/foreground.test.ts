import {expect} from 'chai'
import {runInForeground, signalRules} from '../../../src/process/foreground.js'

describe('the signals that a command in the foreground gets from us', () => {
  const forwarded = (platform: NodeJS.Platform) =>
    signalRules(platform).flatMap(([signal, forward]) => (forward ? signal : []))
  const taken = (platform: NodeJS.Platform) => signalRules(platform).map(([signal]) => signal)

  for (const platform of ['linux', 'darwin'] as const)
    it(`are, on ${platform}, those that a supervisor sends to us alone`, () => {
      expect(forwarded(platform)).to.deep.equal(['SIGTERM', 'SIGHUP', 'SIGQUIT'])
      expect(taken(platform)).to.include('SIGINT')
    })

  it('are none on Windows, where the console sends its events to both, and a signal would end the command', () => {
    expect(forwarded('win32')).to.deep.equal([])
    expect(taken('win32')).to.deep.equal(['SIGINT', 'SIGBREAK', 'SIGHUP'])
  })
})

describe('a command in the foreground', () => {
  const rules = signalRules(process.platform)
  const listeners = () => rules.map(([signal]) => process.listeners(signal))

  it('has no other listener for our signals beside it, and gives them back', async () => {
    const theirs = () => undefined
    process.on('SIGHUP', theirs)
    process.once('SIGINT', theirs)
    try {
      const before = listeners()
      const ended = runInForeground(process.execPath, ['-e', '0'], process.env)
      expect(listeners().map((each) => each.length)).to.deep.equal(rules.map(() => 1))
      expect(listeners().flat()).not.to.include(theirs)
      expect(await ended).to.deep.equal({status: 'exited', code: 0})
      expect(listeners()).to.deep.equal(before)
    } finally {
      process.off('SIGHUP', theirs)
      process.off('SIGINT', theirs)
    }
  })

  it('is not started if it is not found, or if spawn throws', async () => {
    expect(await runInForeground('no-such-program', [], process.env)).to.deep.equal({
      status: 'not-started',
      code: 'ENOENT',
    })
    expect(await runInForeground(process.execPath, ['\0'], process.env)).to.deep.equal({
      status: 'not-started',
      code: 'ERR_INVALID_ARG_VALUE',
    })
  })
})
