import {expect} from 'chai'
import {randomBytes} from 'node:crypto'
import {existsSync} from 'node:fs'
import {readFile, writeFile} from 'node:fs/promises'
import type {IncomingMessage} from 'node:http'
import {request} from 'node:https'
import {dirname, join} from 'node:path'
import {type LoopbackGit, startGit} from '../loopback-git.js'
import {openSandbox, type Sandbox} from '../sandbox.js'
import {startSupervised} from '../supervised.js'
import {credentialApprove, credentialFill, credentialReject, openWorkTree, type WorkTree} from '../work-tree.js'

const TOKEN = 'HRKU-the-right-one'

/** More than git's http.postBuffer (1 MB), up to which git sends a request in one piece. */
const LARGE = 3_000_000

/** Configuration with one credential helper, which has a password. */
const helper = (password: string) => [
  'credential.helper=',
  `credential.helper=!f() { test "$1" = get && echo username=heroku && echo password=${password}; }; f`,
]

const given = (config: readonly string[]) => config.flatMap((each) => ['-c', each])

describe('a loopback git host', () => {
  let sandbox: Sandbox
  let git: LoopbackGit
  let tree: WorkTree

  const push = (name: string, config = helper(TOKEN)) => tree.push(git.remote(name), git.env, config)
  const clone = (name: string, config = helper(TOKEN)) => tree.clone(git.remote(name), git.env, config)
  /** The requests with a password for a path with this ending. */
  const sent = (end: string) => git.requests.filter(({path, password}) => path.endsWith(end) && password !== undefined)

  beforeEach(async () => {
    sandbox = openSandbox()
    tree = await openWorkTree(sandbox)
    git = await startGit({accepts: (password) => password === TOKEN})
    await git.createRepository('app')
  })
  afterEach(async () => {
    await git.stop()
    await sandbox.close()
  })

  it('accepts a push with the right password, and serves it to a clone', async () => {
    expect(await git.heads('app')).to.deep.equal({})
    const head = await tree.commit('hello', 'a greeting\n')
    expect(await push('app')).to.include({exitCode: 0})
    expect(await git.heads('app')).to.deep.equal({main: head})
    const {exitCode, path} = await clone('app')
    expect(exitCode).to.equal(0)
    expect(await readFile(join(path, 'hello'), 'utf8')).to.equal('a greeting\n')
  })

  it('records the user, the path and the answer of each request', async () => {
    await push('app')
    const nobody = {user: undefined, password: undefined, headers: {}}
    const heroku = {user: 'heroku', password: TOKEN, headers: {}}
    const refs = {method: 'GET', path: '/app.git/info/refs', query: 'service=git-receive-pack'}
    const pack = {method: 'POST', path: '/app.git/git-receive-pack', query: ''}
    expect(git.requests.map((seen) => ({...seen, headers: {}}))).to.deep.equal([
      {...refs, ...nobody, status: 401},
      {...refs, ...heroku, status: 200},
      {...pack, ...heroku, status: 200},
    ])
  })

  it('refuses a wrong password until a test accepts it', async () => {
    const {exitCode, stderr} = await push('app', helper('wrong'))
    expect(exitCode).to.equal(128)
    expect(stderr).to.equal(`fatal: Authentication failed for '${git.remote('app')}/'\n`)
    expect((await clone('app', helper('wrong'))).exitCode).to.equal(128)
    expect(await git.heads('app')).to.deep.equal({})
    expect(git.requests.map(({status}) => status)).to.deep.equal([401, 401, 401, 401])

    git.accepts = (password) => password === 'wrong'
    expect(await push('app', helper('wrong'))).to.include({exitCode: 0})
    expect(await push('app')).to.include({exitCode: 128})
  })

  it('asks for basic authorization in every refusal', async () => {
    const refused = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {method: 'POST', rejectUnauthorized: false, auth: 'heroku:wrong'}
      request(`${git.remote('app')}/git-receive-pack`, options, resolve)
        .on('error', reject)
        .end(randomBytes(LARGE))
    })
    refused.resume()
    expect(refused.statusCode).to.equal(401)
    expect(refused.headers['www-authenticate']).to.equal('Basic realm="heroku"')
  })

  it('makes git fail, without a prompt, if no helper has a password', async () => {
    for (const config of [['credential.helper='], ['credential.helper=', 'core.askPass=/bin/echo']]) {
      const {exitCode, stderr} = await push('app', config)
      expect(exitCode).to.equal(128)
      expect(stderr).to.match(/could not read Username for '.*': terminal prompts disabled\n$/u)
    }
  })

  it('is not trusted without its certificate', async () => {
    const {exitCode, stderr} = await tree.push(git.remote('app'), {...git.env, GIT_SSL_CAINFO: undefined})
    expect(exitCode).to.equal(128)
    expect(stderr).to.match(/certificate/u)
    expect(git.requests).to.deep.equal([])
  })

  it('can be reached by the name localhost', async () => {
    const url = git.remote('app').replace('127.0.0.1', 'localhost')
    expect(await tree.push(url, git.env, helper(TOKEN))).to.include({exitCode: 0})
  })

  it('answers 404 for a repository that was not created', async () => {
    const {exitCode, stderr} = await push('another')
    expect(exitCode).to.equal(128)
    expect(stderr).to.equal(`fatal: repository '${git.remote('another')}/' not found\n`)
    expect(git.requests.at(-1)).to.include({status: 404})
  })

  it('accepts a push of several megabytes, in chunks', async () => {
    const head = await tree.commit('large', randomBytes(LARGE))
    expect(await push('app')).to.include({exitCode: 0})
    expect(await git.heads('app')).to.deep.equal({main: head})
    expect(sent('receive-pack').at(-1)?.headers).to.include({'transfer-encoding': 'chunked'})
    const {path} = await clone('app')
    expect((await readFile(join(path, 'large'))).equals(await readFile(join(tree.path, 'large')))).to.equal(true)
  })

  it('refuses a password that becomes wrong in the middle of a push', async () => {
    const answers = [true, false]
    git.accepts = () => answers.shift() ?? false
    await tree.commit('large', randomBytes(LARGE))
    expect((await push('app')).exitCode).not.to.equal(0)
    expect(git.requests.map(({status}) => status).slice(0, 3)).to.deep.equal([401, 200, 401])
    expect(await git.heads('app')).to.deep.equal({})
  })

  it('accepts a compressed request', async () => {
    // Git compresses a request of more than a kilobyte.
    await tree.git(['fast-import', '--quiet'], {input: manyBranches(60)})
    const pushed = await tree.git([...given(helper(TOKEN)), 'push', '--all', git.remote('app')], {
      env: git.env,
    })
    expect(pushed).to.include({exitCode: 0})
    const {exitCode, path} = await clone('app')
    expect(exitCode).to.equal(0)
    expect(sent('upload-pack').at(-1)?.headers).to.include({'content-encoding': 'gzip'})
    const {stdout} = await sandbox.run('git', ['for-each-ref', 'refs/remotes/origin/branch-*'], {cwd: path})
    expect(stdout.trim().split('\n')).to.have.length(60)
  })

  it('uses the protocol version that git requests', async () => {
    await push('app')
    for (const version of [0, 1, 2])
      expect(await clone('app', [...helper(TOKEN), `protocol.version=${version}`])).to.include({exitCode: 0})
  })

  it('serves two clients at once', async () => {
    await git.createRepository('second')
    const head = await tree.commit('some', randomBytes(500_000))
    const pushes = await Promise.all([push('app'), push('second')])
    const clones = await Promise.all([clone('app'), clone('second')])
    expect([...pushes, ...clones].map(({exitCode}) => exitCode)).to.deep.equal([0, 0, 0, 0])
    expect([await git.heads('app'), await git.heads('second')]).to.deep.equal([{main: head}, {main: head}])
  })

  it('answers a push without reading all of it', async () => {
    const path = await git.createRepository('small')
    await sandbox.run('git', ['config', '--file', join(path, 'config'), 'receive.maxInputSize', '1000'])
    // More than the buffers in between hold; uncompressed, since compression takes long.
    await tree.git(['config', 'core.compression', '0'])
    await tree.commit('large', Buffer.alloc(5 * LARGE))
    const begun = Date.now()
    const {exitCode, stderr} = await push('small')
    // Node closes an idle connection after five seconds, and git would wait for that.
    expect(Date.now() - begun).to.be.lessThan(4500)
    expect(exitCode).to.equal(1)
    expect(stderr).to.match(/pack exceeds maximum allowed size/u)
  })

  it("collects the stderr of git's server", async () => {
    await writeFile(join(await git.createRepository('broken'), 'config'), '[')
    expect(await push('broken')).to.include({exitCode: 128})
    expect(git.requests.at(-1)).to.include({status: 500})
    expect(git.stderr()).to.match(/bad config line/u)
  })

  it("passes a hook's output to the user", async () => {
    const hook = join(await git.createRepository('hooked'), 'hooks', 'pre-receive')
    await writeFile(hook, '#!/bin/sh\necho no deploys on Fridays\nexit 1\n', {mode: 0o755})
    const {exitCode, stderr} = await push('hooked')
    expect(exitCode).to.equal(1)
    expect(stderr).to.match(/remote: no deploys on Fridays/u)
  })

  /** Begins a push that never ends: its hook sleeps, and starts a process in another session that sleeps too. */
  const beginSlowPush = async () => {
    const hook = join(await git.createRepository('slow'), 'hooks', 'pre-receive')
    await writeFile(hook, '#!/bin/sh\nsetsid sleep 600 &\necho the hook runs\nsleep 600\n', {mode: 0o755})
    const args = [...given(helper(TOKEN)), 'push', git.remote('slow'), 'main']
    const pushing = startSupervised('sh', ['-c', 'exec git "$@" 2>&1', 'sh', ...args], {
      env: sandbox.envWith(git.env),
      cwd: tree.path,
    })
    while (!(await pushing.line()).includes('the hook runs'));
    const pids = await processes()
    expect(pids.length).to.be.greaterThan(3)
    return {pushing, pids}
  }

  it('leaves no process and no file when it stops in the middle of a push', async () => {
    const {pushing, pids} = await beginSlowPush()
    await git.stop()
    expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).to.deep.equal([])
    expect((await pushing.ended).exitCode).not.to.equal(0)
    expect(await processes()).to.deep.equal([])
    expect(existsSync(dirname(git.ca))).to.equal(false)
    await git.stop()
  })

  it('ends its processes for a client that disconnects', async () => {
    const {pushing} = await beginSlowPush()
    await pushing.stop()
    const deadline = Date.now() + 3000
    while ((await processes()).length > 0) expect(Date.now()).to.be.lessThan(deadline)
  })

  /** The host's processes: they have its repositories' folder in their environment. */
  async function processes(): Promise<number[]> {
    const script = 'grep -laF "$1" /proc/[0-9]*/environ; true'
    const {stdout} = await sandbox.run('sh', ['-c', script, 'sh', join(dirname(git.ca), 'repositories')])
    return [...stdout.matchAll(/\/proc\/(\d+)/gu)].map(([, pid]) => Number(pid))
  }
})

describe('git in a sandbox', () => {
  let sandbox: Sandbox
  const site = {protocol: 'https', host: '127.0.0.1:1'}

  beforeEach(() => (sandbox = openSandbox()))
  afterEach(() => sandbox.close())

  /** A helper that answers every request, and logs its operation and input. */
  const installHelper = async () => {
    const log = join(sandbox.home, 'log')
    const script = `#!/bin/sh\necho "$1" >> "${log}"\ncat >> "${log}"\necho username=ada\necho password=a=b\n`
    await writeFile(join(sandbox.bin, 'git-credential-test'), script, {mode: 0o755})
    await sandbox.run('git', ['config', '--global', 'credential.helper', 'test'])
    return () => readFile(log, 'utf8')
  }

  it('calls its credential helpers', async () => {
    const asked = await installHelper()
    const {found, exitCode} = await credentialFill(sandbox, {}, {...site, path: 'app.git'})
    expect(exitCode).to.equal(0)
    expect(found).to.deep.equal({...site, username: 'ada', password: 'a=b'})
    expect(await asked()).to.equal('get\nprotocol=https\nhost=127.0.0.1:1\n')
  })

  it('reports accepted and rejected credentials to its helpers', async () => {
    const told = await installHelper()
    const known = {...site, username: 'ada', password: 'p'}
    expect((await credentialApprove(sandbox, {}, known)).exitCode).to.equal(0)
    expect((await credentialReject(sandbox, {}, known)).exitCode).to.equal(0)
    const lines = 'protocol=https\nhost=127.0.0.1:1\nusername=ada\npassword=p\n'
    expect(await told()).to.equal(`store\n${lines}erase\n${lines}`)
  })

  it('uses no other source of credentials', async () => {
    const {exitCode, stderr, found} = await credentialFill(sandbox, {SSH_ASKPASS: '/bin/echo'}, site)
    expect(exitCode).to.equal(128)
    expect(stderr).to.match(/terminal prompts disabled/u)
    expect(found).to.deep.equal({})
  })

  it('has a repository with a commit, and creates more of both', async () => {
    const [tree, other] = [await openWorkTree(sandbox), await openWorkTree(sandbox)]
    expect(tree.path).not.to.equal(other.path)
    await tree.commit()
    const id = await tree.commit('a name', 'x')
    const {stdout} = await tree.git(['log', '--format=%H %an %s'])
    expect(stdout.split('\n')[0]).to.equal(`${id} Ada Change a name`)
    expect(stdout.trim().split('\n')).to.have.length(3)
  })
})

/** Input with which `git fast-import` creates `count` branches, each with its own commit. */
function manyBranches(count: number): string {
  const branch = (number: number) =>
    `commit refs/heads/branch-${number}\ncommitter Ada <ada@example.com> ${1_700_000_000 + number} +0000\ndata 1\nx\n`
  return Array.from({length: count}, (_, number) => branch(number)).join('')
}
