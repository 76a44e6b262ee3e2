import {expect} from 'chai'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, symlinkSync} from 'node:fs'
import {endPinentry, processByPs} from '../../../src/process/pinentry.js'
import {freshFolder} from '../../support/fresh-folder.js'

const describeOnPosix = process.platform === 'win32' ? () => undefined : describe

describeOnPosix('a pinentry', () => {
  const folder = freshFolder()
  const started = new Set<ChildProcess>()
  const ended = new WeakMap<ChildProcess, Promise<unknown[]>>()
  /** Starts a shell under this name, which says that it is ready. */
  const start = async (name: string, script = 'echo up; read -r line', uid?: number) => {
    symlinkSync('/bin/sh', folder.path(name))
    // For another user.
    chmodSync(folder.path(''), 0o755)
    const child = spawn(folder.path(name), ['-c', script], {
      stdio: ['pipe', 'pipe', 'ignore'],
      ...(uid === undefined ? {} : {uid}),
      cwd: '/',
    })
    started.add(child)
    ended.set(child, once(child, 'exit'))
    await once(child.stdout, 'data')
    return child
  }
  const launched = ({pid}: ChildProcess) =>
    `[GNUPG:] KEY_CONSIDERED A 0\n[GNUPG:] PINENTRY_LAUNCHED ${pid ?? 0} curses 1.2.1 - xterm - - 0/0 -\n`
  const timeOf = (action: () => void) => {
    const began = performance.now()
    action()
    return performance.now() - began
  }

  afterEach(() => {
    for (const child of started) child.kill('SIGKILL')
    started.clear()
  })

  it('gets SIGINT, by the line of gpg that names it', async () => {
    const child = await start('pinentry-curses')
    endPinentry(launched(child))
    expect(await ended.get(child)).to.deep.equal([null, 'SIGINT'])
  })

  it('that was started last gets it', async () => {
    const first = await start('pinentry-curses')
    const last = await start('pinentry-tty')
    endPinentry(launched(first) + launched(last))
    expect(await ended.get(last)).to.deep.equal([null, 'SIGINT'])
    expect([first.exitCode, first.signalCode]).to.deep.equal([null, null])
  })

  it('that does not end is waited for half a second', async () => {
    const child = await start('pinentry-curses', `trap '' INT; echo up; read -r line`)
    expect(
      timeOf(() => {
        endPinentry(launched(child))
      }),
    ).to.be.within(490, 1500)
    expect([child.exitCode, child.signalCode]).to.deep.equal([null, null])
  })

  it('whose number another program has now gets no signal', async () => {
    const child = await start('editor')
    endPinentry(launched(child))
    child.stdin.end()
    expect(await ended.get(child)).to.deep.equal([1, null])
  })

  if (process.getuid?.() === 0)
    it('of another user gets no signal', async () => {
      const child = await start('pinentry-curses', undefined, 65534)
      endPinentry(launched(child))
      child.stdin.end()
      expect(await ended.get(child)).to.deep.equal([1, null])
    })

  for (const text of [
    '',
    '[GNUPG:] PINENTRY_LAUNCHED \n',
    'PINENTRY_LAUNCHED 1 x\n',
    '[GNUPG:] PINENTRY_LAUNCHED 0 x\n',
  ])
    it(`is not waited for if gpg printed ${JSON.stringify(text)}`, () => {
      expect(
        timeOf(() => {
          endPinentry(text)
        }),
      ).to.be.below(400)
    })

  it('is found by ps as on macOS', async () => {
    const child = await start('pinentry-mac')
    expect(processByPs(child.pid ?? 0)).to.deep.equal({name: 'pinentry-mac', uid: process.getuid?.()})
    child.kill('SIGKILL')
    await ended.get(child)
    expect(processByPs(child.pid ?? 0)).to.equal(undefined)
  })
})
