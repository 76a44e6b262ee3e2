// Any combination of what selects an account, of stores and of faults: no token but the selected account's leaves the process,
// to the lookup, the CLI's provider or git, and nothing is written.
import {expect} from 'chai'
import fc from 'fast-check'
import {readdirSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {findCredential} from '../../src/credentials/find.js'
import {saveToken} from '../../src/credentials/save.js'
import {type Problem, StorageError, UserError} from '../../src/errors.js'
import {answer} from '../../src/git/protocol.js'
import {openProvider} from '../../src/host/credential-provider.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {fuzz} from '../support/fuzz.js'
import {writeLoginJson} from '../support/login-record.js'
import {ada, entries, freshUser, grace, LOGIN_JSON, noKeychain} from '../support/user.js'

const mary = {account: 'mary@example.com', token: 'HRKU-marys'}
const USERS = [ada, grace, mary]
const API_KEY = 'HRKU-key'

/** Names that may select an account; `job` is an alias of Grace, `play` is none. */
const NAMES = ['', ...USERS.map(({account}) => account), 'job', 'play', 'heroku', '../job', 'constructor@example.com']
const name = fc.option(fc.constantFrom(...NAMES), {nil: undefined, freq: 2})

const accountOf = (name: string) => (name === 'job' ? grace.account : name.includes('@') ? name : undefined)

interface Case {
  flag?: string | undefined
  url?: string
  variable?: string
  /** 'git fails': git does not say. */
  project?: string
  apiKey: boolean
  netrcOnly: boolean
  current: string
  stored: string[]
  inNetrc?: string
  keychain: 'there' | 'absent' | Problem
}

const some = <T>(values: fc.Arbitrary<T>) => fc.option(values, {nil: undefined, freq: 2})

const cases: fc.Arbitrary<Case> = fc
  .record({
    flag: name,
    url: name,
    variable: name,
    project: fc.oneof(name, fc.constant('git fails')),
    apiKey: fc.boolean(),
    netrcOnly: fc.boolean(),
    current: fc.constantFrom(...USERS.map(({account}) => account)),
    stored: fc.subarray(USERS.map(({account}) => account)),
    inNetrc: some(fc.constantFrom(...USERS.map(({account}) => account), 'unnamed')),
    keychain: fc.constantFrom<Case['keychain']>('there', 'there', 'absent', 'locked', 'denied', 'timed-out', 'failed'),
  })
  // Fixtures are JSON, which has no undefined.
  .map((each) => JSON.parse(JSON.stringify(each)) as Case)

/** The model: the account that must be used; undefined if the login decides, null if none may be. */
function selectedBy({flag, project, url = '', variable}: Case): string | null | undefined {
  if (flag !== undefined) return accountOf(flag) ?? null
  const named = (name: string | undefined) => (name ? (accountOf(name) ?? null) : undefined)
  const byUrl = accountOf(url)
  const byVariable = named(variable)
  if (byUrl !== undefined) return byVariable === undefined || byVariable === byUrl ? byUrl : null
  return byVariable === undefined && project !== 'git fails' ? named(project) : byVariable
}

describe('a selected account, in any circumstances', () => {
  const user = freshUser()

  const prepare = async ({current, inNetrc, keychain, stored}: Case) => {
    rmSync(user.dataDir, {recursive: true, force: true})
    user.memory.tokens.clear()
    user.memory.recover()
    user.write('.config/heroku/accounts/job', `username: ${grace.account}\n`)
    for (const each of USERS) if (stored.includes(each.account)) await saveToken(user.stores(), each)
    await writeLoginJson(user.dataDir, current)
    const owner = USERS.find(({account}) => account === inNetrc) ?? {token: 'HRKU-unnamed'}
    user.write('.netrc', inNetrc === undefined ? '' : entries(owner))
    if (keychain !== 'there' && keychain !== 'absent')
      user.memory.fail(new StorageError(keychain, 'the keyring failed'))
  }
  const storesFor = ({apiKey, keychain, netrcOnly, project, variable}: Case) =>
    user.stores(
      {
        ...(apiKey && {HEROKU_API_KEY: API_KEY}),
        ...(netrcOnly && {HEROKU_NETRC_WRITE: 'true'}),
        ...(variable === undefined ? {} : {HEROKU_ACCOUNT: variable}),
      },
      keychain === 'absent' ? noKeychain : user.memory.keychain,
      {
        selectedByProject() {
          if (project === 'git fails') throw new UserError('git did not say')
          return project ? {name: project, by: 'git config'} : undefined
        },
      },
    )
  const tokenOf = async (finding: Promise<string | undefined>) => {
    try {
      return await finding
    } catch (error) {
      if (error instanceof UserError || (error instanceof Error && error.message === 'not logged in')) return undefined
      throw error
    }
  }
  const files = () =>
    readdirSync(user.dataDir)
      .sort()
      .map((name) => [name, readFileSync(join(user.dataDir, name), 'utf8')])

  const allowed = (wanted: Case, selected: string | null, withKey: boolean) => [
    undefined,
    ...(withKey && wanted.apiKey ? [API_KEY] : []),
    ...USERS.filter(({account}) => account === selected).map(({token}) => token),
  ]

  fuzz("is the only one whose token is used, or HEROKU_API_KEY's", {
    name: 'selected-account',
    runs: 400,
    values: cases,
    async holds(wanted) {
      await prepare(wanted)
      const selected = selectedBy(wanted)
      if (selected === undefined) return
      const before = files()
      const token = await tokenOf(
        findCredential(storesFor(wanted), {account: wanted.flag, username: wanted.url}).then((lookup) =>
          lookup.outcome === 'found' ? lookup.credential.token : undefined,
        ),
      )
      expect(allowed(wanted, selected, wanted.flag === undefined)).to.include(token)
      const isReadable =
        wanted.keychain === 'there' && !wanted.netrcOnly && !(wanted.apiKey && wanted.flag === undefined)
      if (isReadable && selected !== null && wanted.stored.includes(selected)) expect(token).to.be.a('string')
      expect(files()).to.deep.equal(before)
    },
  })

  fuzz('is the only one whose token the CLI and git get', {
    name: 'selected-account-host',
    runs: 400,
    values: cases,
    async holds(given) {
      const wanted = {...given, flag: undefined}
      await prepare(wanted)
      const env = {HOME: user.home}
      const reply = await answer('get', `protocol=https\nhost=git.heroku.com\nusername=${wanted.url ?? ''}\n\n`, {
        env,
        endpoints: endpointsFrom({}),
        open: () => storesFor(wanted),
      })
      const selected = selectedBy(wanted)
      if (selected !== undefined)
        expect(allowed(wanted, selected, true)).to.include(/^password=(.*)$/mu.exec(reply.stdout)?.[1])

      const forCli = selectedBy({...wanted, url: ''})
      if (forCli === undefined) return
      const provider = openProvider(storesFor(wanted))
      const auth = await tokenOf(
        provider.getAuth(wanted.current, 'api.heroku.com').then(({token}) => {
          // An unreadable token throws as soon as it is used.
          return token.trim()
        }),
      )
      expect(allowed(wanted, forCli, true)).to.include(auth)
      expect(user.read(LOGIN_JSON)).to.equal(`{"account":"${wanted.current}"}\n`)
    },
  })
})
