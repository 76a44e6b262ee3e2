// The store of a dev container. VS Code gives the container a helper, in git's system configuration, that asks git on the machine
// that runs the container. Here that machine is another sandbox, and nothing of the container's environment reaches it.
import {expect} from 'chai'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Backend} from '../../../src/backends/backend.js'
import {FORWARDING} from '../../../src/backends/git-credential.js'
import {openGitForwarded} from '../../../src/backends/git-forwarded.js'
import {launcherPath, launcherText, launcherValue} from '../../../src/git/launcher.js'
import type {RunTool} from '../../../src/process/run.js'
import {runIn} from '../../support/run-in.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {refusalOf} from '../../support/thrown-by.js'

const HELPER = fileURLToPath(new URL('../../../dist/git-helper.cjs', import.meta.url))
const ada = 'ada@example.com'
const token = 'HRKU-0123-the-token'
const host = 'git.heroku.com'

describe('git-forwarded', () => {
  let container: Sandbox
  let machine: Sandbox
  let calls: Parameters<RunTool>[]

  beforeEach(() => {
    container = openSandbox()
    machine = openSandbox()
    calls = []
  })
  afterEach(async () => {
    await container.close()
    await machine.close()
  })

  const systemConfig = () => join(container.root, 'etc-gitconfig')
  const withSystemConfig = () => ({GIT_CONFIG_NOSYSTEM: undefined, GIT_CONFIG_SYSTEM: systemConfig()})
  const env = () => container.envWith(withSystemConfig())

  /** What git prints without us. */
  const filled = async () => {
    const input = `protocol=https\nhost=${host}\n`
    return (await container.run('git', ['credential', 'fill'], {input, env: withSystemConfig()})).stdout
  }

  const open = ({cwd, timeoutMs = 10_000}: {cwd?: string; timeoutMs?: number} = {}): Backend =>
    openGitForwarded({run: runIn(env(), calls, cwd), timeoutMs, host, env: env()})

  /** Configures a helper for the whole container. */
  const configure = (value: string) =>
    container.run('git', ['config', '--file', systemConfig(), '--add', 'credential.helper', value])

  /** VS Code's helper: runs `git credential fill` on the machine for `get`. */
  const forward = async () => {
    const variables = Object.entries(machine.env).map(([name, value]) => `'${name}=${value}'`)
    const path = join(container.bin, 'forward')
    writeFileSync(path, `#!/bin/sh\ncd / && exec env -i ${variables.join(' ')} git credential fill\n`, {mode: 0o755})
    await configure(`!f() { [ "$1" != get ] || ${path}; }; f`)
  }

  /** Configures our launcher, as a login does. */
  const installLauncher = async (sandbox: Sandbox) => {
    expect(existsSync(HELPER), 'npm run build').to.equal(true)
    const launcher = launcherPath(sandbox.env)
    mkdirSync(dirname(launcher), {recursive: true})
    writeFileSync(launcher, launcherText({helper: HELPER, node: process.execPath}), {mode: 0o700})
    await sandbox.run('git', ['config', '--global', `credential.https://${host}.helper`, launcherValue(sandbox.env)])
  }

  /** Logs in on the machine; the `.netrc` is the one store that needs no other program. */
  const logIn = async () => {
    await installLauncher(machine)
    writeFileSync(join(machine.home, '.netrc'), `machine api.heroku.com\n  login ${ada}\n  password ${token}\n`, {
      mode: 0o600,
    })
  }

  /** A helper that answers with these lines, and records its input and environment. */
  const answering = async (answer: string) => {
    const record = join(container.root, 'record')
    const script = `{ cat; env; } >'${record}'; printf '${answer}'`
    await configure(`!f() { [ "$1" != get ] || { ${script}; }; }; f`)
    return () => readFileSync(record, 'utf8').split('\n')
  }

  describe('with the login on the machine that runs the container', () => {
    beforeEach(async () => {
      await forward()
      await logIn()
    })

    it('gets the token of the account', async () => {
      expect(await open().get(ada)).to.equal(token)
    })

    it('gets no token for another account', async () => {
      expect(await open().get('eve@example.com')).to.equal(undefined)
    })

    it('knows the account only as git does', async () => {
      expect(await open().accounts()).to.deep.equal(['heroku'])
      expect(await open().get('heroku')).to.equal(token)
    })

    it('leaves no secret in the container', async () => {
      await open().get(ada)
      expect((await container.run('grep', ['-rlF', token, container.root])).stdout).to.equal('')
    })

    it("does not ask our own helper, which an earlier login may have left in the container's configuration", async () => {
      await installLauncher(container)
      writeFileSync(
        join(container.home, '.netrc'),
        'machine api.heroku.com\n  login eve@example.com\n  password HRKU-eve\n',
        {mode: 0o600},
      )
      expect(await filled(), 'git asks the first helper first').to.include(`password=${token}\n`)
      await container.run('git', ['config', '--file', systemConfig(), '--unset-all', 'credential.helper'])
      expect(await filled(), 'our own helper answers git').to.include('password=HRKU-eve\n')
      expect(await open().get('eve@example.com')).to.equal(undefined)
    })
  })

  it('is absent if the machine has no login', async () => {
    await forward()
    expect(await open().get(ada)).to.equal(undefined)
    expect(await open().accounts()).to.deep.equal([])
  })

  it('is absent if git has no helper', async () => {
    expect(await open().get(ada)).to.equal(undefined)
    expect(await open().accounts()).to.deep.equal([])
  })

  for (const [what, answer, expected] of [
    ['the username that was asked for', `username=${ada}\\npassword=${token}\\n`, token],
    ['the placeholder', `username=heroku\\npassword=${token}\\n`, token],
    ['no username', `password=${token}\\n`, token],
    ['another username', `username=eve@example.com\\npassword=${token}\\n`, undefined],
    ['a username alone', `username=${ada}\\n`, undefined],
  ] as const)
    it(`${expected === undefined ? 'is absent' : 'is found'} if a helper answers with ${what}`, async () => {
      await answering(answer)
      expect(await open().get(ada)).to.equal(expected)
    })

  it('asks for the account by its name, and for any if there is only the placeholder', async () => {
    const received = await answering(`username=heroku\\npassword=${token}\\n`)
    await open().get(ada)
    expect(received()).to.include.members(['protocol=https', `host=${host}`, `username=${ada}`])
    await open().get('heroku')
    expect(received().filter((line) => line.startsWith('username='))).to.deep.equal([])
  })

  it('lists the account that git answers with', async () => {
    await answering(`username=${ada}\\npassword=${token}\\n`)
    expect(await open().accounts()).to.deep.equal([ada])
  })

  it('lets no helper prompt, and tells our own one not to answer', async () => {
    const received = await answering(`password=${token}\\n`)
    await open().get(ada)
    expect(received()).to.include.members(['GIT_TERMINAL_PROMPT=0', 'GCM_INTERACTIVE=never', `${FORWARDING}=1`])
  })

  it('runs no program that asks for a password', async () => {
    const ask = join(container.bin, 'ask')
    writeFileSync(ask, `#!/bin/sh\ntouch '${container.root}/ASKED'; echo x\n`, {mode: 0o755})
    await container.run('git', ['config', '--file', systemConfig(), 'core.askPass', ask])
    const asking = {...env(), GIT_ASKPASS: ask, SSH_ASKPASS: ask}
    const store = openGitForwarded({run: runIn(asking), timeoutMs: 10_000, host, env: asking})
    expect(await store.get(ada)).to.equal(undefined)
    expect(existsSync(join(container.root, 'ASKED'))).to.equal(false)
    await filled()
    expect(existsSync(join(container.root, 'ASKED')), 'git would ask').to.equal(true)
  })

  it("runs no helper of the current directory's repository", async () => {
    await container.run('git', ['init', '--quiet'])
    await container.run('git', ['config', 'credential.helper', `!echo username=${ada}; echo password=HRKU-other; :`])
    const {stdout} = await container.run('git', ['credential', 'fill'], {input: `protocol=https\nhost=${host}\n`})
    expect(stdout, 'git asks it').to.include('password=HRKU-other\n')
    expect(await open({cwd: container.home}).get(ada)).to.equal(undefined)
  })

  for (const [what, helper, problem, message] of [
    ['a helper ends the search', '!echo quit=1; :', 'failed', "git's credential helper failed (exit 128)"],
    [
      'the password is not ASCII',
      "!printf 'password=HRK\\303\\234\\n'; :",
      'failed',
      "git's credential helper gave a password that is not a token",
    ],
  ] as const)
    it(`fails if ${what}`, async () => {
      await configure(helper)
      const error = await refusalOf(open().get(ada))
      expect(error).to.include({
        problem,
        message,
        hint: 'on the machine that stores the login, run: heroku auth:status',
      })
    })

  it('fails if git cannot read its configuration', async () => {
    writeFileSync(systemConfig(), '[broken')
    expect(await refusalOf(open().get(ada))).to.include({
      problem: 'failed',
      message: "git's credential helper failed (exit 128)",
    })
  })

  it('is timed-out if a helper does not answer', async () => {
    await configure('!sleep 100; :')
    expect(await refusalOf(open({timeoutMs: 500}).get(ada))).to.include({problem: 'timed-out'})
  })

  it('is unavailable without git', async () => {
    const opened = Promise.resolve().then(() => openGitForwarded({run: runIn({}), timeoutMs: 1, host, env: {}}))
    expect(await refusalOf(opened)).to.include({problem: 'unavailable', message: 'git is not installed'})
  })

  it('stores and removes nothing', async () => {
    await forward()
    await logIn()
    for (const action of [() => open().set({account: ada, token}), () => open().remove(ada)])
      expect(await refusalOf(action())).to.include({
        problem: 'refused',
        message: "this login comes from git's credential helper",
        hint: 'on the machine that stores it, run: heroku login',
      })
    expect(calls).to.deep.equal([])
  })

  it('refuses an account with a newline, which would add a line to the request', async () => {
    expect(await refusalOf(open().get(`${ada}\nhost=example.com`))).to.include({problem: 'refused'})
  })
})
