import {expect} from 'chai'
import {chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {helperChain, readLines} from '../../../src/git/helper-chain.js'
import {setUpHelper, tearDownHelper} from '../../../src/git/setup.js'
import {homeOnWindows, openGit} from '../../../src/git/config.js'
import {launcherPath, launcherValue} from '../../../src/git/launcher.js'
import {isUpToDate, lastProblem, removeStamp, hasLogin, type SetupTarget} from '../../../src/git/setup-stamp.js'
import {FALLBACKS} from '../../../src/git/helper-values.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {inTerminal} from '../../support/terminal.js'

describe("the setup of git's configuration", () => {
  let sandbox: Sandbox
  let target: SetupTarget
  const config = () => join(sandbox.home, '.gitconfig')
  const values = async () =>
    (await sandbox.run('git', ['config', '--global', '--get-all', 'credential.https://git.heroku.com.helper'])).stdout
      .split('\n')
      .slice(0, -1)
  /** `run` in the sandbox's environment instead of this process's. */
  const runHere: RunTool = (file, args, options) => {
    const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    return run(file, args, {...options, env: {...cleared, ...target.env, ...options.env}})
  }

  beforeEach(() => {
    sandbox = openSandbox()
    target = {
      env: sandbox.env,
      dataDir: join(sandbox.home, 'data'),
      cacheDir: join(sandbox.home, 'cache'),
      endpoints: {git: 'git.heroku.com', api: 'api.heroku.com'},
      helper: join(sandbox.home, 'git-helper.cjs'),
    }
    writeFileSync(target.helper, '')
  })
  afterEach(() => sandbox.close())

  for (const text of ['null', '{"files":false}', '{"files":[7]}', '{"facts":"", "files'])
    it(`is checked again if the stamp is ${text}`, () => {
      mkdirSync(target.cacheDir)
      writeFileSync(join(target.cacheDir, 'heroku-keychain-git.json'), text)
      expect(isUpToDate(target)).to.equal(false)
    })

  it('is checked and stays up to date if one of its files cannot be read', async () => {
    symlinkSync('loop', join(sandbox.home, 'loop'))
    target.helper = join(sandbox.home, 'loop')
    expect(isUpToDate(target)).to.equal(false)
    expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: []})
    expect(isUpToDate(target)).to.equal(true)
  })

  it('counts as needed if login.json cannot be read', () => {
    mkdirSync(target.dataDir)
    symlinkSync('login.json', join(target.dataDir, 'login.json'))
    expect(hasLogin({}, target.dataDir)).to.equal(true)
  })

  it('needs no removal if git is not installed', async () => {
    await setUpHelper(target, runHere, true)
    target.env = {...target.env, PATH: sandbox.bin}
    expect(await tearDownHelper(target, runHere)).to.equal(undefined)
  })

  it('reports a failed removal, and removes the stamp', async () => {
    await setUpHelper(target, runHere, true)
    rmSync(config())
    mkdirSync(config())
    expect(await tearDownHelper(target, runHere)).to.match(/^git cannot use its global configuration/u)
    rmSync(join(target.cacheDir, 'heroku-keychain-git.json'), {force: true})
    mkdirSync(join(target.cacheDir, 'heroku-keychain-git.json'))
    expect(await tearDownHelper(target, runHere)).to.be.a('string')
  })

  it('is up to date until something changes', async () => {
    expect(isUpToDate(target)).to.equal(false)
    expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: []})
    expect(isUpToDate(target)).to.equal(true)
    await sandbox.run('git', ['config', '--global', 'user.name', 'Ada'])
    expect(isUpToDate(target)).to.equal(false)
    await setUpHelper(target, runHere, true)
    writeFileSync(target.helper, 'another version')
    expect(isUpToDate(target)).to.equal(false)
  })

  it('is up to date and can be removed if data and cache are in one folder, as on Windows', async () => {
    target = {...target, cacheDir: target.dataDir}
    const before = '[credential "https://git.heroku.com"]\n\thelper = !heroku git:credentials\n'
    writeFileSync(config(), before)
    await setUpHelper(target, runHere, true)
    expect(isUpToDate(target)).to.equal(true)
    await tearDownHelper(target, runHere)
    expect(readFileSync(config(), 'utf8')).to.equal(before)
  })

  it('is idempotent', async () => {
    await setUpHelper(target, runHere, true)
    const first = readFileSync(config(), 'utf8')
    await setUpHelper(target, runHere, true)
    expect(readFileSync(config(), 'utf8')).to.equal(first)
  })

  it('succeeds while another process writes the same key', async () => {
    const other = async () => {
      for (let count = 0; count < 15; count++)
        await sandbox.run('git', [
          'config',
          '--global',
          'credential.https://git.heroku.com.helper',
          '!heroku git:credentials',
        ])
    }
    await Promise.all([other(), setUpHelper(target, runHere, true)])
    await setUpHelper(target, runHere, true)
    expect((await values()).length).to.equal(3)
  }).timeout(30_000)

  it('returns "busy" if another process holds the lock, or waits for it', async () => {
    const lock = join(dirname(launcherPath(target.env)), 'heroku-keychain-git.lock')
    mkdirSync(lock, {recursive: true})
    expect(await setUpHelper(target, runHere, false)).to.deep.equal({state: 'busy'})
    const waiting = setUpHelper(target, runHere, true)
    rmSync(lock, {recursive: true})
    expect(await waiting).to.deep.equal({state: 'configured', others: []})
  })

  it('is checked again after a change in an included file', async () => {
    const included = join(sandbox.home, 'included')
    writeFileSync(included, '[user]\n\tname = Ada\n')
    writeFileSync(config(), `[include]\n\tpath = ${included}\n`)
    await setUpHelper(target, runHere, true)
    expect(isUpToDate(target)).to.equal(true)
    writeFileSync(included, '[heroku]\n\tcredentialHelper = false\n')
    expect(isUpToDate(target)).to.equal(false)
    expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'opted out'})
  })

  for (const [what, env, message] of [
    ['HOME is not set', {HOME: undefined, XDG_CONFIG_HOME: undefined}, /^git has no global configuration here$/u],
    ['the configuration is a folder', {GIT_CONFIG_GLOBAL: '.'}, /git/u],
    ['a variable makes git fail', {GIT_CONFIG_COUNT: 'many'}, /git/u],
  ] as const)
    it(`is tried again after a minute if ${what}, and at once in a process without that variable`, async () => {
      const elsewhere = target
      target = {...target, env: {...target.env, ...env}}
      const state = await setUpHelper(target, runHere, true)
      expect(state).to.have.property('because').that.matches(message)
      expect(lastProblem(target)).to.match(message)
      expect(isUpToDate(target)).to.equal(true)
      expect(isUpToDate(target, Date.now() + 2 * 60 * 1000)).to.equal(false)
      expect([isUpToDate(elsewhere), lastProblem(elsewhere)]).to.deep.equal([false, undefined])
      target = elsewhere
      expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: []})
    })

  it('is tried again at once after git was installed', async () => {
    const {env} = target
    for (const PATH of ['/nonexistent', '']) {
      target = {...target, env: {...env, PATH}}
      const state = await setUpHelper(target, runHere, true)
      expect(state).to.deep.equal({state: 'failed', because: 'git is not installed'})
      expect(isUpToDate(target)).to.equal(false)
    }

    target = {...target, env: {...env, PATH: sandbox.bin}}
    await setUpHelper(target, runHere, true)
    symlinkSync('/usr/bin/git', join(sandbox.bin, 'git'))
    expect(isUpToDate(target)).to.equal(false)
    expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: []})
  })

  it('is tried again at once with another PATH if the first git cannot be started', async () => {
    const {env} = target
    writeFileSync(join(sandbox.bin, 'git'), '#!/bin/sh\nkill -9 $$\n', {mode: 0o755})
    expect(await setUpHelper(target, runHere, true)).to.include({state: 'failed'})
    expect(isUpToDate(target)).to.equal(true)
    target = {...target, env: {...env, PATH: '/usr/bin:/bin'}}
    expect(isUpToDate(target)).to.equal(false)
    expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: []})
    // The success with one PATH does not depend on the other.
    target = {...target, env}
    expect(isUpToDate(target)).to.equal(true)
  })

  it('ignores GIT_CONFIG, which only git config reads', async () => {
    const other = join(sandbox.home, 'other')
    writeFileSync(other, '')
    const {env} = target
    target = {...target, env: {...env, GIT_CONFIG: other}}
    expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: []})
    expect(await values()).to.have.length(3)
    expect(readFileSync(other, 'utf8')).to.equal('')
    expect(await tearDownHelper(target, runHere)).to.equal(undefined)
    expect(readFileSync(config(), 'utf8')).to.equal('')
  })

  it('writes no value of a variable to the stamp after a failure', async () => {
    const secret = 'what-nobody-else-may-see'
    target = {
      ...target,
      env: {
        ...target.env,
        GIT_CONFIG_COUNT: 'many',
        GIT_CONFIG_KEY_0: 'http.extraHeader',
        GIT_CONFIG_VALUE_0: `Authorization: ${secret}`,
      },
    }
    expect(await setUpHelper(target, runHere, true)).to.include({state: 'failed'})
    expect(readFileSync(join(target.cacheDir, 'heroku-keychain-git.json'), 'utf8')).not.to.include(secret)
  })

  it('is tried again after a minute if the configuration is locked', async () => {
    writeFileSync(`${config()}.lock`, '')
    const state = await setUpHelper(target, runHere, true)
    expect(state).to.deep.equal({state: 'failed', because: "git's global configuration is locked"})
    expect(isUpToDate(target)).to.equal(true)
    expect(isUpToDate(target, Date.now() + 2 * 60 * 1000)).to.equal(false)
  })

  const KEY = 'credential.https://git.heroku.com.helper'
  const THEIRS = ['store --file mine', '!theirs']
  /** The helpers that git asks outside of every repository. */
  const askedNow = async () => {
    const lines = await readLines(openGit(runHere, target.env).call)
    return helperChain(lines, 'git.heroku.com').asked.map(({value}) => value)
  }
  const runIn =
    (cwd: string): RunTool =>
    (file, args, options) =>
      runHere(file, args, {...options, cwd})

  it("keeps the user's helpers if it is killed at any write", async () => {
    const before = `[credential "https://git.heroku.com"]\n${THEIRS.map((each) => `\thelper = ${each}\n`).join('')}`
    for (let lives = 0, died = true; died; lives++) {
      writeFileSync(config(), before)
      let writes = 0
      const mortal: RunTool = (file, args, options) =>
        args.includes('--global') && ++writes > lives
          ? Promise.resolve({status: 'killed', signal: 'SIGKILL'})
          : runHere(file, args, options)
      died = (await setUpHelper(target, mortal, true)).state === 'failed'
      expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: THEIRS})
      expect((await values()).slice(2, -1)).to.deep.equal(THEIRS)
      expect(await tearDownHelper(target, runHere)).to.equal(undefined)
      expect(readFileSync(config(), 'utf8'), `killed at write ${lives + 1}`).to.equal(before)
    }
  }).timeout(60_000)

  const others: Record<string, string> = {
    'a general helper': '[credential]\n\thelper = store\n',
    'a general helper, and no helper': '[credential]\n\thelper = store\n\thelper =\n',
    'a helper for a pattern': '[credential "https://*.heroku.com"]\n\thelper = store\n',
    'a helper for another spelling of the host': '[credential "https://git.heroku.com:443"]\n\thelper = store\n',
    'an include with a general helper': '[include]\n\tpath = ~/included\n',
  }
  for (const [what, section] of Object.entries(others))
    it(`moves after ${what} that was added later, so that it does not receive the token`, async () => {
      writeFileSync(join(sandbox.home, 'included'), others['a general helper'] ?? '')
      await sandbox.run('git', ['config', '--global', '--add', KEY, '!theirs'])
      await setUpHelper(target, runHere, true)
      writeFileSync(config(), `${readFileSync(config(), 'utf8')}${section}`)
      expect((await askedNow()).join('\n')).to.match(/^store$|^$/mu)
      expect(isUpToDate(target)).to.equal(false)
      expect(await setUpHelper(target, runHere, false)).to.deep.equal({state: 'configured', others: ['!theirs']})
      expect(isUpToDate(target)).to.equal(true)
      expect(await askedNow()).to.deep.equal([launcherValue(target.env), '!theirs', FALLBACKS[1]])
      const text = readFileSync(config(), 'utf8')
      expect(text).to.include(section)
      await setUpHelper(target, runHere, true)
      expect(readFileSync(config(), 'utf8')).to.equal(text)
      expect(await tearDownHelper(target, runHere)).to.equal(undefined)
      expect(readFileSync(config(), 'utf8')).to.equal(
        `[credential "https://git.heroku.com"]\n\thelper = !theirs\n${section}`,
      )
    })

  it('does not move if only helpers of other hosts come later', async () => {
    await setUpHelper(target, runHere, true)
    const text = `${readFileSync(config(), 'utf8')}[credential "https://github.com"]\n\thelper = store\n[credential]\n\tuseHttpPath = true\n`
    writeFileSync(config(), text)
    expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: []})
    expect(readFileSync(config(), 'utf8')).to.equal(text)
  })

  it("succeeds if git does not move our section because of the user's comment", async () => {
    await setUpHelper(target, runHere, true)
    const text = readFileSync(config(), 'utf8').replace(/(\.com\/"\]\n)/u, '$1\t# mine\n')
    expect(text).to.include('# mine')
    writeFileSync(config(), `${text}${others['a general helper']}`)
    expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: []})
    expect(readFileSync(config(), 'utf8')).to.include('# mine')
    expect(isUpToDate(target)).to.equal(true)
  })

  it("keeps the user's helpers if it is killed while it moves", async () => {
    const added = '[credential]\n\thelper = store\n'
    for (let lives = 0, died = true; died; lives++) {
      rmSync(config(), {force: true})
      for (const each of THEIRS) await sandbox.run('git', ['config', '--global', '--add', KEY, each])
      await setUpHelper(target, runHere, true)
      writeFileSync(config(), `${readFileSync(config(), 'utf8')}${added}`)
      let writes = 0
      const mortal: RunTool = (file, args, options) =>
        args.includes('--global') && ++writes > lives
          ? Promise.resolve({status: 'killed', signal: 'SIGKILL'})
          : runHere(file, args, options)
      died = (await setUpHelper(target, mortal, true)).state === 'failed'
      const {entries} = await openGit(runHere, target.env).read()
      const kept = entries.map(({value}) => value)
      expect(kept, `killed at write ${lives + 1}`).to.include.members([...THEIRS, 'store'])
      expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'configured', others: THEIRS})
      expect(await askedNow()).to.deep.equal([launcherValue(target.env), ...THEIRS, FALLBACKS[1]])
    }
  }).timeout(60_000)

  for (const [how, section] of [
    ['everywhere', 'include'],
    ['in this repository', 'includeIf "gitdir:~/work/"'],
  ] as const)
    it(`does not copy helpers of a file that is included ${how}`, async () => {
      const work = join(sandbox.home, 'work')
      await sandbox.run('git', ['init', '--quiet', work])
      writeFileSync(
        join(sandbox.home, 'included'),
        '[credential "https://git.heroku.com"]\n\thelper = !work\n\thelper = !heroku git:credentials\n',
      )
      const before = `[${section}]\n\tpath = ~/included\n`
      writeFileSync(config(), before)
      expect(await setUpHelper(target, runIn(work), true)).to.deep.equal({state: 'configured', others: []})
      expect(readFileSync(config(), 'utf8')).not.to.include('!work')
      expect(await tearDownHelper(target, runIn(work))).to.equal(undefined)
      expect(readFileSync(config(), 'utf8')).to.equal(before)
    })

  it('does not read the current repository, which may be broken', async () => {
    const broken = join(sandbox.home, 'broken')
    await sandbox.run('git', ['init', '--quiet', broken])
    writeFileSync(join(broken, '.git', 'config'), '<<<<<<< HEAD\n')
    expect(await setUpHelper(target, runIn(broken), true)).to.deep.equal({state: 'configured', others: []})
    expect(await tearDownHelper(target, runIn(broken))).to.equal(undefined)
    expect(readFileSync(config(), 'utf8')).to.equal('')
  })

  it('respects an opt-out in the first of two files', async () => {
    const xdg = join(sandbox.home, '.config', 'git')
    mkdirSync(xdg, {recursive: true})
    writeFileSync(join(xdg, 'config'), '[heroku]\n\tcredentialHelper = false\n')
    writeFileSync(config(), '[user]\n\tname = Ada\n')
    expect(await setUpHelper(target, runHere, true)).to.deep.equal({state: 'opted out'})
    expect(await values()).to.deep.equal([])
  })

  it('restores the mode of the launcher', async () => {
    await setUpHelper(target, runHere, true)
    chmodSync(launcherPath(target.env), 0o600)
    expect(isUpToDate(target)).to.equal(false)
    await setUpHelper(target, runHere, true)
    expect(statSync(launcherPath(target.env)).mode & 0o777).to.equal(0o700)
  })

  it('is checked again if the configuration changed after it was read', async () => {
    await setUpHelper(target, runHere, true)
    const late: RunTool = async (file, args, options) => {
      const ran = await runHere(file, args, options)
      if (args.includes('--list')) await sandbox.run('git', ['config', '--global', '--add', KEY, '!theirs'])
      return ran
    }
    removeStamp(target.cacheDir)
    await setUpHelper(target, late, true)
    expect(isUpToDate(target)).to.equal(false)
  })

  it("uses git's home directory on Windows", () => {
    const elsewhere = {HOMEDRIVE: sandbox.root, HOMEPATH: '/home', USERPROFILE: 'C:\\Users\\ada'}
    expect(homeOnWindows(elsewhere)).to.equal(`${sandbox.root}/home`)
    expect(homeOnWindows({...elsewhere, HOMEPATH: '/away'})).to.equal('C:\\Users\\ada')
    expect(homeOnWindows({USERPROFILE: 'C:\\Users\\ada'})).to.equal('C:\\Users\\ada')
  })

  it('is removed without a trace, byte for byte', async () => {
    for (const before of ['', '# mine\n[credential]\n\thelper = cache\n[alias]\n\tst = status\n']) {
      rmSync(config(), {force: true})
      writeFileSync(config(), before)
      await setUpHelper(target, runHere, true)
      await tearDownHelper(target, runHere)
      expect(readFileSync(config(), 'utf8')).to.equal(before)
    }
  })

  it('writes a launcher that exits silently if a file is missing, in any folder', async () => {
    const home = join(sandbox.home, `it's (a) "home" $folder`)
    mkdirSync(home)
    target = {...target, env: {...target.env, HOME: home}, helper: join(home, 'helper.cjs')}
    writeFileSync(target.helper, 'process.stdout.write(JSON.stringify(process.argv.slice(2)))')
    await setUpHelper(target, runHere, true)
    const env = {HOME: home}
    const found = await sandbox.run('git', ['config', '--global', '-z', '--get-all', KEY], {env})
    const [, value = ''] = found.stdout.split('\0')
    const ask = (operation: string) => sandbox.run('sh', ['-c', `${value.slice(1)} ${operation}`], {env})
    const nothing = {stdout: '', stderr: '', exitCode: 0}
    expect(await ask('get')).to.deep.equal({...nothing, stdout: '["get"]'})
    // On a terminal the user can answer a prompt of the keychain.
    const launcher = launcherPath(target.env)
    const session = await inTerminal(launcher, ['get'], {env: sandbox.env, cwd: sandbox.home})
    expect(session.screen).to.equal('["get","terminal"]')
    expect(await ask('store')).to.deep.equal(nothing)
    // It does not depend on its mode, as on a disk mounted with noexec.
    chmodSync(launcher, 0o600)
    expect(await ask('get')).to.deep.equal({...nothing, stdout: '["get"]'})
    rmSync(target.helper)
    expect(await ask('get')).to.deep.equal(nothing)
    for (const spoil of [
      () => {
        rmSync(launcher)
      },
      () => {
        mkdirSync(launcher)
      },
      () => {
        rmSync(dirname(launcher), {recursive: true})
      },
    ]) {
      spoil()
      expect(await ask('get')).to.include({stdout: '', stderr: ''})
    }
  })
})
