// Two shells of one user, each with its own data folder and login, share git's configuration. With the shipped helper, a real
// keyring and real git. Needs `npm run build`.
import {expect} from 'chai'
import {execFile} from 'node:child_process'
import {chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {promisify} from 'node:util'
import {setUpHelper, tearDownHelper} from '../../../src/git/setup.js'
import {configuredHosts} from '../../../src/git/configured-hosts.js'
import {isUpToDate, type SetupTarget} from '../../../src/git/setup-stamp.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {type Keyring, startKeyring} from '../../support/keyring.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {countTestsHere} from '../../support/trust.js'
import {credentialFill} from '../../support/work-tree.js'

const HELPER = fileURLToPath(new URL('../../../dist/git-helper.cjs', import.meta.url))
const CONFIGURE = fileURLToPath(new URL('../../fixtures/git/configure-shells.ts', import.meta.url))
const HOST = 'git.heroku.com'
const KEY = `credential.https://${HOST}.helper`
const FALLBACK = '!heroku git:credentials'

const ada = {account: 'ada@example.com', token: 'HRKU-adas'}
const grace = {account: 'grace@example.com', token: 'HRKU-graces'}

describe('two shells of one user', function () {
  countTestsHere('shells/git')
  this.timeout(60_000)
  let sandbox: Sandbox
  let keyring: Keyring

  before(async () => {
    expect(existsSync(HELPER), 'npm run build').to.equal(true)
    sandbox = openSandbox()
    keyring = await startKeyring(sandbox)
    for (const {account, token} of [ada, grace])
      await keyring.store({label: 'Heroku CLI', attributes: {service: 'heroku-cli', account}, secret: token})
  })
  after(async () => {
    await keyring.stop()
    await sandbox.close()
  })

  const config = () => join(sandbox.home, '.gitconfig')
  const text = () => readFileSync(config(), 'utf8')
  const launcher = () => join(sandbox.home, '.local', 'share', 'heroku', 'git-credential-helper')
  const values = async () =>
    (await sandbox.run('git', ['config', '--global', '-z', '--get-all', KEY])).stdout.split('\0').slice(0, -1)

  interface Shell {
    env: Record<string, string>
    target: SetupTarget
    run: RunTool
    logIn(account: string): void
    logOut(): void
    fill(): Promise<string>
  }

  /** @param dataDir the data folder that the Heroku CLI finds with these variables */
  const openShell = (dataDir: string, env: Record<string, string>, helper = HELPER): Shell => {
    mkdirSync(dataDir, {recursive: true})
    const all = {...sandbox.env, ...keyring.env, XDG_DATA_HOME: undefined, ...env}
    const login = join(dataDir, 'login.json')
    return {
      env,
      target: {
        env: all,
        dataDir,
        cacheDir: join(sandbox.home, '.cache', 'heroku'),
        endpoints: {git: HOST, api: 'api.heroku.com'},
        helper,
      },
      run: (file, args, options) => {
        const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
        return run(file, args, {...options, env: {...cleared, ...all, ...options.env}})
      },
      logIn(account) {
        writeFileSync(login, `${JSON.stringify({account})}\n`)
      },
      logOut() {
        rmSync(login)
      },
      async fill() {
        const {stdout} = await credentialFill(sandbox, all, {protocol: 'https', host: HOST})
        return /^password=(.*)$/mu.exec(stdout)?.[1] ?? ''
      },
    }
  }

  const ways: Record<string, (folder: string) => Shell> = {
    HEROKU_DATA_DIR: (folder) => openShell(folder, {HEROKU_DATA_DIR: folder}),
    XDG_DATA_HOME: (folder) => openShell(join(folder, 'heroku'), {XDG_DATA_HOME: folder}),
    'both, the first of which wins': (folder) =>
      openShell(folder, {HEROKU_DATA_DIR: folder, XDG_DATA_HOME: join(sandbox.home, 'nothing')}),
    'no variable': () => openShell(join(sandbox.home, '.local', 'share', 'heroku'), {}),
  }

  let first: Shell
  let second: Shell
  const configure = (shell: Shell) => setUpHelper(shell.target, shell.run, true)

  afterEach(() => {
    for (const name of ['.gitconfig', '.local/share/heroku', '.cache', 'first', "it's the second"])
      rmSync(join(sandbox.home, name), {recursive: true, force: true})
  })

  it('record every data folder that uses git, and remove the one that logs out, in concurrent processes', async () => {
    const folders = (shell: string) =>
      ['a', 'b', 'c'].map((name) => {
        const folder = join(sandbox.home, 'first', shell + name)
        openShell(folder, {}).logIn(ada.account)
        return folder
      })
    const shells = ['one', 'two', 'three'].map(folders)
    const ended = await Promise.all(
      shells.map((each) =>
        promisify(execFile)(process.execPath, ['--import', 'tsx', CONFIGURE, HELPER, ...each], {env: sandbox.env}),
      ),
    )
    for (const {stdout} of ended)
      expect(JSON.parse(stdout)).to.deep.equal(['configured', 'configured', 'configured', 'taken back'])
    const [{dataDirs = []} = {}, ...others] = configuredHosts(sandbox.env)
    expect(others).to.deep.equal([])
    expect([...dataDirs].sort()).to.deep.equal(shells.flatMap((each) => each.slice(1)).sort())
  })

  for (const [way, open] of Object.entries(ways))
    describe(`with ${way}, and HEROKU_DATA_DIR`, () => {
      beforeEach(() => {
        first = open(join(sandbox.home, 'first'))
        second = openShell(join(sandbox.home, "it's the second"), {
          HEROKU_DATA_DIR: join(sandbox.home, "it's the second"),
        })
        first.logIn(ada.account)
        second.logIn(grace.account)
      })

      it('get their own token from git, in any order of setup', async () => {
        for (const order of [[first, second], [second, first], [first], [second]]) {
          rmSync(config(), {force: true})
          for (const shell of order) await configure(shell)
          expect([await first.fill(), await second.fill()]).to.deep.equal([ada.token, grace.token])
        }
      })

      it('do not rewrite the configuration or the launcher alternately, and check it once each', async () => {
        expect(await configure(first)).to.deep.equal({state: 'configured', others: []})
        const configured = [text(), readFileSync(launcher(), 'utf8')]
        expect(isUpToDate(second.target)).to.equal(false)
        expect(await configure(second)).to.deep.equal({state: 'configured', others: []})
        expect([text(), readFileSync(launcher(), 'utf8')]).to.deep.equal(configured)
        expect([isUpToDate(first.target), isUpToDate(second.target)]).to.deep.equal([true, true])
      })

      it("keep each other's login usable after a logout, and remove the configuration with the last one", async () => {
        writeFileSync(config(), '[user]\n\tname = Ada\n')
        const before = text()
        for (const [one, other, token] of [
          [first, second, grace.token],
          [second, first, ada.token],
        ] as const) {
          await configure(one)
          await configure(other)
          const configured = text()
          one.logOut()
          expect(await tearDownHelper(one.target, one.run)).to.equal(undefined)
          expect(text()).to.equal(configured)
          expect([await one.fill(), await other.fill()]).to.deep.equal(['', token])
          other.logOut()
          expect(await tearDownHelper(other.target, other.run)).to.equal(undefined)
          expect(text()).to.equal(before)
          first.logIn(ada.account)
          second.logIn(grace.account)
        }
      })
    })

  describe('with plugins of their own', () => {
    let own: string
    beforeEach(() => {
      const folder = join(sandbox.home, 'first')
      mkdirSync(folder)
      own = join(folder, 'git-helper.cjs')
      copyFileSync(HELPER, own)
      first = openShell(folder, {HEROKU_DATA_DIR: folder}, own)
      second = openShell(join(sandbox.home, '.local', 'share', 'heroku'), {})
      first.logIn(ada.account)
      second.logIn(grace.account)
    })

    it("keep a launcher that starts the other's plugin", async () => {
      await configure(first)
      const written = readFileSync(launcher(), 'utf8')
      await configure(second)
      expect(readFileSync(launcher(), 'utf8')).to.equal(written)
      expect([isUpToDate(first.target), isUpToDate(second.target)]).to.deep.equal([true, true])
    })

    it('replace a launcher whose plugin is missing', async () => {
      await configure(first)
      await configure(second)
      rmSync(own)
      expect(isUpToDate(second.target)).to.equal(false)
      await configure(second)
      expect(readFileSync(launcher(), 'utf8')).to.include(HELPER).and.not.to.include(own)
      expect(await second.fill()).to.equal(grace.token)
    })
  })

  describe('with settings of an earlier version', () => {
    beforeEach(() => {
      second = openShell(join(sandbox.home, '.local', 'share', 'heroku'), {})
      second.logIn(grace.account)
    })

    for (const [what, file] of [
      ['in a data folder', '/elsewhere/data/git-credential-helper'],
      ['in a data folder with a quote', String.raw`/else'\''where/git-credential-helper`],
      ['in the default folder of another home', '/home/old/.local/share/heroku/git-credential-helper'],
    ] as const)
      it(`replace a launcher ${what}, and do not keep it as the user's own helper`, async () => {
        for (const value of ['', `!'${file}'`, '!theirs', FALLBACK])
          await sandbox.run('git', ['config', '--global', '--add', KEY, value])
        expect(await configure(second)).to.deep.equal({state: 'configured', others: ['!theirs']})
        const found = await values()
        expect(found).to.have.length(4)
        expect(found[1]).to.include(`'${launcher()}'`)
        expect([found[0], ...found.slice(2)]).to.deep.equal(['', '!theirs', FALLBACK])
        expect(text()).not.to.include(file)
        expect(await tearDownHelper(second.target, second.run)).to.equal(undefined)
        expect(await values()).to.deep.equal(['!theirs'])
      })

    for (const theirs of [
      '/opt/git-credential-helper',
      '!/opt/git-credential-helper',
      "!'/opt/git-credential-helper' -v",
    ])
      it(`keep ${theirs}, which is the user's own`, async () => {
        await sandbox.run('git', ['config', '--global', '--add', KEY, theirs])
        expect(await configure(second)).to.deep.equal({state: 'configured', others: [theirs]})
      })
  })

  it('share a launcher that no other user can change', async () => {
    second = openShell(join(sandbox.home, '.local', 'share', 'heroku'), {})
    chmodSync(second.target.dataDir, 0o777)
    second.logIn(grace.account)
    await configure(second)
    chmodSync(launcher(), 0o777)
    expect(isUpToDate(second.target)).to.equal(false)
    await configure(second)
    expect(await second.fill()).to.equal(grace.token)
  })
})
