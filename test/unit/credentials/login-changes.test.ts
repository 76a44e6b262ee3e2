// What each change makes of each login state: login-changes.txt has the table, and this file the notation.
import {expect} from 'chai'
import {readFileSync, rmSync} from 'node:fs'
import {recordLoginJson} from '../../../src/credentials/login-writer.js'
import {
  forgetAccount,
  recordCurrent,
  recordEnded,
  recordExpiry,
  recordLogin,
  recordLogout,
  recordRemoval,
  recordToken,
  recordWarning,
} from '../../support/login-record.js'
import {fingerprint, type TokenRecord} from '../../../src/credentials/token-record.js'
import {ada, freshUser, grace, LOGIN_JSON, OUR_JSON} from '../../support/user.js'

const newer = {...ada, token: 'HRKU-adas-newer'}

const record = ({account, token}: typeof ada, more: Partial<TokenRecord> = {}): TokenRecord => ({
  account,
  apiHost: 'api.heroku.com',
  fingerprint: fingerprint(token),
  savedIn: 'secret-service',
  ...more,
})

const times = {expiresAt: '2026-12-24T00:00:00.000Z', recordedAt: '2026-11-24T00:00:00.000Z'}
const DAY = '2026-11-24'

/** The records, by their names in the table. */
const RECORDS: Record<string, TokenRecord> = {
  ada: record(ada),
  'ada-netrc': record(ada, {savedIn: 'netrc'}),
  'ada-staging': record(ada, {apiHost: 'api.staging.com'}),
  'ada-until': record(ada, times),
  'ada-netrc-until': record(ada, {savedIn: 'netrc', ...times}),
  'ada-staging-until': record(ada, {apiHost: 'api.staging.com', ...times}),
  'ada-warned': record(ada, {warnedOn: DAY}),
  'ada-netrc-warned': record(ada, {savedIn: 'netrc', warnedOn: DAY}),
  'ada-staging-warned': record(ada, {apiHost: 'api.staging.com', warnedOn: DAY}),
  'ada-plain': record(ada, {plainTextWarnedOn: DAY}),
  'ada-netrc-plain': record(ada, {savedIn: 'netrc', plainTextWarnedOn: DAY}),
  'ada-staging-plain': record(ada, {apiHost: 'api.staging.com', plainTextWarnedOn: DAY}),
  newer: record(newer, {expiresAt: '2030-01-01T00:00:00.000Z'}),
  'newer-netrc': record(newer, {savedIn: 'netrc'}),
  'newer-netrc-over-staging': record(newer, {savedIn: 'netrc', keychainHost: 'api.staging.com'}),
  grace: record(grace),
}
const named = (name: string): TokenRecord => RECORDS[name] ?? record({account: name, token: name})

const CHANGES: Record<string, (dataDir: string) => Promise<void>> = {
  'login of ada': (dataDir) => recordLogin(dataDir, named('ada'), true),
  'login of ada with a newer token': (dataDir) => recordLogin(dataDir, named('newer'), true),
  'login of ada to .netrc, without login.json': (dataDir) => recordLogin(dataDir, named('newer-netrc'), false),
  "grace's token stored": (dataDir) => recordToken(dataDir, named('grace')),
  "ada's token stored in .netrc": (dataDir) => recordToken(dataDir, named('newer-netrc')),
  'switch to grace': (dataDir) => recordCurrent(dataDir, grace.account),
  'login.json remembered': (dataDir) => recordLoginJson(dataDir),
  'ada removed': (dataDir) => forgetAccount(dataDir, ada.account),
  'grace removed': (dataDir) => forgetAccount(dataDir, grace.account),
  'unnamed account removed': (dataDir) => forgetAccount(dataDir, undefined),
  'logout of ada': (dataDir) => recordLogout(dataDir, ada.account),
  'logout of an unnamed account': (dataDir) => recordLogout(dataDir, undefined),
  "ada's token removed": (dataDir) => recordRemoval(dataDir, ada),
  "ada's newer token removed": (dataDir) => recordRemoval(dataDir, newer),
  "unnamed account's token removed": (dataDir) => recordRemoval(dataDir, {token: ada.token}),
  "expiry of ada's token recorded": (dataDir) => recordExpiry(dataDir, ada, times),
  "expiry of ada's newer token recorded": (dataDir) => recordExpiry(dataDir, newer, times),
  "warning about ada's token recorded": (dataDir) => recordWarning(dataDir, ada, DAY),
  "warning about ada's plain text recorded": (dataDir) => recordWarning(dataDir, ada, DAY, 'plainTextWarnedOn'),
  "ada's token ended": (dataDir) => recordEnded(dataDir, ada.token, true),
  "ada's token valid again": (dataDir) => recordEnded(dataDir, ada.token, false),
}

/** Both files; undefined: the file does not exist. */
interface Files {
  loginJson: string | undefined
  ours: string | undefined
}

const NONE = '-'
const UNUSABLE = 'unusable'
const addressOf = (name: string) => `${name}@example.com`

/** The files of a cell: `login.json | account | records | ended tokens`. `out` in place of the account: logged out. */
function parse(text: string): Files {
  const [account = '', current = '', records = '', ended = ''] = text.split('|').map((cell) => cell.trim())
  const list = (cell: string) => (cell === NONE ? [] : cell.split(' '))
  const loginJson =
    account === NONE ? undefined : account === UNUSABLE ? '{"account":' : `{"account":"${addressOf(account)}"}\n`
  if (current === NONE && records === '') return {loginJson, ours: undefined}
  const file = {
    version: 1,
    ...(current === NONE || current === 'out' ? {} : {account: addressOf(current)}),
    loggedOut: current === 'out',
    tokens: list(records).map(named),
    ...(ended === NONE ? {} : {ended: list(ended).map((name) => named(name).fingerprint)}),
  }
  return {loginJson, ours: `${JSON.stringify(file, undefined, 2)}\n`}
}

interface Row {
  state: string
  before: string
  after: string
}

/** Blocks of a change and its rows, `state : before => after`; `=` is no change. */
const TABLE = new Map(
  readFileSync(new URL('./login-changes.txt', import.meta.url), 'utf8')
    .split('\n\n')
    .map((block): [string, Row[]] => {
      const [change = '', ...rows] = block.trimEnd().split('\n')
      return [
        change,
        rows.map((row) => {
          const [state = '', before = '', after = ''] = row.split(/ : | => /u).map((cell) => cell.trim())
          return {state, before, after}
        }),
      ]
    }),
)

describe('the changes of the login state', () => {
  const user = freshUser()

  it('are all in the table', () => {
    expect([...TABLE.keys()]).to.deep.equal(Object.keys(CHANGES))
  })

  for (const [change, rows] of TABLE)
    it(`leave both files as in the table: ${change}`, async () => {
      expect(rows).not.to.deep.equal([])
      for (const {after, before, state} of rows) {
        rmSync(user.dataDir, {recursive: true, force: true})
        const {loginJson, ours} = parse(before)
        if (loginJson !== undefined) user.write(LOGIN_JSON, loginJson)
        if (ours !== undefined) user.write(OUR_JSON, ours)
        await CHANGES[change]?.(user.dataDir)
        const files: Files = {loginJson: user.read(LOGIN_JSON), ours: user.read(OUR_JSON)}
        expect(files, state).to.deep.equal(parse(after === '=' ? before : after))
      }
    })
})
