// The password store, with the real gpg and the real pass.
import {expect} from 'chai'
import {execFileSync, spawnSync} from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {openPasswordStore} from '../../../src/backends/password-store.js'
import {missingPasswordStore} from '../../../src/backends/password-store-folder.js'
import type {Problem} from '../../../src/errors.js'
import {run} from '../../../src/process/run.js'
import {spawnTool} from '../../../src/process/spawn.js'
import {describeKeychain} from '../../contract/keychain-contract.js'
import {freshFolder} from '../../support/fresh-folder.js'
import {dismissPrompts, type KeyRing, keyRings, runWith} from '../../support/key-ring.js'
import {refusalOf} from '../../support/thrown-by.js'

const ada = {account: 'ada@example.com', token: 'HRKU-1'}
const KILLED_SET = fileURLToPath(new URL('../../fixtures/killed/set-in-password-store.ts', import.meta.url))
const ENTRY = 'heroku-cli/ada@example.com'
const ADA_GPG = 'ada@example.com.gpg'

// Tests of pass, a shell script.
const describeOnPosix = process.platform === 'win32' ? () => undefined : describe

describeOnPosix('the password store', function () {
  this.timeout(30_000)
  const folder = freshFolder()
  const rings = keyRings()
  let ring: KeyRing
  let guarded: KeyRing
  let empty: KeyRing
  let prompted: string

  const store = () => folder.path('store')
  const file = (name = ENTRY) => join(store(), `${name}.gpg`)
  const env = (changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    PATH: process.env.PATH,
    HOME: folder.path('home'),
    PASSWORD_STORE_DIR: store(),
    ...changes,
  })
  const open = (keys = ring, changes?: NodeJS.ProcessEnv, timeoutMs = 20_000) =>
    openPasswordStore({run: runWith(keys), timeoutMs, env: env(changes)})
  const pass = (args: string[], input = '', keys = ring) =>
    execFileSync('pass', args, {env: {...env(), ...keys.env}, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe']})
  const git = (...args: string[]) => execFileSync('git', ['-C', store(), ...args], {env: env(), encoding: 'utf8'})
  const modeOf = (path: string) => statSync(path).mode & 0o777

  before(() => {
    ring = rings.create(['ada', 'bob'])
    guarded = rings.create(['eve'], 'open sesame')
    prompted = dismissPrompts(guarded)
    empty = rings.create([])
  })
  beforeEach(() => {
    folder.write('store/.gpg-id', 'ada\n')
    mkdirSync(folder.path('home'))
  })

  for (const [runner, tool] of Object.entries({run, spawnTool}))
    describeKeychain(
      `the password store, by ${runner},`,
      () => Promise.resolve(openPasswordStore({run: runWith(ring, tool), timeoutMs: 20_000, env: env()})),
      {longestToken: () => 8192},
    )

  describe('an entry', () => {
    it('is a file that only its owner can read, in such a folder', async () => {
      const umask = process.umask(0)
      try {
        await open().set(ada)
      } finally {
        process.umask(umask)
      }
      expect(readdirSync(join(store(), 'heroku-cli'))).to.deep.equal(['ada@example.com.gpg'])
      expect([modeOf(file()), modeOf(join(store(), 'heroku-cli'))]).to.deep.equal([0o600, 0o700])
    })

    it('is printed by pass', async () => {
      await open().set(ada)
      expect(pass(['show', ENTRY])).to.equal(ada.token)
    })

    it('is in ~/.password-store, unless PASSWORD_STORE_DIR is set and not empty', async () => {
      folder.write('home/.password-store/.gpg-id', 'ada\n')
      for (const PASSWORD_STORE_DIR of ['', undefined]) {
        const keychain = open(ring, {PASSWORD_STORE_DIR})
        await keychain.set(ada)
        expect(existsSync(folder.path(`home/.password-store/${ENTRY}.gpg`))).to.equal(true)
        expect(await keychain.remove(ada.account)).to.equal(true)
      }
      expect(existsSync(file())).to.equal(false)
    })

    for (const [how, args, text] of [
      ['pass insert', ['insert', '-e'], `${ada.token}\n`],
      ['pass insert -m', ['insert', '-m'], `${ada.token}\n`],
      ['pass insert -m, with notes', ['insert', '-m'], `${ada.token}\nurl: heroku.com\n\n`],
      ['pass insert -m, with Windows line endings', ['insert', '-m'], `${ada.token}\r\nurl: heroku.com\r\n`],
    ] as const)
      it(`of ${how} is read`, async () => {
        pass([...args, ENTRY], text)
        expect(await open().get(ada.account)).to.equal(ada.token)
        expect(await open().accounts()).to.deep.equal([ada.account])
      })

    it('is removed with what a save that was killed a minute ago has left', async () => {
      await open().set(ada)
      for (const name of [`${ADA_GPG}.heroku-keychain-1.tmp`, `${ADA_GPG}.heroku-keychain-2.tmp`, 'eve.gpg'])
        folder.write(`store/heroku-cli/${name}`, '')
      for (const name of [`${ADA_GPG}.heroku-keychain-1.tmp`, 'eve.gpg'])
        utimesSync(join(store(), 'heroku-cli', name), 0, 0)
      expect(await open().remove(ada.account)).to.equal(true)
      expect(readdirSync(join(store(), 'heroku-cli'))).to.deep.equal([`${ADA_GPG}.heroku-keychain-2.tmp`, 'eve.gpg'])
    })

    it('of another name is not listed', async () => {
      for (const name of ['a b.gpg', '%41.gpg', '.gpg-id', 'ada@example.com', 'ada@example.com.gpg.tmp'])
        folder.write(`store/heroku-cli/${name}`, '')
      expect(await open().accounts()).to.deep.equal([])
    })

    it('of the longest account name is replaced', async () => {
      const account = 'a'.repeat(240)
      await open().set({account, token: 'HRKU-old'})
      await open().set({account, token: 'HRKU-new'})
      expect(await open().get(account)).to.equal('HRKU-new')
    })
  })

  describe('is encrypted', () => {
    const readers = (keys = ring) =>
      [...listPackets(keys).matchAll(/^:pubkey enc packet:.* keyid ([0-9A-F]+)$/gmu)].map(([, id]) => id)
    const listPackets = (keys: KeyRing) =>
      spawnSync('gpg', ['--batch', '--list-packets', file()], {encoding: 'utf8', env: {...process.env, ...keys.env}})
        .stdout

    const keyIds = (name: string) =>
      ring
        .gpg(['--with-colons', '--list-keys', `=${name}`])
        .split('\n')
        .flatMap((line) => (line.startsWith('sub:') ? [line.split(':')[4]] : []))

    for (const [what, prepare] of Object.entries<(() => NodeJS.ProcessEnv) | undefined>({
      'the keys of .gpg-id, without comments and empty lines': () => {
        folder.write('store/.gpg-id', '# ours\n\n  ada # first\r\nbob\n')
        return {}
      },
      'the keys of the nearest .gpg-id': () => {
        folder.write('store/.gpg-id', 'nobody\n')
        folder.write('store/heroku-cli/.gpg-id', 'ada\nbob\n')
        return {}
      },
      'the keys of PASSWORD_STORE_KEY, if it is set': () => {
        folder.write('store/.gpg-id', 'nobody\n')
        return {PASSWORD_STORE_KEY: ' ada  bob '}
      },
    }))
      it(`for ${what}`, async () => {
        await open(ring, prepare?.()).set(ada)
        expect(readers()).to.deep.equal([...keyIds('ada'), ...keyIds('bob')])
      })

    it('for the same key as by pass', async () => {
      pass(['insert', '-m', ENTRY], ada.token)
      const before = readers()
      await open().set(ada)
      expect(readers()).to.deep.equal(before)
      expect(before).to.deep.equal(keyIds('ada'))
    })

    it('without a token in any argument or plain text in any file', async () => {
      const seen: string[] = []
      const everyFile = () =>
        readdirSync(folder.path(''), {recursive: true, withFileTypes: true})
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      const spying = runWith(ring, async (program, args, options) => {
        seen.push(...args, ...everyFile())
        const result = await run(program, args, options)
        seen.push(...everyFile())
        return result
      })
      await openPasswordStore({run: spying, timeoutMs: 20_000, env: env()}).set(ada)
      seen.push(...everyFile())
      expect(seen).not.to.deep.equal([])
      expect(seen.filter((text) => text.includes(ada.token))).to.deep.equal([])
    })

    it('for no key that is only on the network', async () => {
      folder.write('store/.gpg-id', 'nobody@example.com\n')
      const lookups: string[][] = []
      const spying = runWith(ring, (program, args, options) => {
        lookups.push([...args])
        return run(program, args, options)
      })
      await refusalOf(openPasswordStore({run: spying, timeoutMs: 20_000, env: env()}).set(ada))
      expect(lookups.flat()).to.include('--no-auto-key-locate')
      expect(existsSync(join(ring.home, 'S.dirmngr')), 'gpg has started the program for the network').to.equal(false)
    })
  })

  describe('without an entry', () => {
    it('has no token, and lists none', async () => {
      expect(await open().get(ada.account)).to.equal(undefined)
      expect(await open().peek?.(ada.account)).to.deep.equal({})
      expect(await open().remove(ada.account)).to.equal(false)
      expect(await open().accounts()).to.deep.equal([])
    })

    it('starts no process', async () => {
      const none = () => Promise.reject(new Error('a process was started'))
      const keychain = openPasswordStore({run: none, timeoutMs: 1000, env: env()})
      expect(await keychain.get(ada.account)).to.equal(undefined)
      expect(await keychain.accounts()).to.deep.equal([])
    })

    it('is unavailable without .gpg-id, in every method', async () => {
      const closed = folder.path('closed')
      const keychain = open(ring, {PASSWORD_STORE_DIR: closed})
      for (const action of [
        () => keychain.get(ada.account),
        () => keychain.set(ada),
        () => keychain.remove(ada.account),
        () => keychain.accounts(),
      ]) {
        const {problem, message, hint} = await refusalOf(action())
        expect({problem, message, hint}).to.deep.equal({
          problem: 'unavailable',
          message: `there is no password store in ${closed}`,
          hint: 'pass init YOUR-GPG-ID',
        })
      }
      expect(existsSync(closed)).to.equal(false)
    })
  })

  describe('with an entry that cannot be read', () => {
    interface Failure {
      prepare: () => Promise<{keys?: KeyRing; env?: NodeJS.ProcessEnv; timeoutMs?: number}>
      problem: Problem
      message: string
      hint: string
    }
    const forEve = async () => {
      folder.write('store/.gpg-id', 'eve\n')
      mkdirSync(join(store(), 'heroku-cli'))
      guarded.gpg(['--trust-model', 'always', '-r', 'eve', '--output', file(), '--encrypt'], ada.token)
      return Promise.resolve({keys: guarded})
    }
    const holding = (content: string) => () => {
      folder.write(`store/${ENTRY}.gpg`, content)
      return Promise.resolve({})
    }
    const failures: Record<string, Failure> = {
      'whose key is locked': {
        prepare: forEve,
        problem: 'locked',
        message: "the password store's key is locked, and gpg cannot prompt here",
        hint: `pass show ${ENTRY}`,
      },
      'whose secret key is on another machine': {
        prepare: async () => {
          await open().set(ada)
          return {keys: empty}
        },
        problem: 'failed',
        message: "the password store's secret key is not on this machine",
        hint: 'gpg --list-secret-keys',
      },
      'whose secret key is on another machine, and the public one here, with another secret key': {
        prepare: async () => {
          await open().set(ada)
          const keys = rings.create(['grace'])
          writeFileSync(folder.path('public'), ring.gpg(['--armor', '--export', 'ada']))
          keys.gpg(['--import', folder.path('public')])
          return {keys}
        },
        problem: 'failed',
        message: "the password store's secret key is not on this machine",
        hint: 'gpg --list-secret-keys',
      },
      'that is no OpenPGP data': {
        prepare: holding('garbage\n'),
        problem: 'failed',
        message: `gpg could not decrypt ${ENTRY} (exit 2)`,
        hint: `pass show ${ENTRY}`,
      },
      'that is empty': {
        prepare: holding(''),
        problem: 'failed',
        message: `gpg could not decrypt ${ENTRY} (exit 2)`,
        hint: `pass show ${ENTRY}`,
      },
      'whose first line is no token': {
        prepare: () => {
          pass(['insert', '-m', ENTRY], '\nHRKU-1\n')
          return Promise.resolve({})
        },
        problem: 'failed',
        message: `the first line of ${ENTRY} in the password store is not a token`,
        hint: 'heroku login',
      },
      'where there is no gpg': {
        prepare: async () => {
          await open().set(ada)
          return {env: {PATH: folder.path('home')}}
        },
        problem: 'unavailable',
        message: 'the password store is encrypted, and gpg is not installed',
        hint: 'install gpg (GnuPG)',
      },
    }
    for (const [what, {prepare, ...expected}] of Object.entries(failures))
      it(`${what}, is ${expected.problem}, with a hint`, async () => {
        const {keys, env} = await prepare()
        const before = readFileSync(file())
        const {problem, message, hint} = await refusalOf(open(keys, env).get(ada.account))
        expect({problem, message, hint}).to.deep.equal(expected)
        expect(readFileSync(file()).equals(before)).to.equal(true)
      })

    it('whose prompt is dismissed, is denied', async () => {
      await forEve()
      const keychain = openPasswordStore({run: runWith(guarded), timeoutMs: 20_000, env: env(), display: true})
      const {problem, message, hint} = await refusalOf(keychain.get(ada.account))
      expect({problem, message, hint}).to.deep.equal({
        problem: 'denied',
        message: `gpg was not given the passphrase to read ${ENTRY}`,
        hint: `pass show ${ENTRY}`,
      })
      expect(existsSync(prompted)).to.equal(true)
    })

    it('whose key is locked, is reported as locked without a prompt to a caller that only looks', async () => {
      await forEve()
      rmSync(prompted, {force: true})
      const keychain = openPasswordStore({run: runWith(guarded), timeoutMs: 20_000, env: env(), display: true})
      expect(await keychain.peek?.(ada.account)).to.equal('locked')
      expect(existsSync(prompted)).to.equal(false)
    })

    it('that is a named pipe, does not wait for a writer', async () => {
      mkdirSync(join(store(), 'heroku-cli'))
      execFileSync('mkfifo', [file()])
      expect((await refusalOf(open().get(ada.account))).message).to.equal(
        `could not read ${file()}: it is a named pipe`,
      )
    })

    it('lists it and removes it without gpg', async () => {
      folder.write(`store/${ENTRY}.gpg`, 'garbage')
      const keychain = open(empty, {PATH: ''})
      expect(await keychain.accounts()).to.deep.equal([ada.account])
      expect(await keychain.remove(ada.account)).to.equal(true)
      expect(existsSync(file())).to.equal(false)
    })
  })

  describe('that cannot be written', () => {
    const failures: Record<
      string,
      {
        prepare: () => {keys?: KeyRing; env?: NodeJS.ProcessEnv}
        problem: Problem
        message: () => string
        hint: string
      }
    > = {
      'since it is signed': {
        prepare: () => ({env: {PASSWORD_STORE_SIGNING_KEY: 'A'.repeat(40)}}),
        problem: 'refused',
        message: () => 'signed password stores are not supported (PASSWORD_STORE_SIGNING_KEY is set)',
        hint: 'heroku login --store keyring',
      },
      'for a key that is not here': {
        prepare: () => {
          folder.write('store/.gpg-id', 'ada\nnobody@example.com\n')
          return {}
        },
        problem: 'failed',
        message: () => 'gpg has not got every key that the password store names',
        hint: 'gpg --list-keys',
      },
      'for no key': {
        prepare: () => {
          folder.write('store/.gpg-id', '# none\n')
          return {}
        },
        problem: 'failed',
        message: () => `${store()}/.gpg-id names no key`,
        hint: 'pass init YOUR-GPG-ID',
      },
      'for a key that is locked': {
        prepare: () => {
          folder.write('store/.gpg-id', 'eve\n')
          return {keys: guarded}
        },
        problem: 'locked',
        message: () => "the password store's key is locked, and gpg cannot prompt here",
        hint: `pass show ${ENTRY}`,
      },
    }
    for (const [what, {prepare, ...expected}] of Object.entries(failures))
      it(`${what}, keeps the old token, with a hint`, async () => {
        await open().set(ada)
        const before = readFileSync(file())
        const {keys, env} = prepare()
        const {problem, message, hint} = await refusalOf(open(keys, env).set({...ada, token: 'HRKU-2'}))
        expect({problem, message, hint}).to.deep.equal({...expected, message: expected.message()})
        expect(readFileSync(file()).equals(before)).to.equal(true)
        expect(readdirSync(join(store(), 'heroku-cli'))).to.deep.equal(['ada@example.com.gpg'])
      })
  })

  describe('in a git repository', () => {
    const commits = () => git('log', '--format=%s').trim().split('\n')

    beforeEach(() => {
      git('init', '--quiet')
      for (const [key, value] of [
        ['user.name', 'Ada'],
        ['user.email', ada.account],
      ] as const)
        git('config', key, value)
      git('add', '.gpg-id')
      git('commit', '--quiet', '--message', 'first')
    })

    it('stays clean: the entry is neither listed nor committed', async () => {
      await open().set(ada)
      await open().set({...ada, token: 'HRKU-2'})
      expect(git('status', '--porcelain')).to.equal('')
      git('add', '--all')
      expect(git('ls-files')).to.equal('.gpg-id\n')
      expect(commits()).to.deep.equal(['first'])
      await open().remove(ada.account)
      expect(git('status', '--porcelain')).to.equal('')
    })

    it("stays clean after pass commits the user's own entry", async () => {
      await open().set(ada)
      pass(['insert', '-m', 'mine'], 'secret\n')
      expect(git('status', '--porcelain')).to.equal('')
      expect(git('ls-files')).to.equal('.gpg-id\nmine.gpg\n')
      expect(commits()).to.have.length(2)
    })

    it('gets one line in info/exclude, after what is there', async () => {
      const exclude = join(store(), '.git/info/exclude')
      writeFileSync(exclude, '*.bak')
      await open().set(ada)
      await open().set({...ada, account: 'bob@example.com'})
      expect(readFileSync(exclude, 'utf8')).to.equal('*.bak\nheroku-cli/\n')
    })

    it('has no info folder, and gets one', async () => {
      rmSync(join(store(), '.git/info'), {recursive: true})
      await open().set(ada)
      expect(git('status', '--porcelain')).to.equal('')
    })

    it('stays clean as a linked work tree, and as a folder of a work tree', async () => {
      git('worktree', 'add', '--quiet', folder.path('linked'))
      mkdirSync(folder.path('linked/below'))
      writeFileSync(folder.path('linked/below/.gpg-id'), 'ada\n')
      for (const PASSWORD_STORE_DIR of [folder.path('linked'), folder.path('linked/below')])
        await open(ring, {PASSWORD_STORE_DIR}).set(ada)
      const listed = execFileSync('git', ['-C', folder.path('linked'), 'status', '--porcelain', '-uall'], {
        encoding: 'utf8',
      })
      expect(listed).to.equal('?? below/.gpg-id\n')
    })
  })

  it('keeps the old token or the new, whenever a save is killed, and a git repository clean', async () => {
    git('init', '--quiet')
    const keychain = open()
    const tokens: (string | undefined)[] = []
    const killedAt = async (operation: number) => {
      await keychain.set({...ada, token: 'HRKU-old'})
      // Every save adds the line.
      rmSync(join(store(), '.git/info'), {recursive: true})
      const args = ['--import', 'tsx', KILLED_SET, store(), 'HRKU-new', String(operation)]
      const {signal, status} = spawnSync(process.execPath, args, {env: {...env(), ...ring.env}, stdio: 'ignore'})
      expect({signal, status}).to.be.deep.oneOf([
        {signal: 'SIGKILL', status: null},
        {signal: null, status: 0},
      ])
      const token = await keychain.get(ada.account)
      expect(token, `operation ${operation}`).to.be.oneOf(['HRKU-old', 'HRKU-new'])
      expect(await keychain.accounts()).to.deep.equal([ada.account])
      if (token === 'HRKU-new') expect(git('status', '--porcelain')).to.equal('?? .gpg-id\n')
      tokens.push(token)
      return signal !== null
    }
    let operation = 1
    while (await killedAt(operation)) operation += 1
    expect(tokens.at(-1)).to.equal('HRKU-new')
    // Two calls of gpg, the line for git, and open, write, chmod, sync and rename.
    expect(tokens.indexOf('HRKU-new')).to.be.at.least(12)
  }).timeout(120_000)

  it('whose gpg does not answer in time is timed-out, with a hint', async () => {
    await open().set(ada)
    folder.write('home/gpg', '#!/bin/sh\nexec sleep 987\n')
    chmodSync(folder.path('home/gpg'), 0o755)
    const {problem, message, hint} = await refusalOf(open(ring, {PATH: folder.path('home')}, 300).get(ada.account))
    expect({problem, message, hint}).to.deep.equal({
      problem: 'timed-out',
      message: 'the password store: gpg did not answer within 0.3 s',
      hint: `pass show ${ENTRY}`,
    })
  })

  describe('is found', () => {
    const missing = (changes?: NodeJS.ProcessEnv) => missingPasswordStore(env(changes))?.missing

    it('if gpg is on PATH and the store has a .gpg-id', () => {
      expect(missing()).to.equal(undefined)
      expect(missing({PATH: folder.path('home')})).to.equal('gpg is not installed')
      expect(missing({PASSWORD_STORE_DIR: folder.path('none')})).to.equal('pass is not set up')
      expect(missing({PASSWORD_STORE_DIR: undefined})).to.equal('pass is not set up')
    })

    it("if only the entries' own folder has a .gpg-id", () => {
      folder.write('other/heroku-cli/.gpg-id', 'ada\n')
      expect(missing({PASSWORD_STORE_DIR: folder.path('other')})).to.equal(undefined)
    })

    it('not if .gpg-id is a folder, or PASSWORD_STORE_DIR a file', () => {
      mkdirSync(folder.path('other/.gpg-id'), {recursive: true})
      expect(missing({PASSWORD_STORE_DIR: folder.path('other')})).to.equal('pass is not set up')
      writeFileSync(folder.path('file'), '')
      expect(missing({PASSWORD_STORE_DIR: folder.path('file')})).to.equal('pass is not set up')
    })
  })
})
