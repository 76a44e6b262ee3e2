import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {createServer} from 'node:net'
import {openNetrc} from '../../../../src/backends/netrc/netrc-file.js'
import {type NetrcFileOptions, updateNetrc} from '../../../../src/backends/netrc/storage.js'
import {run} from '../../../../src/process/run.js'
import {freshFolder} from '../../../support/fresh-folder.js'
import {refusalOf} from '../../../support/thrown-by.js'

const hosts = {api: 'api.heroku.com', git: 'git.heroku.com'}
const ada = {account: 'ada@example.com', token: 'HRKU-1'}
const other = 'machine example.com\n  login bob\n  password secret\n'

describe('changing a .netrc on disk', () => {
  const folder = freshFolder()
  const file = () => folder.path('.netrc')
  const text = () => readFileSync(file(), 'utf8')
  const open = () => openNetrc({run, timeoutMs: 5000, file: file(), hosts})
  const settings = (more: Partial<NetrcFileOptions> = {}): NetrcFileOptions => ({
    run,
    timeoutMs: 5000,
    env: {},
    path: file(),
    strip: (text) => text.replaceAll(/ours\n/g, ''),
    ...more,
  })
  /** Another process's lock, last renewed some time ago. */
  const lockedSince = (msAgo: number) => {
    mkdirSync(`${file()}.lock`)
    const renewed = (Date.now() - msAgo) / 1000
    utimesSync(`${file()}.lock`, renewed, renewed)
  }

  it('removes the permissions of others from a file that holds a token', async function () {
    if (process.platform === 'win32') this.skip()
    writeFileSync(file(), other)
    chmodSync(file(), 0o644)
    await (await open()).write(ada)
    expect(statSync(file()).mode & 0o777).to.equal(0o600)
  })

  it('writes through a link, and leaves no lock at either end', async () => {
    mkdirSync(folder.path('dotfiles'))
    symlinkSync('dotfiles/netrc', file())
    await (await open()).write(ada)
    expect(readFileSync(folder.path('dotfiles/netrc'), 'utf8')).to.equal(text())
    expect(readdirSync(folder.path(''))).to.deep.equal(['.netrc', 'dotfiles'])
    expect(readdirSync(folder.path('dotfiles'))).to.deep.equal(['netrc'])
  })

  it('names a folder in the place of the file', async () => {
    mkdirSync(file())
    expect((await refusalOf((await open()).entries())).message).to.equal(`could not read ${file()} (EISDIR)`)
    const {problem, message, hint} = await refusalOf((await open()).write(ada))
    expect({problem, message, hint}).to.deep.equal({
      problem: 'failed',
      message: `could not read ${file()} (EISDIR)`,
      hint: `move the folder ${file()} out of the way`,
    })
    expect(readdirSync(folder.path(''))).to.deep.equal(['.netrc'])
  })

  describe('that is not a file', () => {
    const fifo = () => spawnSync('mkfifo', [file()])
    const fifoBehindLink = () => {
      spawnSync('mkfifo', [folder.path('pipe')])
      symlinkSync('pipe', file())
    }
    const socket = async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(file(), resolve))
      return () => new Promise((resolve) => server.close(resolve))
    }

    for (const [what, make] of [
      ['a named pipe', fifo],
      ['a socket', socket],
      ['a named pipe', fifoBehindLink],
    ] as const)
      it(`but ${what}: fails without blocking, and removes nothing`, async function () {
        if (process.platform === 'win32') this.skip()
        const close = await make()
        const netrc = await open()
        const wanted = {
          problem: 'failed',
          message: `could not read ${file()}: it is ${what}`,
          hint: `mv ${file()} ${file()}.old`,
        }
        for (const verb of [() => netrc.entries(), () => netrc.write(ada)])
          expect(await refusalOf(verb())).to.include(wanted)
        expect(await netrc.removeHosts(Object.values(hosts), ada.token)).to.equal(false)
        expect(await netrc.removeAccount(ada.account)).to.equal(false)
        if (typeof close === 'function') await close()
      })

    it('but /dev/null: is empty, as for curl, and is not written', async function () {
      if (process.platform === 'win32') this.skip()
      symlinkSync('/dev/null', file())
      const netrc = await open()
      expect(await netrc.entries()).to.deep.equal([])
      expect(await netrc.removeHosts(Object.values(hosts), ada.token)).to.equal(false)
      expect((await refusalOf(netrc.write(ada))).message).to.equal(`could not write ${file()}: it is a device`)
      expect(existsSync('/dev/null.lock')).to.equal(false)
    })
  })

  describe('in UTF-16, as PowerShell writes it', () => {
    const encoded = (text: string, bigEndian: boolean) => {
      const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le')
      return bigEndian ? bytes.swap16() : bytes
    }
    const theirs = '# caf\u00E9 \u{1F511}\r\n' + other.replaceAll('\n', '\r\n')
    const ours = `machine api.heroku.com\r\n  login ada@example.com\r\n  password HRKU-1\r\n`

    for (const bigEndian of [false, true]) {
      it(`is read, and keeps its encoding (${bigEndian ? 'big' : 'little'} endian)`, async () => {
        writeFileSync(file(), encoded(theirs + ours, bigEndian))
        const netrc = await open()
        expect(await netrc.entries()).to.deep.equal([{host: hosts.api, ...ada}])
        await netrc.write({...ada, token: 'HRKU-2'})
        expect(await netrc.entries()).to.deep.equal(
          Object.values(hosts).map((host) => ({host, ...ada, token: 'HRKU-2'})),
        )
        expect(await netrc.removeHosts(Object.values(hosts), 'HRKU-2')).to.equal(true)
        expect(readFileSync(file())).to.deep.equal(encoded(theirs, bigEndian))
      })
    }

    it('is refused if a part of it is not UTF-16; a removal only if it contains the token', async () => {
      const broken = Buffer.concat([encoded(ours, false), Buffer.from([0x00, 0xd8])])
      writeFileSync(file(), broken)
      const netrc = await open()
      expect((await refusalOf(netrc.entries())).message).to.equal(`${file()}: line 1 holds a NUL byte`)
      expect(await netrc.removeHosts(Object.values(hosts), 'HRKU-other')).to.equal(false)
      expect((await refusalOf(netrc.removeHosts(Object.values(hosts), 'HRKU-1'))).message).to.equal(
        `${file()}: line 1 holds a NUL byte, and the token is in it`,
      )
      expect(readFileSync(file())).to.deep.equal(broken)
    })
  })

  it('fails if a hard link still holds the old content', async function () {
    if (process.platform === 'win32') this.skip()
    const netrc = await open()
    await netrc.write(ada)
    linkSync(file(), folder.path('backup'))
    const {ino} = statSync(file())
    expect(await refusalOf(netrc.removeHosts(Object.values(hosts), ada.token))).to.include({
      problem: 'failed',
      message: `${file()} had a hard link, which still holds what was removed`,
      hint: `to find it: find ~ -xdev -inum ${ino}`,
    })
    expect(text()).to.equal('')
    expect(await netrc.removeHosts(Object.values(hosts), ada.token)).to.equal(false)
  })

  it('takes linear time for many entries', async function () {
    this.timeout(60_000)
    const timed = async (count: number) => {
      writeFileSync(file(), `machine api.heroku.com\n  login ada@example.com\n  password HRKU-1\n`.repeat(count))
      const netrc = await open()
      const start = process.cpuUsage()
      await netrc.write({...ada, token: 'HRKU-2'})
      expect(await netrc.removeHosts(Object.values(hosts), 'HRKU-2')).to.equal(true)
      const {system, user} = process.cpuUsage(start)
      expect(text()).to.equal('')
      return system + user
    }
    await timed(1000)
    const small = await timed(6250)
    expect((await timed(25_000)) / small).to.be.below(8)
  })

  it('names a missing folder', async () => {
    const netrc = await openNetrc({run, timeoutMs: 5000, file: folder.path('no/.netrc'), hosts})
    const {message, hint} = await refusalOf(netrc.write(ada))
    expect({message, hint}).to.deep.equal({
      message: `could not lock ${folder.path('no/.netrc.lock')} (ENOENT)`,
      hint: `mkdir -p ${folder.path('no')}`,
    })
  })

  it('reads while another process holds the lock', async () => {
    writeFileSync(file(), `machine api.heroku.com login ada password HRKU-1\n`)
    lockedSince(0)
    expect(await (await open()).entries()).to.deep.equal([{host: hosts.api, account: 'ada', token: 'HRKU-1'}])
  })

  it('times out on a held lock, and names it', async () => {
    writeFileSync(file(), other)
    lockedSince(-3000)
    const {problem, message, hint} = await refusalOf(updateNetrc(settings({lockWaitMs: 150}), () => 'x'))
    expect({problem, message, hint}).to.deep.equal({
      problem: 'timed-out',
      message: `${file()}.lock is still held by another program after 0.15 s`,
      hint: `if no heroku command is running: rmdir ${file()}.lock`,
    })
    expect(text()).to.equal(other)
  })

  it("takes over a killed process's lock four seconds after its last renewal", async () => {
    lockedSince(3000)
    const begin = performance.now()
    await (await open()).write(ada)
    const waited = performance.now() - begin
    expect(waited).to.be.within(900, 3000)
    expect(readdirSync(folder.path(''))).to.deep.equal(['.netrc'])
  })

  it('refuses an edit that changes more than our entries, and leaves the file unchanged', async () => {
    writeFileSync(file(), 'theirs\nours\n')
    const {problem, message} = await refusalOf(updateNetrc(settings(), (text) => text.replace('theirs\n', '')))
    expect({problem, message}).to.deep.equal({
      problem: 'failed',
      message: `refused to write ${file()}: it would have changed more than Heroku's entries`,
    })
    expect(text()).to.equal('theirs\nours\n')
    expect(readdirSync(folder.path(''))).to.deep.equal(['.netrc'])
  })

  it('retries when a program without a lock changes the file meanwhile', async () => {
    writeFileSync(file(), 'theirs\n')
    let edits = 0
    const edit = (text: string) => {
      if (edits++ === 0) writeFileSync(file(), 'theirs\nmore of theirs\n')
      return `${text}ours\n`
    }
    expect(await updateNetrc(settings(), edit)).to.equal(true)
    expect(text()).to.equal('theirs\nmore of theirs\nours\n')
  })

  it("gives up when the file keeps changing, and keeps the other program's content", async () => {
    let edits = 0
    const edit = (text: string) => {
      writeFileSync(file(), `theirs ${++edits}\n`)
      return `${text}ours\n`
    }
    expect((await refusalOf(updateNetrc(settings(), edit))).message).to.equal(
      `could not write ${file()}: another program keeps changing it`,
    )
    expect(text()).to.equal(`theirs ${edits}\n`)
    expect(readdirSync(folder.path(''))).to.deep.equal(['.netrc'])
  })

  it('writes nothing without a change', async () => {
    writeFileSync(file(), 'theirs\n')
    const before = statSync(file())
    expect(await updateNetrc(settings(), () => undefined)).to.equal(false)
    expect(statSync(file())).to.deep.include({ino: before.ino, mtimeMs: before.mtimeMs})
  })
})
