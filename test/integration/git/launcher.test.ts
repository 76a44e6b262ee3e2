// git runs the launcher at every push, so only its owner may be able to change it. The tests with another user's files need
// root, as in a container or after `sudo -E heroku`.
import {expect} from 'chai'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {dirname, join} from 'node:path'
import {setUpHelper, tearDownHelper} from '../../../src/git/setup.js'
import {launcherPath, launcherProblem, launcherValue} from '../../../src/git/launcher.js'
import {isUpToDate, lastProblem, type SetupTarget} from '../../../src/git/setup-stamp.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'

const HOST = 'git.heroku.com'
const KEY = `credential.https://${HOST}.helper`
const FALLBACK = '!heroku git:credentials'
const OTHER_USER = 1234

describe("git's launcher", () => {
  let sandbox: Sandbox
  let target: SetupTarget
  let path: string
  let folder: string

  const runHere: RunTool = (file, args, options) => {
    const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    return run(file, args, {...options, env: {...cleared, ...target.env, ...options.env}})
  }
  const configure = () => setUpHelper(target, runHere, true)
  const values = async () =>
    (await sandbox.run('git', ['config', '--global', '-z', '--get-all', KEY])).stdout.split('\0').slice(0, -1)
  const configured = {state: 'configured', others: []}
  const modeOf = (file: string) => statSync(file).mode & 0o777

  beforeEach(() => {
    sandbox = openSandbox()
    target = {
      env: sandbox.env,
      dataDir: join(sandbox.home, 'data'),
      cacheDir: join(sandbox.home, 'cache'),
      endpoints: {git: HOST, api: 'api.heroku.com'},
      helper: join(sandbox.home, 'git-helper.cjs'),
    }
    writeFileSync(target.helper, '')
    path = launcherPath(target.env)
    folder = dirname(path)
  })
  afterEach(() => sandbox.close())

  it('is private to its owner with any umask', async () => {
    const umask = process.umask(0)
    try {
      await configure()
    } finally {
      process.umask(umask)
    }
    expect([modeOf(folder), modeOf(path)]).to.deep.equal([0o700, 0o700])
    expect(modeOf(target.cacheDir)).to.equal(0o700)
    expect(modeOf(join(target.cacheDir, 'heroku-keychain-git.json'))).to.equal(0o600)
    expect(launcherProblem(target.env)).to.equal(undefined)
  })

  const SPOILT: Record<string, () => void> = {
    'is writable by all users': () => {
      chmodSync(path, 0o777)
    },
    'is writable by its group': () => {
      chmodSync(path, 0o720)
    },
    'is in a folder that all users can write to': () => {
      chmodSync(folder, 0o777)
    },
    'is in a folder that its group can write to': () => {
      chmodSync(folder, 0o770)
    },
    'is a link': () => {
      rmSync(path)
      symlinkSync(join(sandbox.home, 'elsewhere'), path)
    },
    'cannot be read': () => {
      chmodSync(path, 0)
    },
    'has other text': () => {
      writeFileSync(path, '#!/bin/sh\necho password=other\n')
    },
    'has an additional line': () => {
      writeFileSync(path, `${readFileSync(path, 'utf8')}echo password=other\n`)
    },
    'starts a missing node': () => {
      writeFileSync(path, readFileSync(path, 'utf8').replace(process.execPath, '/nowhere/node'))
    },
    'starts a missing helper': () => {
      writeFileSync(path, readFileSync(path, 'utf8').replace(target.helper, '/nowhere/helper.cjs'))
    },
    'is missing': () => {
      rmSync(path)
    },
    'is missing with its folder': () => {
      rmSync(folder, {recursive: true})
    },
  }
  for (const [what, spoil] of Object.entries(SPOILT))
    it(`is repaired by the next command if it ${what}`, async () => {
      const elsewhere = join(sandbox.home, 'elsewhere')
      writeFileSync(elsewhere, 'mine')
      await configure()
      const right = readFileSync(path, 'utf8')
      spoil()
      expect(launcherProblem(target.env)).not.to.equal(undefined)
      expect(isUpToDate(target)).to.equal(false)
      expect(await configure()).to.deep.equal(configured)
      expect(launcherProblem(target.env)).to.equal(undefined)
      expect(isUpToDate(target)).to.equal(true)
      expect(readFileSync(path, 'utf8')).to.equal(right)
      expect(lstatSync(path).isFile()).to.equal(true)
      expect([modeOf(folder) & 0o022, modeOf(path)]).to.deep.equal([0, 0o700])
      expect(readFileSync(elsewhere, 'utf8')).to.equal('mine')
    })

  it('is set up without following a link in place of the stamp', async () => {
    const elsewhere = join(sandbox.home, 'elsewhere')
    writeFileSync(elsewhere, 'mine')
    mkdirSync(target.cacheDir)
    symlinkSync(elsewhere, join(target.cacheDir, 'heroku-keychain-git.json'))
    await configure()
    expect(readFileSync(elsewhere, 'utf8')).to.equal('mine')
    expect(isUpToDate(target)).to.equal(true)
  })

  it("is replaced by the CLI's own helper if its path is a folder", async () => {
    mkdirSync(path, {recursive: true})
    expect(await configure()).to.deep.equal(configured)
    expect(await values()).to.deep.equal(['', FALLBACK])
    expect(lastProblem(target)).to.include(path)
    rmSync(path, {recursive: true})
    expect(isUpToDate(target)).to.equal(false)
    expect(await configure()).to.deep.equal(configured)
    expect(await values()).to.deep.equal(['', launcherValue(target.env), FALLBACK])
  })

  it('does not prevent the setup or its removal if no data folder can be created', async () => {
    writeFileSync(join(sandbox.home, '.local'), 'no folder')
    writeFileSync(join(sandbox.home, 'data'), 'no folder')
    writeFileSync(join(sandbox.home, 'cache'), 'no folder')
    writeFileSync(join(sandbox.home, '.gitconfig'), '[user]\n\tname = Ada\n')
    expect(await configure()).to.deep.equal(configured)
    expect(await values()).to.include(FALLBACK)
    const again = readFileSync(join(sandbox.home, '.gitconfig'), 'utf8')
    expect(await configure()).to.deep.equal(configured)
    expect(readFileSync(join(sandbox.home, '.gitconfig'), 'utf8')).to.equal(again)
    expect(await tearDownHelper(target, runHere)).to.equal(undefined)
    expect(readFileSync(join(sandbox.home, '.gitconfig'), 'utf8')).to.equal('[user]\n\tname = Ada\n')
  })

  it('leaves no duplicate lines after concurrent setups without a lock', async () => {
    writeFileSync(join(sandbox.home, '.local'), 'no folder')
    for (let round = 0; round < 3; round++) {
      await Promise.all([configure(), configure(), configure()])
      // The next setup fixes what concurrent ones left.
      expect(await configure()).to.deep.equal(configured)
      expect(await values()).to.deep.equal(['', launcherValue(target.env), FALLBACK])
      rmSync(join(sandbox.home, '.gitconfig'))
    }
  }).timeout(60_000)

  it('is removed from both files of the global configuration, in either order', async () => {
    const xdg = join(sandbox.home, '.config', 'git', 'config')
    const dot = join(sandbox.home, '.gitconfig')
    mkdirSync(dirname(xdg), {recursive: true})
    for (const [first, second] of [
      [xdg, dot],
      [dot, xdg],
    ] as const) {
      writeFileSync(first, '[user]\n\tname = Ada\n')
      await configure()
      writeFileSync(second, '[user]\n\tname = Grace\n')
      await configure()
      expect(await tearDownHelper(target, runHere)).to.equal(undefined)
      expect(readFileSync(first, 'utf8')).to.equal('[user]\n\tname = Ada\n')
      expect(readFileSync(second, 'utf8')).to.equal('[user]\n\tname = Grace\n')
      rmSync(xdg)
      rmSync(dot)
    }
  })

  if (process.getuid?.() === 0) {
    const withUser = async (uid: number, action: () => Promise<void>) => {
      process.seteuid?.(uid)
      try {
        await action()
      } finally {
        process.seteuid?.(0)
      }
    }

    it("belongs to the user if root has written it in the user's folder (sudo -E)", async () => {
      mkdirSync(folder, {recursive: true})
      chownSync(folder, OTHER_USER, OTHER_USER)
      await configure()
      const {gid, uid} = statSync(path)
      expect({uid, gid}).to.deep.equal({uid: OTHER_USER, gid: OTHER_USER})
    })

    it("replaces another user's file in the user's own folder", async () => {
      await configure()
      chownSync(path, OTHER_USER, OTHER_USER)
      expect(isUpToDate(target)).to.equal(false)
      expect(await configure()).to.deep.equal(configured)
      expect(statSync(path).uid).to.equal(0)
    })

    it("replaces root's file in a user's folder, as that user", async () => {
      await configure()
      for (const each of [sandbox.root, sandbox.home, dirname(dirname(folder)), dirname(folder), folder])
        chownSync(each, OTHER_USER, OTHER_USER)
      for (const each of ['.gitconfig', 'cache']) rmSync(join(sandbox.home, each), {recursive: true})
      await withUser(OTHER_USER, async () => {
        expect(await configure()).to.deep.equal(configured)
      })
      expect(statSync(path).uid).to.equal(OTHER_USER)
    })

    for (const [what, ofRoot] of [
      ['the data folder', () => folder],
      ['the whole path', () => join(sandbox.home, '.local')],
    ] as const)
      it(`names the chown command if ${what} belongs to root`, async () => {
        await configure()
        const foreign = ofRoot()
        for (let each = foreign; each !== dirname(sandbox.root); each = dirname(each))
          chownSync(each, each === foreign ? 0 : OTHER_USER, OTHER_USER)
        for (const each of ['.gitconfig', 'cache']) rmSync(join(sandbox.home, each), {recursive: true})
        await withUser(OTHER_USER, async () => {
          expect(await configure()).to.deep.equal(configured)
          expect(lastProblem(target)).to.equal(
            `could not write ${path} (EACCES); try this: sudo chown -R ${OTHER_USER}:${process.getegid?.()} ${foreign}`,
          )
        })
        expect(existsSync(path)).to.equal(true)
      })
  }
})
