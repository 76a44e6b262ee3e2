import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {mkdirSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {type NetrcModule, patchNetrcParser} from '../../../../src/host/netrc-parser/patch.js'
import {copyOfNetrcParser, freshNetrcReader} from '../../../support/netrc-reader.js'
import {thrownBy} from '../../../support/thrown-by.js'
import {ada, entries, grace} from '../../../support/user.js'

const API = 'api.heroku.com'
const GIT = 'git.heroku.com'
// CRLF, a comment, two on a line, no newline at the end: netrc-parser would write something else for each.
const OTHERS =
  '# mine\r\nmachine one login x password y machine two login z password w\r\nmachine three\n  login a\n  password b'
const loginOf = ({account, token}: typeof ada) => ({login: account, password: token})
const loginJsonFor = ({account}: {account: string}) => `{"account":"${account}"}\n`

describe('the patch of netrc-parser', function () {
  this.timeout(60_000)
  const user = freshNetrcReader()

  /** A patched copy that has loaded the file. */
  const loaded = (copy = copyOfNetrcParser()): NetrcModule['default'] & {machines: object} => {
    patchNetrcParser(copy, user.credentials)
    copy.default.loadSync()
    return copy.default as NetrcModule['default'] & {machines: object}
  }
  const shown = (netrc: NetrcModule['default'], host = API) => {
    const machine = netrc.machines?.[host]
    return machine && {...machine}
  }
  const logIn = (credential: typeof ada) => (machines: Record<string, unknown>) => {
    // Like @heroku-cli/command before 12.4.
    for (const host of [API, GIT]) {
      machines[host] ??= {}
      const machine = machines[host] as Record<string, unknown>
      machine.login = credential.account
      machine.password = credential.token
      delete machine.method
      delete machine.org
    }
    for (const token of machines._tokens as {host?: string; internalWhitespace: string}[])
      if (token.host === API || token.host === GIT) token.internalWhitespace = '\n  '
  }

  describe('shows', () => {
    it('the keychain’s token for both machines, and the other machines as in the file', async () => {
      await user.store(ada)
      user.write('.netrc', `${entries(grace)}machine other\n  login x\n  password y\n`)
      const netrc = loaded()
      expect(shown(netrc)).to.deep.equal(loginOf(ada))
      expect(shown(netrc, GIT)).to.deep.equal(loginOf(ada))
      expect(shown(netrc, 'other')).to.deep.equal({login: 'x', password: 'y'})
      expect(Object.keys(netrc.machines).sort()).to.deep.equal([API, GIT, 'other'])
      expect(netrc.machines[API]?.host).to.equal(API)
      expect(netrc.machines.missing).to.equal(undefined)
    })

    it('the token after an asynchronous load, and in another instance', async () => {
      await user.store(ada)
      const copy = copyOfNetrcParser()
      patchNetrcParser(copy, user.credentials)
      const own = new copy.Netrc()
      await own.load()
      expect(shown(own)).to.deep.equal(loginOf(ada))
    })

    it('the token in an instance that was loaded before the patch', async () => {
      await user.store(ada)
      user.write('.netrc', entries(grace))
      const copy = copyOfNetrcParser()
      copy.default.loadSync()
      patchNetrcParser(copy, user.credentials)
      expect(shown(copy.default)).to.deep.equal(loginOf(ada))
    })

    for (const [how, look] of Object.entries({
      'by name': (machines: object) => API in machines,
      'in the list of names': (machines: object) => Object.keys(machines).includes(API),
      'in a loop': (machines: object) => {
        for (const host in machines) if (host === API) return true
        return false
      },
    }))
      it(`whether there is a login, ${how}`, async () => {
        user.write('.netrc', 'machine other\n  password y\n')
        expect(look(loaded().machines)).to.equal(false)
        await user.store(ada)
        user.startAnew()
        expect(look(loaded().machines)).to.equal(true)
      })

    it('the entry in .netrc, in any layout, if the keychain is empty', () => {
      user.write('.netrc', `machine ${API}\tlogin  ${ada.account}\r\n\tpassword ${ada.token}\r\n`)
      expect(shown(loaded())).to.deep.equal(loginOf(ada))
    })

    it('what netrc-parser reads from a file that we cannot parse', () => {
      user.write('.netrc', `what is this\n${entries(ada)}`)
      expect(shown(loaded())).to.deep.equal(loginOf(ada))
    })

    it('the keychain’s token if .netrc cannot be read', async () => {
      await user.store(ada)
      mkdirSync(join(user.home, '.netrc'))
      expect(shown(loaded())).to.deep.equal(loginOf(ada))
    })

    it('the keychain’s token if .netrc is a named pipe, without waiting for it', async () => {
      await user.store(ada)
      expect(spawnSync('/usr/bin/mkfifo', [join(user.home, '.netrc')]).status).to.equal(0)
      expect(shown(loaded())).to.deep.equal(loginOf(ada))
    })

    it('an error that names the named pipe, if nothing else holds a token', async () => {
      expect(spawnSync('/usr/bin/mkfifo', [join(user.home, '.netrc')]).status).to.equal(0)
      const copy = copyOfNetrcParser()
      patchNetrcParser(copy, user.credentials)
      const {message} = await thrownBy(copy.default.load())
      expect(message).to.equal(`could not read ${join(user.home, '.netrc')}: it is a named pipe`)
    })

    it('netrc-parser’s error, if nothing else holds a token', async () => {
      mkdirSync(join(user.home, '.netrc'))
      const copy = copyOfNetrcParser()
      patchNetrcParser(copy, user.credentials)
      expect(() => {
        copy.default.loadSync()
      }).to.throw('EISDIR')
      expect(await thrownBy(copy.default.load())).to.include({code: 'EISDIR'})
    })

    it('no token from the keychain in another file than the default one', async () => {
      await user.store(ada)
      user.write('elsewhere', entries(grace))
      const copy = copyOfNetrcParser()
      patchNetrcParser(copy, user.credentials)
      const other = new copy.Netrc(join(user.home, 'elsewhere'))
      other.loadSync()
      expect({...other.machines?.[API]}).to.deep.equal(loginOf(grace))
      logIn({...ada, token: 'HRKU-other'})(other.machines as Record<string, unknown>)
      await other.save()
      expect(user.read('elsewhere')).to.equal(entries({...ada, token: 'HRKU-other'}))
      expect(await user.tokens()).to.deep.equal({[ada.account]: ada.token})
    })
  })

  describe('reads the keychain', () => {
    it('when one of the two machines is first read, and once for all copies', async () => {
      await user.store(ada)
      user.write('.netrc', OTHERS)
      const one = loaded()
      const other = loaded()
      await other.load()
      expect(shown(other, 'three')).to.deep.equal({login: 'a', password: 'b'})
      expect(user.calls()).to.equal(0)
      expect(shown(one)).to.deep.equal(loginOf(ada))
      const calls = user.calls()
      expect(calls).to.be.greaterThan(0)
      one.loadSync()
      expect([shown(one), shown(one, GIT), shown(other)]).to.deep.equal([ada, ada, ada].map(loginOf))
      expect(user.calls()).to.equal(calls)
    })

    it('not for the CLI’s analytics, which get the file’s entry, unless an account is selected', async () => {
      await user.store(ada)
      user.write('.netrc', entries(grace))
      mkdirSync(join(user.home, 'lib'))
      const file = join(user.home, 'lib', 'analytics.js')
      writeFileSync(file, 'exports.read = (machines, host) => ({...machines[host]})')
      const {read} = createRequire(import.meta.url)(file) as {read: (machines: object, host: string) => object}
      expect(read(loaded().machines, API)).to.deep.equal(loginOf(grace))
      process.env.HEROKU_ACCOUNT = ada.account
      expect(read(loaded().machines, API), 'of another account than the selected one').to.deep.equal({})
      expect(user.calls()).to.equal(0)
    })

    for (const [name, value] of [
      ['HEROKU_API_KEY', 'HRKU-key'],
      ['HEROKU_NETRC_WRITE', 'true'],
    ] as const)
      it(`not with ${name}`, async () => {
        await user.store(ada)
        process.env[name] = value
        user.write('.netrc', entries(grace))
        expect(shown(loaded())).to.deep.equal(loginOf(grace))
        expect(user.calls()).to.equal(0)
      })
  })

  describe('with a locked keyring', () => {
    const locked = async () => {
      await user.store(ada)
      user.write('data/login.json', loginJsonFor(ada))
      await user.keyring.lock()
    }

    it('shows a token that is truthy, and throws at every use', async () => {
      await locked()
      const machine = loaded().machines[API]
      expect(machine?.login).to.equal(ada.account)
      const token = machine?.password
      expect(Boolean(token)).to.equal(true)
      const uses: Record<string, () => unknown> = {
        template: () => `Bearer ${token ?? ''}`,
        sum: () => 'Bearer ' + (token ?? ''),
        JSON: () => JSON.stringify({token}),
        length: () => token?.length,
        comparison: () => (token ?? '') < 'x',
      }
      for (const [use, action] of Object.entries(uses)) {
        const error = await thrownBy(Promise.resolve().then(action))
        expect(error, use).to.deep.include({
          message: 'the token cannot be read: the keyring is locked',
          suggestions: ['unlock it: log in to the desktop, or open it in Seahorse'],
          oclif: {exit: 1},
        })
      }
    })

    it('shows the same account’s token from .netrc', async () => {
      await locked()
      user.write('.netrc', entries({...ada, token: 'HRKU-in-netrc'}))
      expect(shown(loaded())).to.deep.equal({login: ada.account, password: 'HRKU-in-netrc'})
    })

    it('shows no other account’s token', async () => {
      await locked()
      user.write('.netrc', entries(grace))
      const token = loaded().machines[API]?.password
      expect(() => `Bearer ${token ?? ''}`).to.throw(/ada@example\.com.*grace@example\.com/u)
    })
  })

  for (const how of ['save', 'saveSync'] as const)
    describe(`with ${how}`, () => {
      const save = async (netrc: NetrcModule['default']) => {
        await netrc[how]()
      }

      it('saves a login in the keychain and login.json, and leaves the file unchanged', async () => {
        user.write('.netrc', OTHERS)
        const inode = user.inode('.netrc')
        const netrc = loaded()
        logIn(ada)(netrc.machines)
        expect(netrc).to.have.property('output').that.does.not.include(ada.token)
        await save(netrc)
        expect(await user.tokens()).to.deep.equal({[ada.account]: ada.token})
        expect(user.read('data/login.json')).to.equal(loginJsonFor(ada))
        expect(user.read('.netrc')).to.equal(OTHERS)
        expect(user.inode('.netrc')).to.equal(inode)
        netrc.loadSync()
        expect(shown(netrc)).to.deep.equal(loginOf(ada))
      })

      it('saves a login once, without a lookup of the previous one', async () => {
        const netrc = loaded()
        // Like accounts:set.
        netrc.machines[GIT] = {}
        netrc.machines[API] = {}
        for (const host of [GIT, API]) Object.assign(netrc.machines[host] ?? {}, loginOf(ada))
        expect(user.calls()).to.equal(0)
        await save(netrc)
        expect(await user.tokens()).to.deep.equal({[ada.account]: ada.token})
        const calls = user.calls()
        await save(netrc)
        expect(user.calls()).to.equal(calls)
        expect(user.read('.netrc')).to.equal(undefined)
      })

      it('does nothing if nothing was changed', async () => {
        await user.store(ada)
        user.write('.netrc', OTHERS)
        const inode = user.inode('.netrc')
        const netrc = loaded()
        logIn(ada)(netrc.machines)
        // The lookup has written the only account in the keychain to login.json.
        expect(user.read('data/login.json')).to.equal(`{"account":"${ada.account}"}\n`)
        const record = user.read('data/heroku-keychain.json')
        await save(netrc)
        expect(user.inode('.netrc')).to.equal(inode)
        expect(user.read('data/heroku-keychain.json')).to.equal(record)
      })

      for (const [what, take] of Object.entries({
        deletes: (machines: Record<string, unknown>, host: string): unknown => Reflect.deleteProperty(machines, host),
        'sets undefined': (machines: Record<string, unknown>, host: string): unknown => (machines[host] = undefined),
      }))
        it(`logs out if the caller ${what}: removes every copy of the token, and keeps other tokens`, async () => {
          await user.store(ada)
          await user.store(grace)
          user.write('data/login.json', loginJsonFor(ada))
          user.write('.netrc', `${entries(ada)}${OTHERS}`)
          const netrc = loaded()
          for (const host of [API, GIT]) take(netrc.machines, host)
          expect(API in netrc.machines).to.equal(false)
          await save(netrc)
          expect(await user.tokens()).to.deep.equal({[grace.account]: grace.token})
          expect(user.read('.netrc')).to.equal(OTHERS)
          expect(user.read('data/login.json')).to.equal(undefined)
          netrc.loadSync()
          expect(shown(netrc)).to.equal(undefined)
        })

      it('fails to log out while the keyring is locked', async () => {
        await user.store(ada)
        user.write('data/login.json', loginJsonFor(ada))
        await user.keyring.lock()
        const netrc = loaded()
        Reflect.deleteProperty(netrc.machines, API)
        expect(await thrownBy(save(netrc))).to.include({message: 'cannot log out: the keyring is locked'})
        expect(user.read('data/login.json')).to.equal(loginJsonFor(ada))
        await user.keyring.unlock()
        expect(await user.tokens()).to.deep.equal({[ada.account]: ada.token})
      })

      it('writes the changes of other machines to the file, and nothing else', async () => {
        await user.store(ada)
        user.write('.netrc', `${entries(grace)}${OTHERS}`)
        const netrc = loaded()
        expect(shown(netrc)).to.deep.equal(loginOf(ada))
        Object.assign(netrc.machines.three ?? {}, {password: 'changed'})
        netrc.machines.four = {login: 'f', password: 'g', account: 'h'}
        await save(netrc)
        expect(user.read('.netrc')).to.equal(
          `${entries(grace)}${OTHERS.replace('password b', 'password changed')}\n` +
            'machine four\n  login f\n  password g\n  account h',
        )
        delete netrc.machines.four
        await save(netrc)
        expect(user.read('.netrc')).to.equal(`${entries(grace)}${OTHERS.replace('password b', 'password changed')}`)
        expect(await user.tokens()).to.deep.equal({[ada.account]: ada.token})
      })

      it('writes a login to .netrc, losslessly, if the keyring is locked', async () => {
        user.write('.netrc', OTHERS)
        await user.keyring.lock()
        const netrc = loaded()
        netrc.machines[API] = loginOf(ada)
        netrc.machines[GIT] = loginOf(ada)
        await save(netrc)
        const written = user.read('.netrc') ?? ''
        expect(written.startsWith(OTHERS)).to.equal(true)
        expect(written.slice(OTHERS.length)).to.equal(`\r\n${entries(ada).replaceAll('\n', '\r\n')}`.slice(0, -2))
        netrc.loadSync()
        expect(shown(netrc)).to.deep.equal(loginOf(ada))
      })

      it('throws if no store accepts a login, and tries again at the next save', async () => {
        mkdirSync(join(user.home, '.netrc'))
        await user.store(ada)
        const netrc = loaded()
        await user.keyring.lock()
        logIn(grace)(netrc.machines)
        const error = await thrownBy(save(netrc))
        expect(error.message).to.match(/^no place took the token: the keyring is locked; could not read .*EISDIR/u)
        expect(error).to.deep.include({oclif: {exit: 1}})
        await user.keyring.unlock()
        await save(netrc)
        expect(await user.tokens()).to.deep.equal({[ada.account]: ada.token, [grace.account]: grace.token})
      })

      it('changes nothing while HEROKU_API_KEY is set, which has precedence', async () => {
        process.env.HEROKU_API_KEY = 'HRKU-key'
        user.write('.netrc', entries(ada))
        const netrc = loaded()
        logIn(grace)(netrc.machines)
        expect((await thrownBy(save(netrc))).message).to.match(/^cannot log in while HEROKU_API_KEY is set/u)
        netrc.loadSync()
        Reflect.deleteProperty(netrc.machines, API)
        expect((await thrownBy(save(netrc))).message).to.match(/^cannot log out while HEROKU_API_KEY is set/u)
        expect(user.read('.netrc')).to.equal(entries(ada))
        expect(user.calls()).to.equal(0)
      })

      it('writes only to .netrc with HEROKU_NETRC_WRITE, losslessly', async () => {
        process.env.HEROKU_NETRC_WRITE = 'true'
        user.write('.netrc', `${OTHERS}\n${entries(grace)}`)
        const netrc = loaded()
        logIn(ada)(netrc.machines)
        await save(netrc)
        expect(user.read('.netrc')).to.equal(`${OTHERS}\n${entries(ada)}`)
        for (const host of [API, GIT]) Reflect.deleteProperty(netrc.machines, host)
        await save(netrc)
        expect(user.read('.netrc')).to.equal(`${OTHERS}\n`)
        expect(user.calls()).to.equal(0)
        expect(user.read('data/login.json')).to.equal(undefined)
      })

      it('removes, with HEROKU_NETRC_WRITE, entries that it has saved', async () => {
        process.env.HEROKU_NETRC_WRITE = 'true'
        user.write('.netrc', OTHERS)
        const netrc = loaded()
        logIn(ada)(netrc.machines)
        await save(netrc)
        expect(user.read('.netrc')).to.include(ada.token)
        for (const host of [API, GIT]) Reflect.deleteProperty(netrc.machines, host)
        await save(netrc)
        expect(user.read('.netrc')).to.equal(OTHERS)
      })

      it('refuses two different logins, since the keychain stores one for both machines', async () => {
        await user.store(ada)
        const netrc = loaded()
        Object.assign(netrc.machines[GIT] ?? {}, loginOf(grace))
        expect((await thrownBy(save(netrc))).message).to.match(/^git\.heroku\.com cannot be given another login/u)
        expect(await user.tokens()).to.deep.equal({[ada.account]: ada.token})
      })

      it('writes the token for no other host, such as a foreign HEROKU_GIT_HOST', async () => {
        user.write('.netrc', OTHERS)
        const netrc = loaded()
        logIn(ada)(netrc.machines)
        netrc.machines['git.example.com'] = loginOf(ada)
        await save(netrc)
        expect(user.read('.netrc')).to.equal(OTHERS)
        expect(await user.tokens()).to.deep.equal({[ada.account]: ada.token})
      })

      it('finds changes in an instance that was loaded before the patch by a comparison with the file', async () => {
        user.write('.netrc', OTHERS)
        const copy = copyOfNetrcParser()
        const own = new copy.Netrc()
        own.loadSync()
        patchNetrcParser(copy, user.credentials)
        logIn(ada)(own.machines as Record<string, unknown>)
        await save(own)
        expect(await user.tokens()).to.deep.equal({[ada.account]: ada.token})
        expect(user.read('.netrc')).to.equal(OTHERS)
      })
    })

  it('has no effect the second time', () => {
    const copy = copyOfNetrcParser()
    patchNetrcParser(copy, user.credentials)
    const {loadSync, save} = copy.Netrc.prototype
    patchNetrcParser(copy, user.credentials)
    expect({loadSync, save}).to.deep.equal({loadSync: copy.Netrc.prototype.loadSync, save: copy.Netrc.prototype.save})
  })

  it('leaves a module unchanged that is not the netrc-parser that we know', () => {
    const {Netrc, default: theirs, parse} = copyOfNetrcParser()
    const others = [{}, {default: theirs}, {Netrc, parse}, {Netrc, default: {}, parse}, {Netrc: parse, default: theirs}]
    const {loadSync} = Netrc.prototype
    expect(others.map((other) => patchNetrcParser(other, user.credentials))).to.deep.equal(others.map(() => false))
    expect(Netrc.prototype.loadSync).to.equal(loadSync)
  })
})
