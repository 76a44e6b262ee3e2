import {expect} from 'chai'
import {spawn, spawnSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {spawnTool} from '../src/process/spawn.js'
import {type ToolResult, run as heavyRun, type RunOptions} from '../src/process/run.js'
import {searchFor} from './support/canary.js'
import {until} from './support/listen.js'
import {isRunning} from './support/processes.js'

/** Keeps this process from running anything, as one that gets no processor. */
const blockFor = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

const RUN_TOOL = fileURLToPath(new URL('fixtures/run/run-tool.ts', import.meta.url))

// A tool of the tests is a shell script; Windows has no shell that all have.
const doors = process.platform === 'win32' ? [] : Object.entries({run: heavyRun, spawnTool})

for (const [door, run] of doors)
  describe(`a program, by ${door},`, () => {
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
          // It has ended, as it should have, or never was.
        }
      }

      rmSync(folder, {recursive: true, force: true})
    })

    describe('that answers', () => {
      it('gives exit status, stdout and stderr to the letter', async () => {
        expect(await runTool(`printf ' å\\n\\n'; printf 'no\\r\\n' >&2; exit 3`)).to.deep.equal(
          exited(' å\n\n', {code: 3, stderr: 'no\r\n'}),
        )
      })

      it('hands arguments over as they are, with no shell in between', async () => {
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

      it('hands its name over as it is, too', async () => {
        const odd = file('a $(touch PWNED); b')
        writeFileSync(odd, '#!/bin/sh\nprintf ok\n', {mode: 0o755})
        expect(await run(odd, [], {timeoutMs: 10_000})).to.deep.equal(exited('ok'))
      })

      it('gives it what it is to read on stdin, to the letter, and then the end of file', async () => {
        expect(await runTool('cat', [], {input: 'a\n å\0'})).to.deep.equal(exited('a\n å\0'))
        expect(await runTool('cat')).to.deep.equal(exited(''))
      })

      it('does not mind if it never reads', async () => {
        expect(await runTool('exec <&-; exit 4', [], {input: 'x'.repeat(1_000_000)})).to.deep.equal(
          exited('', {code: 4}),
        )
      })

      it('runs it in the folder that was asked for', async () => {
        mkdirSync(file('there'))
        writeFileSync(file('pwd'), '#!/bin/sh\npwd\n', {mode: 0o755})
        expect(await run(file('pwd'), [], {timeoutMs: 10_000, cwd: file('there')})).to.deep.equal(
          exited(`${file('there')}\n`),
        )
      })

      it('throws stdout away where it was told to', async () => {
        expect(await runTool('echo secret; echo said >&2', [], {discardStdout: true})).to.deep.equal(
          exited('', {stderr: 'said\n'}),
        )
      })

      it('says which signal ended it', async () => {
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

      it('is ours without HEROKU_API_KEY, and a locale in which messages are English', async () => {
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

      it('has nothing that makes GLib print its debug output between the lines of an answer', async () => {
        const restore = ['G_MESSAGES_DEBUG', 'G_DBUS_DEBUG'].map((name) => set(name, 'all'))
        try {
          const {stdout} = (await runTool('env')) as Extract<ToolResult, {status: 'exited'}>
          expect(stdout).to.include('PATH=').and.not.to.match(/^G_/mu)
        } finally {
          for (const each of restore) each()
        }
      })

      it('has changes, and undefined takes a variable away', async () => {
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
      it('says so by the system’s name for it', async () => {
        const options = {timeoutMs: 10_000, input: 'HRKU-canary'}
        expect(await run(file('missing'), [], options)).to.deep.equal({status: 'not-started', code: 'ENOENT'})
        writeFileSync(file('plain'), 'x', {mode: 0o644})
        expect(await run(file('plain'), [], options)).to.deep.equal({status: 'not-started', code: 'EACCES'})
        mkdirSync(file('folder'))
        expect(await run(file('folder'), [], options)).to.deep.equal({status: 'not-started', code: 'EACCES'})
        chmodSync(file('plain'), 0o755)
        expect((await run(file('plain'), [], options)).status).to.be.oneOf(['not-started', 'exited'])
      })

      it('says so of what the system refuses to start at all, and never throws', async () => {
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

      it('says so of a folder that is not there to run it in', async () => {
        expect(await run(tool('exit 0'), [], {timeoutMs: 10_000, cwd: file('missing')})).to.deep.equal({
          status: 'not-started',
          code: 'ENOENT',
        })
      })
    })

    describe('that takes too long', () => {
      const GRANDCHILD = `(trap '' TERM INT HUP; echo x >up; while :; do sleep 1; done) & echo $! >pid; while [ ! -f up ]; do :; done`

      it('is not out of time because this process was kept from running, as on a busy machine', async () => {
        const running = runTool('sleep 0.8; echo done', [], {timeoutMs: 500})
        blockFor(1500)
        expect(await running).to.deep.equal(exited('done\n'))
      })

      it('has its time, and no more, once this process runs again', async () => {
        const start = performance.now()
        const running = runTool('exec sleep 987', [], {timeoutMs: 500})
        blockFor(1000)
        expect(await running).to.deep.equal({status: 'timed-out'})
        expect(performance.now() - start).to.be.within(1400, 4000)
      })

      it('is ended in time', async () => {
        const began = performance.now()
        expect(await runTool('exec sleep 987', [], {timeoutMs: 300})).to.deep.equal({status: 'timed-out'})
        expect(performance.now() - began).to.be.within(290, 3000)
      })

      it('is ended with a child of its own that ignores every signal that can be ignored', async () => {
        expect(await runTool(`${GRANDCHILD}; wait`, [], {timeoutMs: 1000})).to.deep.equal({status: 'timed-out'})
        await until(() => !isRunning(pidIn('pid')))
      })

      it('is not waited for beyond that where somebody in a session of their own holds the pipes', async () => {
        const fleeing = node(`
        const {spawn} = require('node:child_process')
        const {pid} = spawn('sleep', ['987'], {detached: true, stdio: 'inherit'})
        require('node:fs').writeFileSync('fled', String(pid))
        setInterval(() => undefined, 1000)`)
        const began = performance.now()
        expect(await run(fleeing, [], {timeoutMs: 1000})).to.deep.equal({status: 'timed-out'})
        expect(performance.now() - began).to.be.within(990, 4000)
        expect(pidIn('fled')).to.be.greaterThan(0)
      })

      it('counts as too long where it has ended and its pipes have not', async () => {
        const began = performance.now()
        expect(await runTool('(sleep 987; :) & echo $! >pid', [], {timeoutMs: 500})).to.deep.equal({
          status: 'timed-out',
        })
        expect(performance.now() - began).to.be.lessThan(3500)
        await until(() => !isRunning(pidIn('pid')))
      })

      it('leaves no listener and no timer behind', async () => {
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

    it('that prints for ever is ended, with all that it started', async () => {
      const script = `(trap '' TERM; while :; do sleep 1; done) >/dev/null 2>&1 & echo $! >pid; exec yes`
      expect(await runTool(script)).to.deep.equal({status: 'too-much-output'})
      await until(() => !isRunning(pidIn('pid')))
    })

    it('that prints a great deal comes through whole', async () => {
      const ran = await runTool(`head -c 3999999 /dev/zero | tr '\\0' x`)
      expect(ran).to.deep.equal(exited('x'.repeat(3_999_999)))
    })

    it('prints nothing of what went in or came out, whatever NODE_DEBUG asks for', () => {
      const script = tool(`read -r line || :; printf 'HRKU-canary-out'; printf 'said on stderr' >&2`)
      const {status, stderr, stdout} = spawnSync(process.execPath, ['--import', 'tsx', RUN_TOOL, door, script], {
        encoding: 'utf8',
        env: {...process.env, NODE_DEBUG: '*', DEBUG: '*', HEROKU_DEBUG: '1', HEROKU_API_KEY: 'HRKU-key'},
        maxBuffer: 1e9,
      })
      expect(status).to.equal(0)
      // What comes of stderr is the caller's to see; the fixture prints it.
      expect(JSON.parse(stdout)).to.deep.equal({status: 'exited', code: 0, stderr: 'said on stderr'})
      expect(stderr.match(/CHILD_?PROCESS \d+/giu), 'NODE_DEBUG has had no effect').not.to.equal(null)
      expect(stderr.match(/STREAM \d+: push/giu), 'NODE_DEBUG has shown no stream').not.to.equal(null)
      const search = searchFor(['HRKU-canary-in', 'HRKU-canary-out'].map((secret) => ({name: secret, secret})))
      expect(search(stderr)).to.deep.equal([])
    }).timeout(20_000)

    describe('while we are told to end', () => {
      for (const [signal, how] of [
        ['SIGINT', 'Ctrl-C'],
        ['SIGTERM', 'kill'],
        ['SIGHUP', 'a closed terminal'],
      ] as const)
        it(`by ${how}, ends it with all that it started, and us by that signal`, async () => {
          const script = tool(`(trap '' TERM INT HUP; echo x >up; while :; do sleep 1; done) & echo $! >pid; wait`)
          const us = spawn(process.execPath, ['--import', 'tsx', RUN_TOOL, door, script], {stdio: 'ignore'})
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
