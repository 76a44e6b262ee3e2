// The account that a repository selects, in every place where git runs its credential helper. With the shipped helper, a real
// keyring, real git, and git's own HTTP server over TLS. Needs `npm run build`.
import {expect} from 'chai'
import {chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {type Keyring, startKeyring} from '../../support/keyring.js'
import {type LoopbackGit, startGit} from '../../support/loopback-git.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {gitEnv, openWorkTree} from '../../support/work-tree.js'

const HELPER = fileURLToPath(new URL('../../../dist/git-helper.cjs', import.meta.url))
const ada = {account: 'ada@example.com', token: 'HRKU-adas'}
const work = {account: 'work@example.com', token: 'HRKU-works'}

describe("git with a repository's own account", function () {
  this.timeout(60_000)
  let sandbox: Sandbox
  let keyring: Keyring
  let host: LoopbackGit

  const dataDir = () => join(sandbox.home, '.local', 'share', 'heroku')
  const env = () => ({...gitEnv, ...keyring.env, ...host.env, HEROKU_GIT_HOST: host.host})
  const git = (cwd: string, args: readonly string[], variables: Record<string, string> = {}) =>
    sandbox.run('git', args, {cwd, env: {...env(), ...variables}})
  /** Runs git, which must succeed. */
  const done = async (cwd: string, ...args: string[]) => {
    const {exitCode, stderr, stdout} = await git(cwd, args)
    expect(exitCode, `git ${args.join(' ')}: ${stderr}`).to.equal(0)
    return stdout.trim()
  }
  /** What git gets for the Heroku git host in a directory. */
  const fill = async (cwd: string, {username, variables, given = []}: Ask = {}) => {
    const {stderr, stdout} = await sandbox.run('git', [...given, 'credential', 'fill'], {
      cwd,
      env: {...env(), ...variables},
      input: `protocol=https\nhost=${host.host}\n${username === undefined ? '' : `username=${username}\n`}\n`,
    })
    const said = (name: string) => new RegExp(`^${name}=(.*)$`, 'mu').exec(stdout)?.[1]
    return {token: said('password'), username: said('username'), stderr}
  }
  interface Ask {
    username?: string
    variables?: Record<string, string>
    /** git's `-c` options. */
    given?: string[]
  }
  const repository = async () => (await openWorkTree(sandbox)).path
  const select = (cwd: string, account = work.account) => done(cwd, 'config', '--local', 'heroku.account', account)

  before(async () => {
    expect(existsSync(HELPER), 'npm run build').to.equal(true)
    sandbox = openSandbox()
    keyring = await startKeyring(sandbox)
    host = await startGit({accepts: (password) => password.startsWith('HRKU-')})
    for (const {account, token} of [ada, work])
      await keyring.store({label: 'Heroku CLI', attributes: {service: 'heroku-cli', account}, secret: token})
    mkdirSync(dataDir(), {recursive: true})
    writeFileSync(join(dataDir(), 'login.json'), `${JSON.stringify({account: ada.account})}\n`)
    writeFileSync(
      join(sandbox.home, '.gitconfig'),
      `[credential "https://${host.host}"]\n\thelper = "!'${process.execPath}' '${HELPER}'"\n[protocol "file"]\n\tallow = always\n`,
    )
  })
  after(async () => {
    await host.stop()
    await keyring.stop()
    await sandbox.close()
  })

  const isAdas = (found: {token: string | undefined; stderr: string}) => {
    expect(found).to.include({token: ada.token, stderr: ''})
  }
  const isWorks = (found: {token: string | undefined; stderr: string}, file?: string) => {
    const where = file === undefined ? '' : ` in ${file}`
    expect(found).to.include({
      token: work.token,
      stderr: `heroku: using account ${work.account} (git config heroku.account${where})\n`,
    })
  }

  it('uses the login outside of repositories, and where the key is not set or is empty', async () => {
    isAdas(await fill(sandbox.home))
    const path = await repository()
    isAdas(await fill(path))
    await select(path, '')
    isAdas(await fill(path))
  })

  it('uses it in a repository and in its folders, and names the file', async () => {
    const path = await repository()
    await select(path)
    isWorks(await fill(path), '.git/config')
    mkdirSync(join(path, 'a', 'b'), {recursive: true})
    isWorks(await fill(join(path, 'a', 'b')), '.git/config')
  })

  it('uses it for one command with git -c', async () => {
    const path = await repository()
    isWorks(await fill(path, {given: ['-c', `heroku.account=${work.account}`]}))
    isAdas(await fill(path))
  })

  it('uses it in every repository below a folder, with includeIf', async () => {
    const folder = join(sandbox.home, 'clients')
    const file = join(sandbox.home, 'work.gitconfig')
    mkdirSync(folder)
    writeFileSync(file, `[heroku]\n\taccount = ${work.account}\n`)
    const path = join(folder, 'app')
    await done(sandbox.home, 'init', '--quiet', path)
    await done(sandbox.home, 'config', '--global', `includeIf.gitdir:${folder}/.path`, file)
    isWorks(await fill(path), file)
    isAdas(await fill(await repository()))
    await done(sandbox.home, 'config', '--global', '--unset', `includeIf.gitdir:${folder}/.path`)
  })

  it('uses it in a linked work tree', async () => {
    const path = await repository()
    await select(path)
    const linked = join(sandbox.home, 'linked')
    await done(path, 'worktree', 'add', '--quiet', linked)
    isWorks(await fill(linked), join(path, '.git', 'config'))
  })

  it('uses it in a bare repository', async () => {
    const path = join(sandbox.home, 'bare.git')
    await done(sandbox.home, 'init', '--quiet', '--bare', path)
    await select(path)
    isWorks(await fill(path), 'config')
  })

  it("uses a submodule's own, and not that of the repository around it", async () => {
    const outer = await repository()
    await done(outer, 'submodule', 'add', '--quiet', await repository(), 'part')
    await select(outer)
    isWorks(await fill(outer), '.git/config')
    isAdas(await fill(join(outer, 'part')))
    await select(join(outer, 'part'))
    isWorks(await fill(join(outer, 'part')), join(outer, '.git', 'modules', 'part', 'config'))
  })

  it('does not use it in a directory of another user, whose configuration git does not read', async function () {
    expect(process.getuid?.(), 'only root can give a directory away').to.equal(0)
    const path = await repository()
    await select(path)
    for (const name of ['.', '.git']) chownSync(join(path, name), 12_345, 12_345)
    isAdas(await fill(path))
  })

  it('prefers the username of the URL, and then HEROKU_ACCOUNT, and repeats the username', async () => {
    const path = await repository()
    await select(path, 'mary@example.com')
    const byUrl = await fill(path, {username: work.account})
    expect(byUrl).to.deep.equal({
      token: work.token,
      username: work.account,
      stderr: `heroku: using account ${work.account} (the remote's URL)\n`,
    })
    const byVariable = await fill(path, {variables: {HEROKU_ACCOUNT: work.account}})
    expect(byVariable.stderr).to.equal(`heroku: using account ${work.account} (HEROKU_ACCOUNT)\n`)
    expect(await fill(await repository(), {username: 'heroku'})).to.include({token: ada.token, username: 'heroku'})
  })

  it('says that HEROKU_API_KEY is used instead of the account in the URL', async () => {
    const variables = {HEROKU_API_KEY: 'HRKU-key'}
    expect(await fill(sandbox.home, {username: work.account, variables})).to.include({
      token: 'HRKU-key',
      stderr: `heroku: using HEROKU_API_KEY, and not account ${work.account} (the remote's URL)\n`,
    })
    expect(await fill(sandbox.home, {username: 'heroku', variables})).to.include({token: 'HRKU-key', stderr: ''})
  })

  it('gets no token, and does not prompt, if that account is not logged in', async () => {
    const path = await repository()
    await select(path, 'mary@example.com')
    const {stderr, token} = await fill(path)
    expect(token).to.equal(undefined)
    expect(stderr).to.match(
      /^heroku: not logged in as mary@example\.com \(selected by git config heroku\.account in \.git\/config\); try this: heroku login\n/u,
    )
    expect(stderr).to.include('quit')
  })

  it('selects nothing if the configuration cannot be read and there is one account, as git itself cannot push then', async () => {
    const path = await repository()
    await select(path)
    writeFileSync(join(path, '.git', 'config'), '[heroku\n')
    const {stdout} = await sandbox.run(process.execPath, [HELPER, 'get'], {
      cwd: path,
      env: env(),
      input: `protocol=https\nhost=${host.host}\n\n`,
    })
    expect(stdout).to.equal(`username=heroku\npassword=${ada.token}\n`)
    expect((await git(path, ['push', host.remote('x'), 'main'])).exitCode).to.equal(128)
  })

  it('pushes, fetches and clones as each account, in two repositories of the same user', async () => {
    await host.createRepository('app')
    // For a URL with a username, git first sends that without a password.
    const passwords = () => new Set(host.requests.flatMap(({password}) => (password ? [password] : [])))
    const pushed = async (url: string, given: string[] = [], account?: string) => {
      const tree = await openWorkTree(sandbox)
      if (account !== undefined) await select(tree.path, account)
      host.requests.length = 0
      await done(tree.path, ...given, 'push', '--quiet', '--force', url, 'main')
      await done(tree.path, ...given, 'fetch', '--quiet', url, 'main')
      return passwords()
    }
    const url = host.remote('app')
    const withName = url.replace('://', `://${encodeURIComponent(work.account)}@`)
    expect(await pushed(url)).to.deep.equal(new Set([ada.token]))
    expect(await pushed(url, [], work.account)).to.deep.equal(new Set([work.token]))
    expect(await pushed(withName)).to.deep.equal(new Set([work.token]))
    expect(await pushed(url, ['-c', `heroku.account=${work.account}`])).to.deep.equal(new Set([work.token]))

    host.requests.length = 0
    const clone = join(sandbox.home, 'cloned')
    await done(sandbox.home, 'clone', '--quiet', '-c', `heroku.account=${work.account}`, url, clone)
    expect(passwords()).to.deep.equal(new Set([work.token]))
    expect(await done(clone, 'config', 'heroku.account')).to.equal(work.account)
  })

  it('records nothing of the selected account', () => {
    for (const name of readdirSync(dataDir()))
      expect(readFileSync(join(dataDir(), name), 'utf8'), name).to.not.include(work.account)
    expect(readFileSync(join(dataDir(), 'login.json'), 'utf8')).to.equal(`{"account":"${ada.account}"}\n`)
  })
})
