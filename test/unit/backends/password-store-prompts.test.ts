import {expect} from 'chai'
import {readlinkSync} from 'node:fs'
import {promptingOf} from '../../../src/backends/password-store-gpg.js'

const atOnce = {args: ['--pinentry-mode', 'error'], env: {}}
const on = (terminal: string) => ({args: [], env: {GPG_TTY: terminal}})

// The terminal behind stderr, if these tests have one.
const own = () => {
  try {
    const path = readlinkSync('/proc/self/fd/2')
    return path.startsWith('/dev/') ? path : undefined
  } catch {
    return undefined
  }
}

describe('gpg for the password store', () => {
  const prompting = (env: NodeJS.ProcessEnv, where: {terminal?: boolean; display?: boolean}) =>
    promptingOf({env, run: () => Promise.reject(new Error()), timeoutMs: 1, ...where})
  const tty = {GPG_TTY: '/dev/pts/97', SSH_TTY: '/dev/pts/98'}

  it('prompts on GPG_TTY, with a terminal on stderr', () => {
    expect(prompting(tty, {terminal: true})).to.deep.equal(on(tty.GPG_TTY))
    expect(prompting(tty, {terminal: true, display: true})).to.deep.equal(on(tty.GPG_TTY))
  })

  it('prompts on the terminal behind stderr without GPG_TTY, else on SSH_TTY', () => {
    for (const GPG_TTY of ['', undefined])
      expect(prompting({...tty, GPG_TTY}, {terminal: true})).to.deep.equal(on(own() ?? tty.SSH_TTY))
  })

  it('prompts in a window, with a display and without a terminal', () => {
    expect(prompting(tty, {display: true})).to.deep.equal({args: [], env: {}})
  })

  it('does not try to prompt with neither', () => {
    expect(prompting(tty, {})).to.deep.equal(atOnce)
    if (own() === undefined) expect(prompting({}, {terminal: true})).to.deep.equal(atOnce)
  })
})
