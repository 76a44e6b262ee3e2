import {expect} from 'chai'
import {spawn, spawnSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {spawnTool} from '../../../src/process/spawn.js'
import {type ToolResult, run as heavyRun, type RunOptions} from '../../../src/process/run.js'
import {searchFor} from '../../support/canary.js'
import {until} from '../../support/listen.js'
import {isRunning} from '../../support/processes.js'

/** Blocks this process, as if it got no processor time. */
const blockFor = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

const RUN_TOOL = fileURLToPath(new URL('../../fixtures/run/run-tool.ts', import.meta.url))

// The tests' tools are shell scripts; Windows has no common shell.
const runners = process.platform === 'win32' ? [] : Object.entries({run: heavyRun, spawnTool})

for (const [runner, run] of runners)
  describe(`a program, by ${runner},`, () => {
    let folder: string
    const file = (name: string) => join(folder, name)
    const read = (name: string) => readFileSync(file(name), 'utf8')
    const pidIn = (name: string) => Number(read(name))
    const tool = (script: string) => {
      writeFileSync(file('tool'), `#!/bin/sh\ncd "${folder}" || exit 9\n${script}\n`, {mode: 0o755})
      return file('tool')
    }
    const node = (script: string) => {
      writeFileSync(file('tool'), `#!${process.execPath}\nprocess.chdir(${JSON.stringify(folder)})\n${script}\n`, {
        mode: 0o755,
      })
      return file('tool')
    }
    const runTool = (script: string, args: string[] = [], options: Partial<RunOptions> = {}): Promise<ToolResult> =>
      run(tool(script), args, {timeoutMs: 10_000, ...options})
    const exited = (stdout: string, {code = 0, stderr = ''} = {}): ToolResult => ({
      status: 'exited',
      code,
      stdout,
      stderr,
    })

    beforeEach(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'keychain-run-')))
    })
    afterEach(() => {
      for (const name of ['pid', 'fled']) {
        try {
          process.kill(pidIn(name), 'SIGKILL')
        } catch {
          // It has exited, as expected, or never started.
        }
      }

      rmSync(folder, {recursive: true, force: true})
    })

    describe('that exits', () => {
      it('returns exit status, stdout and stderr exactly', async () => {
        expect(await runTool(`printf ' å\\n\\n'; printf 'no\\r\\n' >&2; exit 3`)).to.deep.equal(
          exited(' å\n\n', {code: 3, stderr: 'no\r\n'}),
        )
      })

      it('passes arguments unchanged, without a shell', async () => {
        const args = [
          '$(touch PWNED)',
          '`touch PWNED`',
          '; touch PWNED',
          '"\'',
          '',
          '*',
          '-x',
          'a b\nc',
          '日本',
          '%PATH%',
        ]
        expect(await runTool(`for each; do printf '%s\\0' "$each"; done`, args)).to.deep.equal(
          exited(args.map((each) => `${each}\0`).join('')),
        )
        expect(existsSync(file('PWNED'))).to.equal(false)
      })

      it('passes its name unchanged, too', async () => {
        const odd = file('a $(touch PWNED); b')
        writeFileSync(odd, '#!/bin/sh\nprintf ok\n', {mode: 0o755})
        expect(await run(odd, [], {timeoutMs: 10_000})).to.deep.equal(exited('ok'))
      })

      it('passes stdin exactly, and then the end of file', async () => {
        expect(await runTool('cat', [], {input: 'a\n å\0'})).to.deep.equal(exited('a\n å\0'))
        expect(await runTool('cat')).to.deep.equal(exited(''))
      })

      it('succeeds if it never reads stdin', async () => {
        expect(await runTool('exec <&-; exit 4', [], {input: 'x'.repeat(1_000_000)})).to.deep.equal(
          exited('', {code: 4}),
        )
      })

      it('runs it in the given folder', async () => {
        mkdirSync(file('there'))
        writeFileSync(file('pwd'), '#!/bin/sh\npwd\n', {mode: 0o755})
        expect(await run(file('pwd'), [], {timeoutMs: 10_000, cwd: file('there')})).to.deep.equal(
          exited(`${file('there')}\n`),
        )
      })

      it('discards stdout if requested', async () => {
        expect(await runTool('echo secret; echo said >&2', [], {discardStdout: true})).to.deep.equal(
          exited('', {stderr: 'said\n'}),
        )
      })

      it('reports the signal that ended it', async () => {
        expect(await runTool('kill -TERM $$')).to.deep.equal({status: 'killed', signal: 'SIGTERM'})
      })
    })

    describe('its environment', () => {
      const set = (name: string, value: string) => {
        const before = process.env[name]
        process.env[name] = value
        return () => {
          if (before === undefined) Reflect.deleteProperty(process.env, name)
          else process.env[name] = before
        }
      }

      it('is ours without HEROKU_API_KEY, and with a locale for English messages', async () => {
        const restore = [
          set('HEROKU_API_KEY', 'HRKU-canary'),
          set('LC_ALL', 'de_DE.UTF-8'),
          set('KEYCHAIN_TEST', 'kept'),
        ]
        try {
          const script = `printf '%s|' "\${HEROKU_API_KEY-none}" "$LC_ALL" "$CHARSET" "$KEYCHAIN_TEST" "$HOME"`
          expect(await runTool(script)).to.deep.equal(exited(`none|C|UTF-8|kept|${process.env.HOME ?? ''}|`))
          const {stdout} = (await runTool('env')) as Extract<ToolResult, {status: 'exited'}>
          expect(stdout).not.to.include('HRKU-canary')
        } finally {
          for (const each of restore) each()
        }
      })

      it('has no variable that makes GLib print debug output to stdout', async () => {
        const restore = ['G_MESSAGES_DEBUG', 'G_DBUS_DEBUG'].map((name) => set(name, 'all'))
        try {
          const {stdout} = (await runTool('env')) as Extract<ToolResult, {status: 'exited'}>
          expect(stdout).to.include('PATH=').and.not.to.match(/^G_/mu)
        } finally {
          for (const each of restore) each()
        }
      })

      it('has the given changes, and undefined removes a variable', async () => {
        const restore = set('KEYCHAIN_TEST', 'x')
        try {
          expect(
            await runTool(`printf '%s|' "\${KEYCHAIN_TEST-none}" "$OTHER" "$LC_ALL"`, [], {
              env: {KEYCHAIN_TEST: undefined, OTHER: 'a b', LC_ALL: 'C.UTF-8'},
            }),
          ).to.deep.equal(exited('none|a b|C.UTF-8|'))
        } finally {
          restore()
        }
      })
    })

    describe('that cannot be started', () => {
      it('is reported with the system’s error code', async () => {
        const options = {timeoutMs: 10_000, input: 'HRKU-canary'}
        expect(await run(file('missing'), [], options)).to.deep.equal({status: 'not-started', code: 'ENOENT'})
        writeFileSync(file('plain'), 'x', {mode: 0o644})
        expect(await run(file('plain'), [], options)).to.deep.equal({status: 'not-started', code: 'EACCES'})
        mkdirSync(file('folder'))
        expect(await run(file('folder'), [], options)).to.deep.equal({status: 'not-started', code: 'EACCES'})
        chmodSync(file('plain'), 0o755)
        expect((await run(file('plain'), [], options)).status).to.be.oneOf(['not-started', 'exited'])
      })

      it('is reported, and not thrown, if the system refuses the arguments', async () => {
        const options = {timeoutMs: 10_000, input: 'HRKU-canary'}
        writeFileSync(file('fine'), '#!/bin/sh\n', {mode: 0o755})
        for (const [program, args] of [
          [file('fine'), ['x'.repeat(3_000_000)]],
          [file('fine'), ['a\0b']],
          ['', []],
          [file('fine/below'), []],
        ] as const)
          expect((await run(program, args, options)).status).to.equal('not-started')
      })

      it('is reported for a missing working directory', async () => {
        expect(await run(tool('exit 0'), [], {timeoutMs: 10_000, cwd: file('missing')})).to.deep.equal({
          status: 'not-started',
          code: 'ENOENT',
        })
      })
    })

    describe('that takes too long', () => {
      const GRANDCHILD = `(trap '' TERM INT HUP; echo x >up; while :; do sleep 1; done) & echo $! >pid; while [ ! -f up ]; do :; done`

      it('does not time out because this process could not run, as on a busy machine', async () => {
        const running = runTool('sleep 0.8; echo done', [], {timeoutMs: 500})
        blockFor(1500)
        expect(await running).to.deep.equal(exited('done\n'))
      })

      it('has the rest of its timeout once this process runs again', async () => {
        const start = performance.now()
        const running = runTool('exec sleep 987', [], {timeoutMs: 500})
        blockFor(1000)
        expect(await running).to.deep.equal({status: 'timed-out'})
        expect(performance.now() - start).to.be.within(1400, 4000)
      })

      it('is ended after its timeout', async () => {
        const began = performance.now()
        expect(await runTool('exec sleep 987', [], {timeoutMs: 300})).to.deep.equal({status: 'timed-out'})
        expect(performance.now() - began).to.be.within(290, 3000)
      })

      it('is ended with a child that ignores all signals that can be ignored', async () => {
        expect(await runTool(`${GRANDCHILD}; wait`, [], {timeoutMs: 1000})).to.deep.equal({status: 'timed-out'})
        await until(() => !isRunning(pidIn('pid')))
      })

      it('does not block if a process in another session holds its pipes', async () => {
        const fleeing = node(`
        const {spawn} = require('node:child_process')
        const {pid} = spawn('sleep', ['987'], {detached: true, stdio: 'inherit'})
        require('node:fs').writeFileSync('fled', String(pid))
        setInterval(() => undefined, 1000)`)
        const began = performance.now()
        // Time enough for node to start on a busy machine.
        expect(await run(fleeing, [], {timeoutMs: 3000})).to.deep.equal({status: 'timed-out'})
        expect(performance.now() - began).to.be.within(2990, 6000)
        expect(pidIn('fled')).to.be.greaterThan(0)
      })

      it('times out if it has exited but its pipes are open', async () => {
        const began = performance.now()
        expect(await runTool('(sleep 987; :) & echo $! >pid', [], {timeoutMs: 500})).to.deep.equal({
          status: 'timed-out',
        })
        expect(performance.now() - began).to.be.lessThan(3500)
        await until(() => !isRunning(pidIn('pid')))
      })

      it('leaves no listener or timer behind', async () => {
        const events = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP']
        const count = () => events.map((event) => process.listenerCount(event))
        const before = count()
        const running = runTool('cat')
        expect(count()).to.deep.equal(before.map((each) => each + 1))
        await running
        await runTool('exec sleep 987', [], {timeoutMs: 100})
        await run(file('missing'), [], {timeoutMs: 10_000})
        expect(count()).to.deep.equal(before)
      })
    })

    it('that prints without end is ended, with its children', async () => {
      const script = `(trap '' TERM; while :; do sleep 1; done) >/dev/null 2>&1 & echo $! >pid; exec yes`
      expect(await runTool(script)).to.deep.equal({status: 'too-much-output'})
      await until(() => !isRunning(pidIn('pid')))
    })

    it('that prints a lot is read completely', async () => {
      const ran = await runTool(`head -c 3999999 /dev/zero | tr '\\0' x`)
      expect(ran).to.deep.equal(exited('x'.repeat(3_999_999)))
    })

    it('prints no input or output with any NODE_DEBUG', () => {
      const script = tool(`read -r line || :; printf 'HRKU-canary-out'; printf 'said on stderr' >&2`)
      const {status, stderr, stdout} = spawnSync(process.execPath, ['--import', 'tsx', RUN_TOOL, runner, script], {
        encoding: 'utf8',
        env: {...process.env, NODE_DEBUG: '*', DEBUG: '*', HEROKU_DEBUG: '1', HEROKU_API_KEY: 'HRKU-key'},
        maxBuffer: 1e9,
      })
      expect(status).to.equal(0)
      // The fixture prints stderr.
      expect(JSON.parse(stdout)).to.deep.equal({status: 'exited', code: 0, stderr: 'said on stderr'})
      expect(stderr.match(/CHILD_?PROCESS \d+/giu), 'NODE_DEBUG has had no effect').not.to.equal(null)
      expect(stderr.match(/STREAM \d+: push/giu), 'NODE_DEBUG has shown no stream').not.to.equal(null)
      const search = searchFor(['HRKU-canary-in', 'HRKU-canary-out'].map((secret) => ({name: secret, secret})))
      expect(search(stderr)).to.deep.equal([])
    }).timeout(20_000)

    describe('while this process receives a signal', () => {
      for (const [signal, how] of [
        ['SIGINT', 'Ctrl-C'],
        ['SIGTERM', 'kill'],
        ['SIGHUP', 'a closed terminal'],
      ] as const)
        it(`by ${how}, is ended with its children, and this process by that signal`, async () => {
          const script = tool(`(trap '' TERM INT HUP; echo x >up; while :; do sleep 1; done) & echo $! >pid; wait`)
          const us = spawn(process.execPath, ['--import', 'tsx', RUN_TOOL, runner, script], {stdio: 'ignore'})
          const ended = new Promise((resolve) =>
            us.once('exit', (code, by) => {
              resolve({code, by})
            }),
          )
          await until(() => existsSync(file('up')) && existsSync(file('pid')) && read('pid').endsWith('\n'))
          expect(isRunning(pidIn('pid'))).to.equal(true)
          us.kill(signal)
          expect(await ended).to.deep.equal({code: null, by: signal})
          await until(() => !isRunning(pidIn('pid')))
        })
    })
  })
