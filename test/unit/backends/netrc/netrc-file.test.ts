import {expect} from 'chai'
import {existsSync, readFileSync, readdirSync, statSync, writeFileSync} from 'node:fs'
import {type MachineChange, openNetrc} from '../../../../src/backends/netrc/netrc-file.js'
import {run} from '../../../../src/process/run.js'
import {freshFolder} from '../../../support/fresh-folder.js'
import {refusalOf} from '../../../support/thrown-by.js'

const hosts = {api: 'api.heroku.com', git: 'git.heroku.com'}
const ada = {account: 'ada@example.com', token: 'HRKU-1'}
const entry = (host: string, account: string, token: string, newline = '\n') =>
  [`machine ${host}`, `  login ${account}`, `  password ${token}`, ''].join(newline)
const ours = (account = ada.account, token = ada.token) =>
  Object.values(hosts).map((host) => entry(host, account, token))

describe('.netrc', () => {
  const folder = freshFolder()
  const name = process.platform === 'win32' ? '_netrc' : '.netrc'
  const file = () => folder.path(name)
  const open = () => openNetrc({run, timeoutMs: 5000, hosts, env: {HOME: folder.path(''), PATH: process.env.PATH}})
  const put = (text: string) => {
    writeFileSync(file(), text)
  }
  const text = () => readFileSync(file(), 'utf8')

  it('is the file in HOME, or the encrypted one beside it', async () => {
    const own = process.env.HOME
    expect(await open()).to.include({path: file(), encrypted: false})
    writeFileSync(`${file()}.gpg`, '')
    expect(await open()).to.include({path: `${file()}.gpg`, encrypted: true})
    expect(process.env.HOME).to.equal(own)
  })

  it('is empty without a file, and creates none by a read or a removal', async () => {
    const netrc = await open()
    expect(await netrc.entries()).to.deep.equal([])
    expect(await netrc.removeAccount(ada.account)).to.equal(false)
    expect(existsSync(file())).to.equal(false)
  })

  it('gets the two entries as the Heroku CLI writes them, with mode 0600', async () => {
    await (await open()).write(ada)
    expect(text()).to.equal(ours().join(''))
    if (process.platform !== 'win32') expect(statSync(file()).mode & 0o777).to.equal(0o600)
    expect(readdirSync(folder.path(''))).to.deep.equal([name])
  })

  it('is empty, not deleted, after its last entry is removed', async () => {
    const netrc = await open()
    await netrc.write(ada)
    expect(await netrc.removeAccount(ada.account)).to.equal(true)
    expect(text()).to.equal('')
    expect(await netrc.removeAccount(ada.account)).to.equal(false)
  })

  it('gets one entry if both hosts are the same', async () => {
    const netrc = await openNetrc({run, timeoutMs: 5000, file: file(), hosts: {api: 'localhost:1', git: 'localhost:1'}})
    await netrc.write(ada)
    expect(text()).to.equal(entry('localhost:1', ada.account, ada.token))
  })

  const writes: Record<string, [before: string, after: string]> = {
    'replaces values in place, and nothing else': [
      'machine api.heroku.com # ours\n\taccount acme\n\tpassword  old # p\n\tlogin\t"o l d"\n\nmachine git.heroku.com login old password old\n',
      'machine api.heroku.com # ours\n\taccount acme\n\tpassword  HRKU-1 # p\n\tlogin\tada@example.com\n\nmachine git.heroku.com login ada@example.com password HRKU-1\n',
    ],
    "adds missing properties in the entry's style": [
      'machine api.heroku.com\r\n\tlogin old\r\nmachine git.heroku.com password old # p\r\n',
      'machine api.heroku.com\r\n\tlogin ada@example.com\r\n\tpassword HRKU-1\r\nmachine git.heroku.com password HRKU-1 login ada@example.com # p\r\n',
    ],
    'fills an empty entry': [
      'machine git.heroku.com machine api.heroku.com\n',
      'machine git.heroku.com login ada@example.com password HRKU-1 machine api.heroku.com\n  login ada@example.com\n  password HRKU-1\n',
    ],
    'replaces the values of all duplicates': [
      ours('old', 'old').join('') + ours('older', 'older').join(''),
      ours().join('') + ours().join(''),
    ],
    "uses the file's line endings": [
      'machine x\r\n',
      'machine x\r\n' +
        Object.values(hosts)
          .map((host) => entry(host, ada.account, ada.token, '\r\n'))
          .join(''),
    ],
    'begins a new line after a last line without a newline': ['machine x', `machine x\n${ours().join('').trimEnd()}`],
    'is inserted before the default entry': [
      'machine x\n# else\ndefault login a password b\n',
      `machine x\n# else\n${ours().join('')}default login a password b\n`,
    ],
    'is inserted before the default entry if it is after it': [
      `default login a password b\n${ours('old', 'old').join('')}`,
      `${ours().join('')}default login a password b\n${ours().join('')}`,
    ],
    'is inserted before a machine whose macro has no end': [
      'machine x\nmacdef init\ncd /pub\n',
      `${ours().join('')}machine x\nmacdef init\ncd /pub\n`,
    ],
    'is appended after a macro that has an end': [
      'machine x\nmacdef init\ncd /pub\n\n',
      `machine x\nmacdef init\ncd /pub\n\n${ours().join('')}`,
    ],
  }
  for (const [what, [before, after]] of Object.entries(writes)) {
    it(what, async () => {
      put(before)
      await (await open()).write(ada)
      expect(text()).to.equal(after)
    })
  }

  const spelled: Record<string, string> = {
    'HR#KU"1\'': 'HR#KU"1\'',
    '#HRKU': '"#HRKU"',
    '"HRKU"': String.raw`"\"HRKU\""`,
    'a b': '"a b"',
    [String.raw`a\b`]: String.raw`"a\\b"`,
  }
  for (const [token, written] of Object.entries(spelled)) {
    it(`writes the token ${token} as ${written}`, async () => {
      const netrc = await open()
      await netrc.write({...ada, token})
      expect(text()).to.equal(ours(ada.account, written).join(''))
      expect(await netrc.entries()).to.deep.equal(Object.values(hosts).map((host) => ({host, ...ada, token})))
    })
  }

  it('lists the entries of its two hosts, the API host first', async () => {
    put(entry(hosts.git, 'bob', 'HRKU-git') + entry(hosts.api, 'ada', 'HRKU-api') + entry('example.com', 'eve', 'x'))
    const netrc = await open()
    expect(await netrc.entries()).to.deep.equal([
      {host: hosts.api, account: 'ada', token: 'HRKU-api'},
      {host: hosts.git, account: 'bob', token: 'HRKU-git'},
    ])
  })

  it('removes all entries of an account, compared exactly, and no other', async () => {
    put(
      entry(hosts.api, 'ada', '1') +
        entry(hosts.git, 'bob', '2') +
        entry(hosts.api, 'ada', '3') +
        entry('x', 'ada', '4') +
        entry('y', 'eve', '5'),
    )
    const before = text()
    const netrc = await open()
    for (const absent of ['Ada', 'eve', '*']) expect(await netrc.removeAccount(absent)).to.equal(false)
    expect(text()).to.equal(before)
    expect(await netrc.removeAccount('ada')).to.equal(true)
    expect(text()).to.equal(entry(hosts.git, 'bob', '2') + entry('x', 'ada', '4') + entry('y', 'eve', '5'))
    expect(await netrc.removeAccount('ada')).to.equal(false)
  })

  it("removes a host's entries, or only those with a token", async () => {
    put(entry(hosts.api, 'ada', '1') + entry(hosts.api, 'bob', '2') + entry(hosts.git, 'ada', '1'))
    const netrc = await open()
    expect(await netrc.removeHosts([hosts.api], '3')).to.equal(false)
    expect(await netrc.removeHosts([hosts.api], '2')).to.equal(true)
    expect(text()).to.equal(entry(hosts.api, 'ada', '1') + entry(hosts.git, 'ada', '1'))
    expect(await netrc.removeHosts([hosts.api])).to.equal(true)
    expect(text()).to.equal(entry(hosts.git, 'ada', '1'))
  })

  it('keeps an entry without a login when an account is removed', async () => {
    put('machine api.heroku.com password HRKU-1\n')
    const netrc = await open()
    expect(await netrc.entries()).to.deep.equal([{host: hosts.api, account: undefined, token: 'HRKU-1'}])
    expect(await netrc.removeAccount(ada.account)).to.equal(false)
    expect(text()).to.equal('machine api.heroku.com password HRKU-1\n')
  })

  it('refuses values that no keychain can hold, and an invalid host, and leaves the file unchanged', async () => {
    put('machine x\n')
    const netrc = await open()
    const actions = [
      () => netrc.write({account: '', token: 'HRKU-1'}),
      () => netrc.write({account: 'a\nb', token: 'HRKU-1'}),
      () => netrc.write({account: 'a', token: ''}),
      () => netrc.write({account: 'a', token: 'HRKU\n'}),
      () => netrc.removeAccount(''),
      () => netrc.removeHosts(['']),
      () => netrc.removeHosts(['a b']),
      () => openNetrc({run, timeoutMs: 5000, file: file(), hosts: {api: '', git: 'x'}}),
    ]
    for (const action of actions) expect((await refusalOf(action())).problem).to.equal('refused')
    expect(text()).to.equal('machine x\n')
  })

  describe('changes of any machines', () => {
    const change = async (before: string, ...changes: MachineChange[]) => {
      put(before)
      await (await open()).change(changes)
      return text()
    }
    const both = {login: 'a', password: '1'}

    it('replace a login and a password in place', async () => {
      const before = '# mine\r\nmachine x password 1 account c login a # his\r\nmachine y\n'
      const from = {...both, account: 'c'}
      expect(await change(before, {host: 'x', from, to: {...from, login: 'b', password: '2'}})).to.equal(
        '# mine\r\nmachine x password 2 account c login b # his\r\nmachine y\n',
      )
    })

    it('rewrite an entry if properties are added or removed', async () => {
      expect(
        await change('machine x login a password 1\nmachine y\n', {host: 'x', from: both, to: {login: 'a'}}),
      ).to.equal('machine y\nmachine x\n  login a\n')
      expect(await change('', {host: 'x', to: {...both, method: 'interactive'}})).to.equal(
        'machine x\n  login a\n  password 1\n  method interactive\n',
      )
    })

    it('remove an entry', async () => {
      expect(await change('machine x login a\nmachine y\n', {host: 'x', from: {login: 'a'}})).to.equal('machine y\n')
    })

    it('are all made, or none', async () => {
      const before = 'machine x login a password 1\n'
      const wrong: MachineChange[] = [
        {host: 'y', to: {...both, 'no property': 'x'}},
        {host: 'y', to: {...both, account: 'a\nmachine z'}},
        {host: 'y', to: {...both, password: ''}},
        {host: 'y z', to: both},
      ]
      for (const each of wrong) {
        await refusalOf(change(before, {host: 'x', from: both}, each))
        expect(text()).to.equal(before)
      }
    })
  })
})
