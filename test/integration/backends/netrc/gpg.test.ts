import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs'
import {devNull} from 'node:os'
import {openNetrc} from '../../../../src/backends/netrc/netrc-file.js'
import {findProgram} from '../../../../src/process/find-program.js'
import {run, type RunTool} from '../../../../src/process/run.js'
import {freshFolder} from '../../../support/fresh-folder.js'
import {dismissPrompts, type KeyRing, keyRings, runWith} from '../../../support/key-ring.js'
import {refusalOf} from '../../../support/thrown-by.js'

const hosts = {api: 'api.heroku.com', git: 'git.heroku.com'}
const ada = {account: 'ada@example.com', token: 'HRKU-1'}
const other = '# mine\r\nmachine example.com login bob password åbc\r\n'
const entries = Object.values(hosts)
  .map((host) => [`machine ${host}`, `  login ${ada.account}`, `  password ${ada.token}`, ''].join('\r\n'))
  .join('')

const gpg = findProgram('gpg', process.env)

describe('a .netrc.gpg', function () {
  this.timeout(30_000)
  const folder = freshFolder()
  const rings = keyRings()
  let home: KeyRing
  let elsewhere: KeyRing
  const file = () => folder.path('.netrc.gpg')
  const open = (inHome = home, run = runWith(inHome)) => openNetrc({run, timeoutMs: 10_000, file: file(), hosts})
  const seal = (text: string, args: string[]) => {
    home.gpg(['--trust-model', 'always', ...args, '--output', file(), '--encrypt'], text)
    return readFileSync(file())
  }
  const opened = () => home.gpg(['--decrypt', file()])
  const packets = () =>
    spawnSync('gpg', ['--batch', '--list-packets', file()], {encoding: 'utf8', env: {...process.env, ...home.env}})
  const readers = () =>
    [...packets().stdout.matchAll(/^:pubkey enc packet:.* keyid ([0-9A-F]+)$/gm)].map(([, id]) => id).sort()
  const untouched = (before: Buffer) => {
    expect(readFileSync(file()).equals(before)).to.equal(true)
    expect(readdirSync(folder.path(''))).to.deep.equal(['.netrc.gpg'])
  }

  before(function () {
    if (gpg === undefined) this.skip()
    home = rings.create(['ada', 'bob'])
    elsewhere = rings.create([])
  })

  for (const [what, armor] of Object.entries({binary: [], armored: ['--armor']})) {
    it(`stays ${what}, keeps its recipients and the other entries`, async () => {
      seal(other, [...armor, '--recipient', 'ada', '--recipient', 'bob'])
      const before = readers()
      expect(before).to.have.length(2)
      const netrc = await open()
      await netrc.write(ada)
      expect(await netrc.entries()).to.deep.equal(Object.values(hosts).map((host) => ({host, ...ada})))
      expect(opened()).to.equal(other + entries)
      expect(readers()).to.deep.equal(before)
      expect(readFileSync(file(), 'latin1').startsWith('-----BEGIN')).to.equal(armor.length > 0)
      expect(await netrc.removeAccount(ada.account)).to.equal(true)
      expect(opened()).to.equal(other)
      expect(readdirSync(folder.path(''))).to.deep.equal(['.netrc.gpg'])
    })
  }

  it("is encrypted for the user's own key if its recipients are hidden", async () => {
    seal(other, ['--hidden-recipient', 'ada'])
    await (await open()).write(ada)
    expect(opened()).to.equal(other + entries)
    expect(readers()).to.have.length(1)
  })

  it('is written without a token in any argument, or in plain text in any file', async () => {
    seal(other, ['--recipient', 'ada'])
    const seen: string[] = []
    const spying: RunTool = (program, args, options) => {
      seen.push(...args)
      for (const name of readdirSync(folder.path('')))
        if (!name.endsWith('.lock')) seen.push(readFileSync(folder.path(name), 'latin1'))
      return runWith(home)(program, args, options)
    }
    await (await open(home, spying)).write(ada)
    expect(seen.filter((text) => text.includes(ada.token) || text.includes('machine'))).to.deep.equal([])
  })

  const failures: Record<
    string,
    () => Promise<{error: Promise<unknown>; problem: string; message: string; hint: string}>
  > = {
    'gpg is not installed': async () => ({
      error: (await openNetrc({run, timeoutMs: 5000, env: {PATH: folder.path('')}, file: file(), hosts})).write(ada),
      problem: 'unavailable',
      message: `${file()} is encrypted, and gpg is not installed`,
      hint: 'install gpg (GnuPG)',
    }),
    'the secret key is elsewhere': async () => ({
      error: (await open(elsewhere)).write(ada),
      problem: 'failed',
      message: `gpg could not decrypt ${file()}: its secret key is not here`,
      hint: 'gpg --list-secret-keys',
    }),
    'gpg never answers': async () => ({
      error: (await open(home, () => Promise.resolve({status: 'timed-out'}))).write(ada),
      problem: 'timed-out',
      message: `${file()}: gpg did not answer within 10 s`,
      hint: `gpg --decrypt ${file()} > ${devNull}`,
    }),
  }
  for (const [what, fail] of Object.entries(failures)) {
    it(`stays unchanged if ${what}, with a hint`, async () => {
      const before = seal(other, ['--recipient', 'ada'])
      const {error, ...expected} = await fail()
      const {problem, message, hint} = await refusalOf(error)
      expect({problem, message, hint}).to.deep.equal(expected)
      untouched(before)
    })
  }

  it('is refused if it is truncated', async () => {
    const whole = seal(other, ['--recipient', 'ada'])
    writeFileSync(file(), whole.subarray(0, whole.length - 10))
    const {problem, message} = await refusalOf((await open()).write(ada))
    expect({problem, message}).to.deep.equal({problem: 'failed', message: `gpg could not decrypt ${file()} (exit 2)`})
    untouched(whole.subarray(0, whole.length - 10))
  })

  it('is denied if the passphrase prompt is dismissed', async function () {
    if (process.platform === 'win32') this.skip()
    const guarded = rings.create(['eve'], 'open sesame')
    dismissPrompts(guarded)
    guarded.gpg(['--trust-model', 'always', '--recipient', 'eve', '--output', file(), '--encrypt'], other)
    const before = readFileSync(file())
    const {problem, message, hint} = await refusalOf((await open(guarded)).write(ada))
    expect({problem, message, hint}).to.deep.equal({
      problem: 'denied',
      message: `gpg was not given the passphrase to decrypt ${file()}`,
      hint: `gpg --decrypt ${file()} > ${devNull}`,
    })
    untouched(before)
  })

  it('is read but not written if it holds bytes that are not UTF-8', async () => {
    mkdirSync(folder.path('in'))
    writeFileSync(
      folder.path('in/plain'),
      Buffer.from('# caf\u00E9\nmachine api.heroku.com login ada password HRKU-1\n', 'latin1'),
    )
    home.gpg([
      '--trust-model',
      'always',
      '--recipient',
      'ada',
      '--output',
      file(),
      '--encrypt',
      folder.path('in/plain'),
    ])
    rmSync(folder.path('in'), {recursive: true})
    const before = readFileSync(file())
    const netrc = await open()
    expect(await netrc.entries()).to.deep.equal([{host: hosts.api, account: 'ada', token: 'HRKU-1'}])
    expect((await refusalOf(netrc.write(ada))).message).to.equal(`${file()} holds bytes that are not UTF-8`)
    untouched(before)
  })
})
