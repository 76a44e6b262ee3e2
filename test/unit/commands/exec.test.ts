import {expect} from 'chai'
import {notStarted} from '../../../src/commands/auth/exec.js'

describe('a command that auth:exec cannot start', () => {
  const error = (code: string, windows = false, command = 'deploy') => {
    const {exitCode, hint, message} = notStarted(command, code, 'heroku', windows)
    return {exitCode, hint, message}
  }
  const forScripts = 'for a script such as npm.cmd: heroku auth:exec -- cmd /c npm ...'

  it('is reported with 127 if it is not found', () => {
    expect(error('ENOENT')).to.deep.equal({exitCode: 127, hint: undefined, message: 'cannot run deploy: not found'})
  })

  it('is reported with 126 otherwise', () => {
    expect(error('EACCES')).to.deep.equal({
      exitCode: 126,
      hint: 'if it is a script: chmod +x',
      message: 'cannot run deploy: permission denied',
    })
    expect(error('ENOMEM')).to.deep.equal({exitCode: 126, hint: undefined, message: 'cannot run deploy: ENOMEM'})
  })

  it('may be a script of Windows, which cmd must run: npm is not found, and npm.cmd is not a program', () => {
    expect(error('ENOENT', true)).to.include({exitCode: 127, hint: forScripts})
    expect(error('EINVAL', true)).to.include({exitCode: 126, hint: forScripts})
    expect(error('EACCES', true)).not.to.include({hint: forScripts})
  })

  it('is named without control characters', () => {
    expect(error('ENOENT', false, 'a\u001B[2Jb').message).to.equal('cannot run a\uFFFD[2Jb: not found')
  })
})
