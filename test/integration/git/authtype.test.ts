// Which helpers receive the token after a push with the installed git: git 2.46 and later accepts a credential that helpers must
// not store; older git accepts only a password, which it passes to every helper.
import {expect} from 'chai'
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {setUpHelper} from '../../../src/git/setup.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {type LoopbackGit, startGit} from '../../support/loopback-git.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {openWorkTree, type WorkTree} from '../../support/work-tree.js'

const HELPER = fileURLToPath(new URL('../../../dist/git-helper.cjs', import.meta.url))
const TOKEN = 'HRKU-what-no-other-helper-may-keep'

describe('a push with the installed git', function () {
  this.timeout(60_000)
  let sandbox: Sandbox
  let git: LoopbackGit
  let tree: WorkTree
  let takesAuthtype: boolean

  before(() => {
    expect(existsSync(HELPER), 'npm run build').to.equal(true)
  })
  beforeEach(async () => {
    sandbox = openSandbox()
    git = await startGit({accepts: (password) => password === TOKEN})
    await git.createRepository('app')
    tree = await openWorkTree(sandbox)
    const {stdout} = await sandbox.run('git', ['version'])
    const [, major = '', minor = ''] = /^git version (\d+)\.(\d+)/u.exec(stdout) ?? []
    expect(major, stdout).to.equal('2')
    takesAuthtype = Number(minor) >= 46
    const target = {
      env: sandbox.env,
      dataDir: join(sandbox.home, 'data'),
      cacheDir: join(sandbox.home, 'cache'),
      endpoints: {git: git.host, api: 'api.heroku.com'},
      helper: HELPER,
    }
    const runHere: RunTool = (file, args, options) =>
      run(file, args, {...options, env: {...sandbox.env, ...options.env}})
    expect(await setUpHelper(target, runHere, true)).to.include({state: 'configured'})
  })
  afterEach(async () => {
    await git.stop()
    await sandbox.close()
  })

  const env = () => ({...git.env, HEROKU_GIT_HOST: git.host, HEROKU_API_KEY: TOKEN})
  const push = async (...config: string[]) => {
    const {exitCode, stderr} = await tree.push(git.remote('app'), env(), config)
    expect(exitCode, stderr).to.equal(0)
    expect(git.requests.at(-1)).to.include({user: 'heroku', password: TOKEN})
  }
  const stored = () => {
    const file = join(sandbox.home, '.git-credentials')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  const log = () => join(sandbox.root, 'log')
  /** A helper that logs its input and supports authtype. */
  const noting = () =>
    `!f() { { echo $1; cat; } >>${log()}; test $1 != capability || printf 'capability authtype\\n'; }; f`
  const passed = () => (existsSync(log()) ? readFileSync(log(), 'utf8') : '')

  it('authenticates, and stores nothing if no other helper is configured', async () => {
    await push()
    expect(stored()).to.equal('')
  })

  it("leaves no password with a repository's own helper, since git 2.46", async () => {
    await tree.git(['config', 'credential.helper', 'store'])
    await push()
    expect(stored()).to.equal(takesAuthtype ? '' : `https://heroku:${TOKEN}@${git.host.replace(':', '%3a')}\n`)
  })

  it('passes no password to a helper, since git 2.46', async () => {
    await push(`credential.helper=${noting()}`)
    expect(passed().includes(`password=${TOKEN}\n`)).to.equal(!takesAuthtype)
    if (takesAuthtype) expect(passed()).not.to.include('username=heroku')
  })

  it('passes a rejected token to no helper as a password, since git 2.46', async () => {
    git.accepts = () => false
    const {exitCode, stderr} = await tree.push(git.remote('app'), env(), [`credential.helper=${noting()}`])
    expect(exitCode, stderr).to.equal(128)
    expect(stderr).to.include('Authentication failed')
    expect(passed().includes(`password=${TOKEN}\n`)).to.equal(!takesAuthtype)
  })
})
