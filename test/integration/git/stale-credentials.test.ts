import {expect} from 'chai'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {rejectStaleCredentials} from '../../../src/git/after-login.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {openSandbox, type Env, type Sandbox} from '../../support/sandbox.js'

const HOST = 'git.heroku.com'

describe('rejecting stale credentials', () => {
  let sandbox: Sandbox
  let repository: string

  beforeEach(async () => {
    sandbox = openSandbox()
    repository = join(sandbox.home, 'clone')
    mkdirSync(repository)
    await git('init', '--quiet')
    await git('config', '--global', 'credential.helper', noting('global'))
  })
  afterEach(() => sandbox.close())

  const git = (...args: string[]) => sandbox.run('git', args, {cwd: repository})
  const log = () => join(sandbox.root, 'notified')
  /** A helper that writes its name and the operation to the log. */
  const noting = (name: string) => `!f() { echo ${name} "$1" >>${log()}; cat >>${log()}; }; f`
  const notified = () => (existsSync(log()) ? readFileSync(log(), 'utf8').trimEnd().split('\n') : [])
  const reject = (cwd: string, env: Env = {}) => {
    const runHere: RunTool = (file, args, options) => {
      const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
      return run(file, args, {...options, cwd, env: {...cleared, ...sandbox.env, ...env, ...options.env}})
    }
    return rejectStaleCredentials(runHere, {...sandbox.env, ...env}, HOST)
  }
  const globalAlone = ['global erase', 'protocol=https', `host=${HOST}`]

  it("notifies the user's global helpers", async () => {
    await reject(sandbox.home)
    expect(notified()).to.deep.equal(globalAlone)
  })

  /** Adds helpers to the configuration of a repository, under every key that applies to our host. */
  const makeHostile = (config: string) => {
    const keys = [
      'credential',
      `credential "https://${HOST}"`,
      `credential "https://${HOST}/"`,
      'credential "*.heroku.com"',
    ]
    const file = join(repository, 'committed-config')
    writeFileSync(
      file,
      keys.map((key) => `[${key}]\n\thelper = "${noting('repository').replaceAll('"', String.raw`\"`)}"\n`).join(''),
    )
    writeFileSync(config, `${readFileSync(config, 'utf8')}[include]\n\tpath = ${file}\n`)
  }

  const stores: Record<string, () => Promise<{cwd: string; env?: Env}>> = {
    'the repository of the current folder': () => {
      makeHostile(join(repository, '.git', 'config'))
      return Promise.resolve({cwd: repository})
    },
    'a bare repository that was committed to a clone': async () => {
      const bare = join(repository, 'docs', 'bare')
      await git('init', '--quiet', '--bare', bare)
      makeHostile(join(bare, 'config'))
      return {cwd: bare}
    },
    'a linked work tree': async () => {
      await git(
        '-c',
        'user.name=Ada',
        '-c',
        'user.email=ada@example.com',
        'commit',
        '--quiet',
        '--allow-empty',
        '-m',
        'x',
      )
      const linked = join(sandbox.home, 'linked')
      await git('worktree', 'add', '--quiet', linked)
      await git('config', 'extensions.worktreeConfig', 'true')
      const config = join(repository, '.git', 'worktrees', 'linked', 'config.worktree')
      writeFileSync(config, '')
      makeHostile(config)
      return {cwd: linked}
    },
    'the repository that GIT_DIR names': () => {
      makeHostile(join(repository, '.git', 'config'))
      return Promise.resolve({
        cwd: sandbox.home,
        env: {GIT_DIR: join(repository, '.git'), GIT_WORK_TREE: repository, GIT_PREFIX: ''},
      })
    },
    'the repository that GIT_COMMON_DIR names': () => {
      makeHostile(join(repository, '.git', 'config'))
      return Promise.resolve({cwd: repository, env: {GIT_COMMON_DIR: join(repository, '.git')}})
    },
    'a repository above a ceiling that the environment lifts': () => {
      makeHostile(join(repository, '.git', 'config'))
      const cwd = join(repository, 'a')
      mkdirSync(cwd)
      return Promise.resolve({
        cwd,
        env: {GIT_CEILING_DIRECTORIES: '', GIT_DISCOVERY_ACROSS_FILESYSTEM: '1', GIT_IMPLICIT_WORK_TREE: '1'},
      })
    },
    'the file that GIT_CONFIG names': () => {
      makeHostile(join(repository, '.git', 'config'))
      return Promise.resolve({cwd: sandbox.home, env: {GIT_CONFIG: join(repository, '.git', 'config')}})
    },
  }
  for (const [what, place] of Object.entries(stores))
    it(`runs no helper of ${what}`, async () => {
      const {cwd, env} = await place()
      await reject(cwd, env)
      expect(notified()).to.deep.equal(globalAlone)
    })

  it('works in a repository with a broken configuration', async () => {
    writeFileSync(join(repository, '.git', 'config'), '<<<<<<< HEAD\n')
    await reject(repository)
    expect(notified()).to.deep.equal(globalAlone)
  })
})
