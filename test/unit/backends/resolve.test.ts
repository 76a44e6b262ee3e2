import {expect} from 'chai'
import {chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {delimiter, join, relative} from 'node:path'
import {gpgPatience, patience} from '../../../src/backends/patience.js'
import {resolveKeychain} from '../../../src/backends/resolve.js'
import {openOptions} from '../../support/open-options.js'

const windows = process.platform === 'win32'
const TOOL = windows ? 'secret-tool.exe' : 'secret-tool'
/** As secret-tool prints an item. */
const FOUND = '[/item]\nlabel = Heroku CLI\nsecret = HRKU-1\ncreated = now\n'
const none = {
  name: undefined,
  because: 'secret-tool is not installed',
  hint: 'install it: libsecret-tools on Debian and Ubuntu, libsecret on Fedora and Arch',
}

describe('the keychain of this machine', () => {
  let folder: string
  const path = (...names: string[]) => join(folder, ...names)
  const install = (...names: string[]) => {
    mkdirSync(path(...names), {recursive: true})
    writeFileSync(path(...names, TOOL), '#!/bin/sh\nprintf "%s" "$0"\n', {mode: 0o755})
    return path(...names)
  }
  const resolve = (...folders: string[]) => resolveKeychain({PATH: folders.join(delimiter)}, 'linux')
  const summaryOf = (keychain: ReturnType<typeof resolveKeychain>) =>
    keychain.name === undefined ? keychain : [keychain.name, keychain.title, keychain.because]

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'keychain-path-')))
  })
  afterEach(() => {
    rmSync(folder, {recursive: true, force: true})
  })

  it('is the macOS keychain on macOS', () => {
    expect(summaryOf(resolveKeychain({}, 'darwin'))).to.deep.equal([
      'macos-keychain',
      'the macOS keychain',
      'this is macOS',
    ])
  })

  it('is the password vault on Windows', () => {
    expect(summaryOf(resolveKeychain({}, 'win32'))).to.deep.equal([
      'windows-vault',
      'the Windows password vault',
      'this is Windows',
    ])
  })

  for (const platform of ['linux', 'freebsd', 'openbsd', 'sunos'] as const)
    it(`is the keyring on ${platform} if secret-tool is installed, and none if it is not`, () => {
      expect(summaryOf(resolveKeychain({PATH: install('bin')}, platform))).to.deep.equal([
        'secret-service',
        'the keyring',
        'secret-tool is installed',
      ])
      expect(resolveKeychain({PATH: folder}, platform)).to.deep.equal(none)
    })

  it('opens a backend of the same name', async () => {
    const env = {PATH: install('bin'), SystemRoot: folder}
    for (const platform of ['darwin', 'win32', 'linux'] as const) {
      const keychain = resolveKeychain(env, platform)
      if (keychain.name === undefined) throw new Error(`none on ${platform}`)
      expect((await keychain.open(openOptions())).name).to.equal(keychain.name)
    }
  })

  it('is none without a PATH', () => {
    expect(resolveKeychain({}, 'linux')).to.deep.equal(none)
    expect(resolveKeychain({PATH: ''}, 'linux')).to.deep.equal(none)
  })

  it('uses the first secret-tool on PATH, by its absolute path', async () => {
    const calls: string[] = []
    const keychain = resolve(path('missing'), install('first'), install('second'))
    if (keychain.name === undefined) throw new Error('there is none')
    const backend = await keychain.open(
      openOptions({
        run: (file) => {
          calls.push(file)
          return Promise.resolve({
            status: 'exited',
            code: 0,
            stdout: FOUND,
            stderr: 'attribute.account = ada@example.com\n',
          })
        },
      }),
    )
    expect(await backend.get('ada@example.com')).to.equal('HRKU-1')
    expect(calls).to.deep.equal([path('first', TOOL)])
  })

  for (const [what, entry] of [
    ['an empty', () => ''],
    ['a relative', () => relative(process.cwd(), path('here'))],
    ['the current', () => '.'],
  ] as const)
    it(`ignores ${what} entry of PATH, which means the current folder`, () => {
      install('here')
      const before = process.cwd()
      const value = entry()
      try {
        if (value !== relative(before, path('here'))) process.chdir(path('here'))
        expect(resolve(value)).to.deep.equal(none)
        expect(resolve(value, path('here'))).to.include({name: 'secret-service'})
      } finally {
        process.chdir(before)
      }
    })

  const impostors: Record<string, () => void> = {
    'a folder': () => mkdirSync(path('bin', TOOL), {recursive: true}),
    'a dangling link': () => {
      symlinkSync('nowhere', path('bin', TOOL))
    },
    // On Windows any file with the right extension can be executed.
    ...(windows
      ? {}
      : {
          'a file that cannot be executed': () => {
            chmodSync(path('bin', TOOL), 0o644)
          },
        }),
  }
  for (const [what, make] of Object.entries(impostors))
    it(`ignores ${what} of that name, and uses the next`, () => {
      install('bin')
      if (what !== 'a file that cannot be executed') rmSync(path('bin', TOOL))
      make()
      expect(resolve(path('bin'))).to.deep.equal(none)
      expect(resolve(path('bin'), install('next'))).to.include({name: 'secret-service'})
    })

  it('follows a link', () => {
    install('real')
    mkdirSync(path('bin'))
    symlinkSync(path('real', TOOL), path('bin', TOOL))
    expect(resolve(path('bin'))).to.include({name: 'secret-service'})
  })
})

const MINUTE = 60_000
const SECONDS = 5000
const COLD_POWERSHELL = 20_000

// A keyring never prompts on a terminal; gpg's pinentry does.
for (const [env, platform, terminal, keychainMs, gpgMs] of [
  [{}, 'linux', false, SECONDS, SECONDS],
  [{}, 'linux', true, SECONDS, MINUTE],
  [{SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22'}, 'linux', true, SECONDS, MINUTE],
  [{}, 'freebsd', true, SECONDS, MINUTE],
  [{DISPLAY: ':0'}, 'linux', false, MINUTE, MINUTE],
  [{DISPLAY: ':0'}, 'linux', true, MINUTE, MINUTE],
  [{WAYLAND_DISPLAY: 'wayland-0'}, 'linux', false, MINUTE, MINUTE],
  [{DISPLAY: '', WAYLAND_DISPLAY: ''}, 'linux', true, SECONDS, MINUTE],
  [{}, 'darwin', false, MINUTE, MINUTE],
  [{SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22'}, 'darwin', false, SECONDS, SECONDS],
  [{SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22'}, 'darwin', true, MINUTE, MINUTE],
  [{CI: 'true'}, 'darwin', false, SECONDS, SECONDS],
  [{DISPLAY: ':0', CI: 'true'}, 'darwin', false, SECONDS, SECONDS],
  [{}, 'win32', false, MINUTE, MINUTE],
  [{CI: 'true'}, 'win32', false, COLD_POWERSHELL, SECONDS],
  [{SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22'}, 'win32', false, COLD_POWERSHELL, SECONDS],
  [{CI: 'true'}, 'win32', true, MINUTE, MINUTE],
] as const)
  describe(`on ${platform} ${terminal ? 'at' : 'without'} a terminal with ${JSON.stringify(env)}`, () => {
    it(`the timeout of a keychain is ${keychainMs} ms`, () => {
      expect(patience(env, platform, terminal)).to.equal(keychainMs)
    })

    it(`the timeout of gpg is ${gpgMs} ms`, () => {
      expect(gpgPatience(env, platform, terminal)).to.equal(gpgMs)
    })
  })
