import {expect} from 'chai'
import {chmodSync, existsSync, mkdirSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {setUpHelper} from '../../../src/git/setup.js'
import {launcherPath} from '../../../src/git/launcher.js'
import {type SetupTarget, writeStamp} from '../../../src/git/setup-stamp.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {collectGitFacts} from '../../../src/status/git-facts.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'

const host = 'git.heroku.com'

describe('collectGitFacts', () => {
  let sandbox: Sandbox
  let target: SetupTarget
  let cwd: string

  beforeEach(() => {
    sandbox = openSandbox()
    cwd = join(sandbox.home, 'app')
    mkdirSync(cwd)
    target = {
      env: sandbox.env,
      dataDir: join(sandbox.home, 'data'),
      cacheDir: join(sandbox.home, 'cache'),
      endpoints: {git: host, api: 'api.heroku.com'},
      helper: join(sandbox.home, 'git-helper.cjs'),
    }
    writeFileSync(target.helper, '')
  })
  afterEach(() => sandbox.close())

  const runHere: RunTool = (file, args, options) => {
    const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    return run(file, args, {...options, cwd, env: {...cleared, ...target.env, ...options.env}})
  }
  const facts = () => collectGitFacts(target, runHere)
  const git = (...args: string[]) => sandbox.run('git', args, {cwd})
  const configure = () => setUpHelper(target, runHere, true)
  const asksUs = {host, state: 'configured', by: 'heroku-keychain', kept: false, others: []}
  const notConfigured = {host, state: 'not configured', kept: false, others: []}
  const at = (scope: string, file: string, key = 'credential.helper') => ({key, scope, file})
  const global = () => join(sandbox.home, '.gitconfig')

  it('reports whether git is configured', async () => {
    expect(await facts()).to.deep.equal(notConfigured)
    await configure()
    expect(await facts()).to.deep.equal(asksUs)
  })

  it('reports that the next command configures git while the user is logged in', async () => {
    mkdirSync(target.dataDir)
    writeFileSync(join(target.dataDir, 'login.json'), '{"account":"ada@example.com"}\n')
    expect(await facts()).to.deep.equal({...notConfigured, kept: true})
  })

  it("reports that git asks the Heroku CLI with the CLI's own helper, or without our launcher", async () => {
    await git('config', '--global', `credential.https://${host}.helper`, '!heroku git:credentials')
    expect(await facts()).to.deep.equal({...asksUs, by: 'heroku'})
    await configure()
    const launcher = launcherPath(target.env)
    for (const [spoil, because] of [
      [
        () => {
          chmodSync(launcher, 0o600)
        },
        `${launcher} is not executable`,
      ],
      [
        () => {
          chmodSync(launcher, 0o777)
        },
        `other users can write to ${launcher}`,
      ],
      [
        () => {
          chmodSync(dirname(launcher), 0o777)
        },
        `other users can write to ${dirname(launcher)}`,
      ],
      [
        () => {
          chmodSync(dirname(launcher), 0o700)
        },
        `other users can write to ${launcher}`,
      ],
      [
        () => {
          rmSync(launcher)
        },
        `${launcher} is missing`,
      ],
    ] as const) {
      spoil()
      expect(await facts()).to.deep.equal({...asksUs, by: 'heroku', because})
    }
  })

  it('omits helpers that our own settings drop, and reports later ones', async () => {
    await git('config', '--global', 'credential.helper', 'cache --timeout 60')
    await configure()
    expect(await facts()).to.deep.equal(asksUs)
    await git('config', '--global', 'credential.https://*.heroku.com.helper', '!echo password=secret')
    expect(await facts()).to.deep.equal({
      ...asksUs,
      others: [{helper: 'a shell command', ...at('global', global(), 'credential.https://*.heroku.com.helper')}],
    })
  })

  it('reports another helper in this repository, only by name', async () => {
    await configure()
    await git('init', '--quiet')
    await git('config', 'credential.helper', 'store --file secret')
    expect(await facts()).to.deep.equal({...asksUs, others: [{helper: 'store', ...at('local', '.git/config')}]})
    cwd = sandbox.home
    expect(await facts()).to.deep.equal(asksUs)
  })

  it('reads all files of git even if GIT_CONFIG names one', async () => {
    await configure()
    await git('init', '--quiet')
    await git('config', 'credential.helper', 'store')
    target.env = {...target.env, GIT_CONFIG: '/dev/null'}
    expect(await facts()).to.deep.equal({...asksUs, others: [{helper: 'store', ...at('local', '.git/config')}]})
  })

  it('starts no program that the repository names', async () => {
    await configure()
    await git('init', '--quiet')
    const ran = join(sandbox.root, 'ran')
    const program = join(cwd, 'program')
    writeFileSync(program, `#!/bin/sh\necho "$0" >>${ran}\n`, {mode: 0o755})
    const names = ['core.pager', 'pager.config', 'core.fsmonitor', 'core.editor', 'core.sshCommand', 'core.askPass']
    for (const name of names) await git('config', name, program)
    for (const name of ['credential.helper', 'alias.config']) await git('config', name, `!${program}`)
    await git('config', 'core.hooksPath', cwd)
    expect((await facts()).others).to.have.length(1)
    expect(existsSync(ran)).to.equal(false)
    const input = `protocol=https\nhost=${host}\n\n`
    await sandbox.run('git', ['-c', `credential.helper=!${program}`, 'credential', 'reject'], {cwd, input})
    expect(existsSync(ran), 'a start is detected').to.equal(true)
  })

  it('reports what drops our helper in this repository, and which helper git asks instead', async () => {
    await configure()
    await git('init', '--quiet')
    await git('config', '--add', 'credential.helper', '')
    await git('config', '--add', 'credential.helper', 'store')
    expect(await facts()).to.deep.equal({
      host,
      state: 'dropped',
      droppedBy: at('local', '.git/config'),
      kept: false,
      others: [{helper: 'store', ...at('local', '.git/config')}],
    })
  })

  it('reports an opt-out', async () => {
    await git('config', '--global', 'heroku.credentialHelper', 'false')
    await git('config', '--global', 'credential.helper', 'store')
    expect(await facts()).to.deep.equal({host, state: 'opted out', kept: false, others: []})
  })

  it('reports why the last setup failed', async () => {
    writeStamp(target, {files: [], dataDirs: [], problem: 'it is read-only'})
    expect(await facts()).to.deep.equal({...notConfigured, because: 'it is read-only'})
  })

  it('reports an invalid configuration', async () => {
    writeFileSync(global(), '[credential\n')
    expect(await facts()).to.deep.equal({
      host,
      state: 'failed',
      because: 'git cannot read its configuration (exit 128)',
      kept: false,
      others: [],
    })
  })

  it('reports a git that does not answer', async () => {
    writeFileSync(join(sandbox.bin, 'git'), '#!/bin/sh\nkill -9 $$\n')
    chmodSync(join(sandbox.bin, 'git'), 0o755)
    expect(await facts()).to.include({state: 'failed', because: 'git did not answer'})
  })

  for (const [base, name, value] of [
    ['git@heroku.com:', 'insteadOf', `https://${host}/`],
    ['ssh://git@heroku.com/', 'insteadOf', 'https://'],
    ['ssh://git@heroku.com/', 'pushInsteadOf', `https://${host}/`],
    ['heroku:', 'insteadOf', `https://${host}/app.git`],
  ] as const)
    it(`reports a rewrite to ssh: url.${base}.${name} = ${value}`, async () => {
      await configure()
      await git('config', '--global', `url.${base}.${name}`, value)
      const key = `url.${base}.${name.toLowerCase()}`
      expect(await facts()).to.deep.equal({...asksUs, rewrittenBy: at('global', global(), key)})
    })

  for (const [base, name, value] of [
    [`https://${host}/`, 'insteadOf', 'heroku:'],
    [`https://ada@${host}/`, 'insteadOf', `https://${host}/`],
    ['git@github.com:', 'insteadOf', 'https://github.com/'],
    ['git@heroku.com:', 'insteadOf', `https://evil${host}/`],
  ] as const)
    it(`reports no rewrite to ssh: url.${base}.${name} = ${value}`, async () => {
      await configure()
      await git('config', '--global', `url.${base}.${name}`, value)
      expect(await facts()).to.deep.equal(asksUs)
    })

  it('reports no rewrite to ssh if a longer match keeps the URL', async () => {
    await configure()
    await git('config', '--global', 'url.ssh://git@.insteadOf', 'https://')
    await git('config', '--global', `url.https://${host}/.insteadOf`, `https://${host}/`)
    expect(await facts()).to.deep.equal(asksUs)
  })

  it('reports that git is not installed', async () => {
    target.env = {...sandbox.env, PATH: sandbox.home}
    expect(await facts()).to.deep.equal({
      host,
      state: 'not installed',
      because: 'git is not installed',
      kept: false,
      others: [],
    })
  })
})
