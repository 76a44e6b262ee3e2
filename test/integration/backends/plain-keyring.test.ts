import {expect} from 'chai'
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {plainKeyrings} from '../../../src/backends/plain-keyring.js'
import {type Keyring, startKeyring} from '../../support/keyring.js'
import {startHeroku} from '../../support/loopback-heroku.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'

const RUN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url))

const item = {
  label: 'Heroku CLI',
  attributes: {service: 'heroku-cli', account: 'ada@example.com'},
  secret: 'HRKU-in-plain-text',
}

describe('a keyring without a password', () => {
  let sandbox: Sandbox
  let keyring: Keyring | undefined
  beforeEach(() => {
    sandbox = openSandbox()
  })
  afterEach(async () => {
    await keyring?.stop()
    keyring = undefined
    await sandbox.close()
  })
  const found = (env: Record<string, string | undefined> = sandbox.env) => plainKeyrings(env)

  it('is found, if GNOME Keyring wrote the token in plain text', async () => {
    keyring = await startKeyring(sandbox)
    await keyring.removePassword()
    expect(found()).to.deep.equal([])
    await keyring.store({...item, attributes: {service: 'other'}})
    expect(found()).to.deep.equal([])
    await keyring.store(item)
    const [path = ''] = found()
    expect(found()).to.have.length(1)
    expect(dirname(path)).to.equal(join(sandbox.home, '.local', 'share', 'keyrings'))
    expect(readFileSync(path, 'utf8')).to.include(item.secret)
    await keyring.clear(item.attributes)
    expect(found()).to.deep.equal([])
  })

  it('is named by login and by auth:status', async () => {
    const heroku = await startHeroku()
    try {
      keyring = await startKeyring(sandbox)
      await keyring.removePassword()
      const env = {...keyring.env, ...heroku.env}
      const {token} = heroku.issue()
      const run = (args: string[], input = '') => sandbox.run('node', [RUN, ...args], {env, input, timeoutMs: 60_000})
      const loggedIn = await run(['auth:login', '--with-token'], `${token}\n`)
      const file = join(sandbox.home, '.local/share/keyrings/login.keyring')
      expect(readFileSync(file, 'utf8')).to.include(token)
      expect(loggedIn.exitCode, loggedIn.stderr).to.equal(0)
      expect(loggedIn.stderr).to.include(
        `the keyring has no password, so ${file} holds the token in plain text; set a password for the keyring in Seahorse`,
      )
      const status = await run(['auth:status', '--offline'])
      expect(status.stdout).to.include(
        `the keyring has no password: ${file.replace(sandbox.home, '~')} holds a Heroku token`,
      )
    } finally {
      await heroku.stop()
    }
  }).timeout(120_000)

  it('is not found, if it has a password', async () => {
    keyring = await startKeyring(sandbox)
    await keyring.store(item)
    expect(found()).to.deep.equal([])
  })

  const text = '[keyring]\ndisplay-name=x\n\n[1:attribute0]\nname=service\ntype=string\nvalue=heroku-cli\n'
  const write = (path: string, content = text) => {
    mkdirSync(dirname(path), {recursive: true})
    writeFileSync(path, content)
    return path
  }

  it('is looked up in XDG_DATA_HOME, or in HOME if that is unset, empty or relative', () => {
    const {home} = sandbox
    const [usual, other] = [join(home, '.local/share/keyrings/login.keyring'), join(home, 'data/keyrings/a.keyring')]
    write(usual)
    write(other)
    for (const value of [undefined, '', 'data'])
      expect(found({HOME: home, XDG_DATA_HOME: value})).to.deep.equal([usual])
    expect(found({HOME: home, XDG_DATA_HOME: join(home, 'data')})).to.deep.equal([other])
  })

  it('is not a file of another format, or an unreadable one', () => {
    const folder = join(sandbox.home, '.local/share/keyrings')
    write(join(folder, 'login.keyring'), `GnomeKeyring\n\r\0\n${text}`)
    write(join(folder, 'notes.txt'))
    mkdirSync(join(folder, 'folder.keyring'))
    symlinkSync('nowhere', join(folder, 'dangling.keyring'))
    expect(found()).to.deep.equal([])
    const path = write(join(folder, 'plain.keyring'))
    expect(found()).to.deep.equal([path])
  })
})
