import {expect} from 'chai'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Backend} from '../../../src/backends/backend.js'
import {openGitHelper, parseHelper} from '../../../src/backends/git-helper.js'
import {isMemoryOnly} from '../../../src/backends/store-choice.js'
import type {RunTool} from '../../../src/process/run.js'
import {describeKeychain} from '../../contract/keychain-contract.js'
import {runIn} from '../../support/run-in.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {refusalOf} from '../../support/thrown-by.js'

const ada = 'ada@example.com'
const token = 'HRKU-0123-the-token'
const host = 'api.heroku.com'
const asked = `protocol=https\nhost=${host}\nusername=${ada}\n`

describe('git-helper', () => {
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = openSandbox()
  })
  afterEach(() => sandbox.close())

  interface Options {
    calls?: Parameters<RunTool>[]
    cwd?: string
    timeoutMs?: number
    env?: Record<string, string>
  }

  /** A helper, with the login record that lists its accounts. */
  const open = (value: string, {calls, cwd, env = {}, timeoutMs = 10_000}: Options = {}, within = sandbox): Backend => {
    const accounts = new Set<string>()
    const backend = openGitHelper({
      run: runIn({...within.env, ...env}, calls, cwd),
      timeoutMs,
      value,
      host,
      accounts: () => [...accounts],
      env: within.env,
    })
    return {
      ...backend,
      async set(credential) {
        await backend.set(credential)
        accounts.add(credential.account)
      },
      async remove(account) {
        const removed = await backend.remove(account)
        accounts.delete(account)
        return removed
      },
    }
  }

  describe('with git credential-cache', () => {
    let shared: Sandbox
    let cache: Backend

    before(() => {
      shared = openSandbox()
      cache = open('cache --timeout 600', {}, shared)
    })
    after(async () => {
      expect((await shared.run('git', ['credential-cache', 'exit'])).exitCode).to.equal(0)
      await shared.close()
    })

    describeKeychain('git credential-cache', () => Promise.resolve(cache), {longestToken: () => 1000})

    it('keeps the token in memory: no file holds it', async () => {
      await cache.set({account: ada, token})
      expect((await shared.run('grep', ['-rlF', token, shared.root])).stdout).to.equal('')
      expect(await cache.get(ada)).to.equal(token)
      await cache.remove(ada)
    })

    it('forgets the token when the daemon ends', async () => {
      await cache.set({account: ada, token})
      await shared.run('git', ['credential-cache', 'exit'])
      expect(await cache.get(ada)).to.equal(undefined)
    })

    it('fails to store if the helper does not keep the token', async () => {
      const forgetful = open('cache --timeout 0', {}, shared)
      await shared.run('git', ['credential-cache', 'exit'])
      expect(await refusalOf(forgetful.set({account: ada, token}))).to.include({problem: 'failed'})
    })
  })

  describe('with git credential-store, by its path', () => {
    let shared: Sandbox
    let store: Backend

    before(async () => {
      shared = openSandbox()
      const folder = (await shared.run('git', ['--exec-path'])).stdout.trim()
      store = open(`${folder}/git-credential-store --file ${shared.root}/credentials`, {}, shared)
    })
    after(() => shared.close())

    describeKeychain('git credential-store', () => Promise.resolve(store), {longestToken: () => 1000})
  })

  /** A helper that runs a script for each operation, and records what it received. */
  const install = (script: string) => {
    const path = join(sandbox.bin, 'git-credential-made-up')
    const record = join(sandbox.root, 'record')
    writeFileSync(
      path,
      `#!/bin/sh
for operation; do :; done
input=$(cat)
{ echo "$*"; echo "$input"; } >>'${record}'
env >'${record}.env'
case $operation in
${script}
esac
`,
      {mode: 0o755},
    )
    return {
      path,
      received: () => readFileSync(record, 'utf8'),
      environment: () => readFileSync(`${record}.env`, 'utf8'),
    }
  }

  const answering = (answer: string, code = 0) => install(`get) printf '${answer}'; exit ${code};;`).path

  for (const [what, answer, code, expected] of [
    ['username and password', `username=${ada}\\npassword=${token}\\n`, 0, token],
    ['a password without a username', `password=${token}\\n`, 0, token],
    ['CRLF', `username=${ada}\\r\\npassword=${token}\\r\\n`, 0, token],
    ['attributes that we do not know', `a[]=b\\nnonsense\\npassword=${token}\\n\\npassword=later\\n`, 0, token],
    ['an equals sign in the password', `password=a=b=\\n`, 0, 'a=b='],
    ['a password, and exit 1', `password=${token}\\n`, 1, token],
    ['a password for another username', `username=eve@example.com\\npassword=${token}\\n`, 0, undefined],
    ['a password for another username, and exit 1', `username=eve@example.com\\npassword=x\\n`, 1, undefined],
    ['nothing', '', 0, undefined],
    ['an empty password', 'password=\\n', 0, undefined],
    ['a username alone', `username=${ada}\\n`, 0, undefined],
    ['quit=0', 'quit=0\\n', 0, undefined],
  ] as const)
    it(`${expected === undefined ? 'is absent' : 'is found'} if the helper answers with ${what}`, async () => {
      expect(await open(answering(answer, code)).get(ada)).to.equal(expected)
    })

  for (const [what, answer, code, message] of [
    ['nothing, and exit 1', '', 1, 'failed (exit 1)'],
    ['an empty password, and exit 3', 'password=\\n', 3, 'failed (exit 3)'],
    ['quit=1', 'quit=1\\n', 0, 'did not give the token'],
    ['quit=true', 'quit=true\\n', 0, 'did not give the token'],
    ['a password that is not ASCII', 'password=HRK\\303\\234\\n', 0, 'gave a password that is not a token'],
  ] as const)
    it(`fails if the helper answers with ${what}`, async () => {
      const path = answering(answer, code)
      const error = await refusalOf(open(`${path} --first`).get(ada))
      expect(error).to.include({
        problem: 'failed',
        message: `${path} ${message}`,
        hint: `try: echo host=example.com | ${path} --first get`,
      })
    })

  it('is timed-out if the helper does not answer', async () => {
    const {path} = install('get) sleep 100;;')
    expect(await refusalOf(open(path, {timeoutMs: 300}).get(ada))).to.include({problem: 'timed-out'})
  })

  it('is unavailable if there is no such helper', async () => {
    expect(await refusalOf(open('made-up').get(ada))).to.include({
      problem: 'unavailable',
      message: 'git credential-made-up is not installed',
      hint: 'git help -a | grep credential-',
    })
    const missing = join(sandbox.root, 'missing')
    expect(await refusalOf(open(missing).get(ada))).to.include({
      problem: 'unavailable',
      message: `${missing} could not be started (ENOENT)`,
    })
  })

  it('gives the helper what git would, and reads the token back after it was stored', async () => {
    const {path, received} = install(
      `store) echo "$input" >"$HOME/kept";; get) cat "$HOME/kept" 2>/dev/null || :;; erase) rm "$HOME/kept";;`,
    )
    const calls: Parameters<RunTool>[] = []
    const helper = open(`${path}  --name a=b\t'c`, {calls})
    await helper.set({account: ada, token})
    expect(await helper.remove(ada)).to.equal(true)
    expect(received()).to.equal(
      [
        `--name a=b 'c store\n${asked}password=${token}\n`,
        `--name a=b 'c get\n${asked}`,
        `--name a=b 'c get\n${asked}`,
        `--name a=b 'c erase\n${asked}`,
        `--name a=b 'c get\n${asked}`,
      ].join(''),
    )
    const words = calls.flatMap(([file, args, options]) => [file, ...args, JSON.stringify(options.env)])
    expect(words.filter((word) => word.includes(token))).to.deep.equal([])
  })

  it('runs a helper by name through git, with its arguments', async () => {
    const {received} = install(`get) echo password=${token};;`)
    expect(await open('made-up --first').get(ada)).to.equal(token)
    expect(received()).to.equal(`--first get\n${asked}`)
  })

  it('lets no helper prompt, and shows it no repository', async () => {
    const {environment, path} = install('get) :;;')
    const repository = {
      GIT_WORK_TREE: '/',
      GIT_DIR: '/x',
      GIT_ASKPASS: 'ask',
      SSH_ASKPASS: 'ask',
      HEROKU_API_KEY: token,
    }
    await open(path, {env: repository}).get(ada)
    const variables = environment().split('\n')
    expect(variables).to.include.members(['GIT_TERMINAL_PROMPT=0', 'GCM_INTERACTIVE=never', 'GIT_DIR=/dev/null'])
    expect(variables.filter((line) => /^(?:GIT_WORK_TREE|GIT_ASKPASS|SSH_ASKPASS)=/u.test(line))).to.deep.equal([])
  })

  it("runs no command of the current directory's repository", async () => {
    await sandbox.run('git', ['init', '--quiet'])
    await sandbox.run('git', ['config', 'alias.credential-made-up', '!touch "$HOME/PWNED"; :'])
    expect((await sandbox.run('git', ['credential-made-up'])).exitCode).to.equal(0)
    expect(existsSync(join(sandbox.home, 'PWNED')), 'the alias works').to.equal(true)
    await sandbox.run('rm', ['PWNED'])
    expect(await refusalOf(open('made-up', {cwd: sandbox.home}).get(ada))).to.include({problem: 'unavailable'})
    expect(existsSync(join(sandbox.home, 'PWNED'))).to.equal(false)
  })

  for (const [what, script, message] of [
    ['store, if the helper fails', 'store) exit 4;; get) :;;', 'could not store the token (exit 4)'],
    ['store, if the helper drops the token', 'store) :;; get) :;;', 'did not keep the token as it was stored'],
    ['store, if the helper changes the token', 'get) echo password=other;;', 'did not keep the token as it was stored'],
  ] as const)
    it(`fails to ${what}`, async () => {
      const {path} = install(script)
      const error = await refusalOf(open(path).set({account: ada, token}))
      expect(`${error.problem}: ${error.message}`).to.equal(`failed: ${path} ${message}`)
    })

  for (const [what, script, message] of [
    ['the helper fails', 'erase) exit 4;;', 'could not remove the token (exit 4)'],
    ['the token is still there', 'erase) :;;', 'still holds the token'],
  ] as const)
    it(`fails to remove if ${what}`, async () => {
      const {path} = install(`get) echo password=${token};; ${script}`)
      const error = await refusalOf(open(path).remove(ada))
      expect(`${error.problem}: ${error.message}`).to.equal(`failed: ${path} ${message}`)
    })

  it('refuses an account that does not fit a line, before it starts the helper', async () => {
    const {path} = install('get) :;;')
    const calls: Parameters<RunTool>[] = []
    const account = `${'a'.repeat(1000)}@example.com`
    expect(await refusalOf(open(path, {calls}).set({account, token}))).to.include({problem: 'refused'})
    expect(calls).to.deep.equal([])
  })
})

describe("a git helper's value", () => {
  let sandbox: Sandbox
  beforeEach(() => {
    sandbox = openSandbox()
  })
  afterEach(() => sandbox.close())

  const refused = (action: () => unknown) => refusalOf(Promise.resolve().then(action))

  for (const [value, problem] of [
    ['', 'the credential helper has no name'],
    ['  ', 'the credential helper has no name'],
    ['!git credential-cache', 'a credential helper cannot be a shell command'],
    ['!', 'a credential helper cannot be a shell command'],
    ['store', 'git credential-store keeps tokens in plain text'],
    [' store --file x', 'git credential-store keeps tokens in plain text'],
    ['./helper', 'a credential helper is a name or an absolute path'],
    ['bin/helper', 'a credential helper is a name or an absolute path'],
    ['~/helper', 'a credential helper is a name or an absolute path'],
    [String.raw`bin\helper`, 'a credential helper is a name or an absolute path'],
    ['cache\n', "a credential helper's name cannot hold a control character"],
    ['cache\0', "a credential helper's name cannot hold a control character"],
  ] as const)
    it(`is refused: ${JSON.stringify(value)}`, async () => {
      const error = await refused(() => parseHelper(value, sandbox.env))
      expect(`${error.problem}: ${error.message}`).to.equal(`refused: ${problem}`)
      expect(error.hint).to.match(/^heroku login --store /u)
    })

  it('is split at blanks', () => {
    const {args, program} = parseHelper(' cache  --timeout\t28800 ', sandbox.env)
    expect([program, args]).to.deep.equal(['/usr/bin/git', ['credential-cache', '--timeout', '28800']])
    expect(parseHelper('/opt/helper a', sandbox.env))
      .to.include({program: '/opt/helper'})
      .and.have.deep.property('args', ['a'])
  })

  it('needs git only for a name', async () => {
    expect(parseHelper('/opt/helper', {})).to.include({program: '/opt/helper'})
    expect(await refused(() => parseHelper('cache', {}))).to.include({
      problem: 'unavailable',
      message: 'git is not installed',
    })
  })

  it('says whether the helper keeps tokens in memory only', () => {
    for (const value of ['cache', ' cache --timeout 1', '/usr/lib/git-core/git-credential-cache --timeout 1'])
      expect(isMemoryOnly(value), value).to.equal(true)
    for (const value of ['cached', 'libsecret cache', '/opt/cache', 'my-cache'])
      expect(isMemoryOnly(value), value).to.equal(false)
  })
})
