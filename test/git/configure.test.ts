import {expect} from 'chai'
import {mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {configureGit, unconfigureGit} from '../../src/git/configure.js'
import {launcherPath} from '../../src/git/launcher-path.js'
import {isSteady, readStamp, someoneIsLoggedIn, type Subject} from '../../src/git/steady-state.js'
import {run, type Run} from '../../src/run.js'
import {openSandbox, type Sandbox} from '../support/sandbox.js'
import {inTerminal} from '../support/terminal.js'

describe("git's configuration", () => {
  let sandbox: Sandbox
  let subject: Subject
  const config = () => join(sandbox.home, '.gitconfig')
  const values = async () =>
    (await sandbox.run('git', ['config', '--global', '--get-all', 'credential.https://git.heroku.com.helper'])).stdout
      .split('\n')
      .slice(0, -1)
  /** `run` in the sandbox's environment in place of this process's own. */
  const runHere: Run = (file, args, options) => {
    const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    return run(file, args, {...options, env: {...cleared, ...subject.env, ...options.env}})
  }

  beforeEach(() => {
    sandbox = openSandbox()
    subject = {
      env: sandbox.env,
      dataDir: join(sandbox.home, 'data'),
      cacheDir: join(sandbox.home, 'cache'),
      hosts: {git: 'git.heroku.com', api: 'api.heroku.com'},
      helper: join(sandbox.home, 'git-helper.cjs'),
    }
    writeFileSync(subject.helper, '')
  })
  afterEach(() => sandbox.close())

  for (const text of ['null', '{"files":false}', '{"files":[7]}', '{"facts":"", "files'])
    it(`is looked at again where the note of the last look says ${text}`, () => {
      mkdirSync(subject.cacheDir)
      writeFileSync(join(subject.cacheDir, 'heroku-keychain-git.json'), text)
      expect(isSteady(subject)).to.equal(false)
    })

  it('is looked at, and kept, where one of its files cannot be looked at', async () => {
    symlinkSync('loop', join(sandbox.home, 'loop'))
    subject.helper = join(sandbox.home, 'loop')
    expect(isSteady(subject)).to.equal(false)
    expect(await configureGit(subject, runHere, true)).to.deep.equal({state: 'configured', foreign: []})
    expect(isSteady(subject)).to.equal(true)
  })

  it('takes nobody for logged out because that cannot be told', () => {
    mkdirSync(subject.dataDir)
    symlinkSync('login.json', join(subject.dataDir, 'login.json'))
    expect(someoneIsLoggedIn({}, subject.dataDir)).to.equal(true)
  })

  it('is nothing to undo where there is no git', async () => {
    await configureGit(subject, runHere, true)
    subject.env = {...subject.env, PATH: sandbox.bin}
    expect(await unconfigureGit(subject, runHere)).to.equal(undefined)
  })

  it('says why it could not be undone, and forgets its note of the last look all the same', async () => {
    await configureGit(subject, runHere, true)
    rmSync(config())
    mkdirSync(config())
    expect(await unconfigureGit(subject, runHere)).to.match(/^git cannot use its global configuration/u)
    rmSync(join(subject.cacheDir, 'heroku-keychain-git.json'), {force: true})
    mkdirSync(join(subject.cacheDir, 'heroku-keychain-git.json'))
    expect(await unconfigureGit(subject, runHere)).to.be.a('string')
  })

  it('is steady once it was looked at, and until something changes', async () => {
    expect(isSteady(subject)).to.equal(false)
    expect(await configureGit(subject, runHere, true)).to.deep.equal({state: 'configured', foreign: []})
    expect(isSteady(subject)).to.equal(true)
    await sandbox.run('git', ['config', '--global', 'user.name', 'Ada'])
    expect(isSteady(subject)).to.equal(false)
    await configureGit(subject, runHere, true)
    writeFileSync(subject.helper, 'another version')
    expect(isSteady(subject)).to.equal(false)
  })

  it('is steady, and can be taken back, where data and cache are in one folder, as on Windows', async () => {
    subject = {...subject, cacheDir: subject.dataDir}
    const before = '[credential "https://git.heroku.com"]\n\thelper = !heroku git:credentials\n'
    writeFileSync(config(), before)
    await configureGit(subject, runHere, true)
    expect(isSteady(subject)).to.equal(true)
    await unconfigureGit(subject, runHere)
    expect(readFileSync(config(), 'utf8')).to.equal(before)
  })

  it('changes no more once it is right', async () => {
    await configureGit(subject, runHere, true)
    const first = readFileSync(config(), 'utf8')
    await configureGit(subject, runHere, true)
    expect(readFileSync(config(), 'utf8')).to.equal(first)
  })

  it('is put right while somebody else keeps writing the same key', async () => {
    const other = async () => {
      for (let turn = 0; turn < 15; turn++)
        await sandbox.run('git', [
          'config',
          '--global',
          'credential.https://git.heroku.com.helper',
          '!heroku git:credentials',
        ])
    }
    await Promise.all([other(), configureGit(subject, runHere, true)])
    await configureGit(subject, runHere, true)
    expect((await values()).length).to.equal(3)
  }).timeout(30_000)

  it('is left to another of us that is at it, unless there is time to wait', async () => {
    const lock = join(subject.cacheDir, 'heroku-keychain-git.lock')
    mkdirSync(lock, {recursive: true})
    expect(await configureGit(subject, runHere, false)).to.deep.equal({state: 'busy'})
    const waiting = configureGit(subject, runHere, true)
    rmSync(lock, {recursive: true})
    expect(await waiting).to.deep.equal({state: 'configured', foreign: []})
  })

  it('has a file that an include names looked at again when that changes', async () => {
    const included = join(sandbox.home, 'included')
    writeFileSync(included, '[user]\n\tname = Ada\n')
    writeFileSync(config(), `[include]\n\tpath = ${included}\n`)
    await configureGit(subject, runHere, true)
    expect(isSteady(subject)).to.equal(true)
    writeFileSync(included, '[heroku]\n\tcredentialHelper = false\n')
    expect(isSteady(subject)).to.equal(false)
    expect(await configureGit(subject, runHere, true)).to.deep.equal({state: 'opted out'})
  })

  for (const [what, env, message] of [
    ['there is no git', {PATH: '/nonexistent'}, /^git is not installed$/u],
    ['there is no HOME', {HOME: undefined, XDG_CONFIG_HOME: undefined}, /^git has no global configuration here$/u],
    ['it is a folder', {GIT_CONFIG_GLOBAL: '.'}, /git/u],
  ] as const)
    it(`is given up, and that is remembered for a day, where ${what}`, async () => {
      subject = {...subject, env: {...subject.env, ...env}}
      const state = await configureGit(subject, runHere, true)
      expect(state).to.have.property('because').that.matches(message)
      expect(readStamp(subject.cacheDir)?.problem).to.match(message)
      expect(isSteady(subject)).to.equal(true)
      expect(isSteady(subject, Date.now() + 25 * 60 * 60 * 1000)).to.equal(false)
    })

  it('is as it was, to the byte, once it is taken back', async () => {
    for (const before of ['', '# mine\n[credential]\n\thelper = cache\n[alias]\n\tst = status\n']) {
      rmSync(config(), {force: true})
      writeFileSync(config(), before)
      await configureGit(subject, runHere, true)
      await unconfigureGit(subject, runHere)
      expect(readFileSync(config(), 'utf8')).to.equal(before)
    }
  })

  it('has a launcher that steps aside in silence, wherever it lies', async () => {
    const folder = join(sandbox.home, `it's (a) "data" $folder`)
    mkdirSync(folder)
    subject = {...subject, dataDir: folder, helper: join(folder, 'helper.cjs')}
    writeFileSync(subject.helper, 'process.stdout.write(JSON.stringify(process.argv.slice(2)))')
    await configureGit(subject, runHere, true)
    const ask = (operation: string) => sandbox.run('sh', ['-c', `${(found[1] ?? '').slice(1)} ${operation}`])
    const found = await values()
    expect(await ask('get')).to.deep.equal({stdout: JSON.stringify([folder, 'get']), stderr: '', exitCode: 0})
    // Somebody may be there to answer a prompt of the keychain.
    const there = await inTerminal(launcherPath(folder), ['get'], {env: sandbox.env, cwd: sandbox.home})
    expect(there.screen).to.equal(JSON.stringify([folder, 'get', 'terminal']))
    expect(await ask('store')).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
    rmSync(subject.helper)
    expect(await ask('get')).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
  })
})
