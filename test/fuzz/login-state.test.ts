import {expect} from 'chai'
import fc from 'fast-check'
import {rmSync} from 'node:fs'
import {join} from 'node:path'
import {StorageError, UserError} from '../../src/errors.js'
import {findCredential} from '../support/lookup.js'
import {recordLogin, recordLogout} from '../support/login-record.js'
import {readLoginState} from '../../src/credentials/login-files.js'
import {fingerprint} from '../../src/credentials/token-record.js'
import {describeExpiry} from '../../src/ui/expiry.js'
import {hasLogin} from '../../src/git/setup-stamp.js'
import {fuzz} from '../support/fuzz.js'
import {ada, entries, freshUser, grace, LOGIN_JSON, OUR_JSON, type User} from '../support/user.js'

const API = 'api.heroku.com'
const name = fc.oneof(
  {weight: 3, arbitrary: fc.constantFrom(ada.account, grace.account)},
  {weight: 1, arbitrary: fc.constantFrom('nobody@example.com', '', '__proto__', 'a\u001B[2Jb', 'x\ny')},
)
const anything = fc.oneof(name, fc.constantFrom(null, true, 7, [], {}), fc.string({unit: 'binary', maxLength: 4}))
const mostly = (usual: fc.Arbitrary<unknown>) =>
  fc.oneof({weight: 5, arbitrary: usual}, {weight: 1, arbitrary: anything})
const token = fc.record(
  {
    account: mostly(name),
    apiHost: mostly(fc.constantFrom('api.heroku.com', 'api.herokai.com', 'evil\u001B[2J')),
    fingerprint: mostly(fc.constantFrom(fingerprint(ada.token), fingerprint(grace.token))),
    savedIn: mostly(fc.constantFrom('netrc', 'secret-service')),
    expiresAt: mostly(fc.constantFrom('2030-01-01T00:00:00.000Z', '2020-01-01T00:00:00.000Z', 'soon')),
    recordedAt: mostly(fc.constantFrom('2029-12-31T23:00:00.000Z', 'before')),
    warnedOn: mostly(fc.constantFrom('2029-12-31', 'today')),
    plainTextWarnedOn: mostly(fc.constantFrom('2029-12-31', 'today')),
  },
  {requiredKeys: ['account', 'apiHost', 'fingerprint', 'savedIn']},
)
const state = fc.record(
  {
    version: mostly(fc.constant(1)),
    account: mostly(name),
    loggedOut: mostly(fc.boolean()),
    tokens: mostly(fc.array(token, {maxLength: 3})),
  },
  {requiredKeys: []},
)

const isGiven = (value: unknown) => value !== undefined

/** A valid file, JSON of another shape, a truncated file, or any text. */
const fileOf = (value: fc.Arbitrary<unknown>) =>
  fc.oneof(
    {weight: 6, arbitrary: value.map((value) => JSON.stringify(value))},
    {weight: 1, arbitrary: fc.json({maxDepth: 2})},
    {
      weight: 1,
      arbitrary: fc.tuple(value, fc.nat(60)).map(([value, length]) => JSON.stringify(value).slice(0, length)),
    },
    {weight: 1, arbitrary: fc.string({unit: 'binary'})},
  )
const files = fc.record({theirs: fileOf(fc.record({account: mostly(name)}, {requiredKeys: []})), ours: fileOf(state)})

/** A new file each time: overwriting may be slow, as ext4 flushes a truncated file (auto_da_alloc). */
function replace(user: User, path: string, text: string): void {
  rmSync(join(user.home, path), {force: true})
  user.write(path, text)
}

describe('any login.json and heroku-keychain.json', () => {
  const user = freshUser()
  const write = ({ours, theirs}: {ours: string; theirs: string}) => {
    replace(user, LOGIN_JSON, theirs)
    replace(user, OUR_JSON, ours)
  }

  fuzz('are read as a valid state', {
    name: 'login-state',
    runs: 3000,
    values: files,
    holds(files) {
      write(files)
      const {loggedOut, loginJsonAccount, lastAccount, tokens} = readLoginState(user.dataDir)
      expect(loggedOut).to.be.a('boolean')
      for (const name of [loginJsonAccount, lastAccount])
        if (name !== undefined) expect(name).to.be.a('string').and.not.to.equal('')
      for (const {account, apiHost, expiresAt, fingerprint, plainTextWarnedOn, recordedAt, savedIn, warnedOn} of tokens)
        for (const each of [
          account,
          apiHost,
          fingerprint,
          savedIn,
          ...[expiresAt, plainTextWarnedOn, recordedAt, warnedOn].filter(isGiven),
        ])
          expect(each).to.be.a('string').and.not.to.equal('')
      expect(hasLogin({}, user.dataDir)).to.equal(true)
    },
  })

  fuzz("never lead to the use of another account's token, nor to a control character in a message", {
    name: 'login-state-lookup',
    runs: 3000,
    values: fc.record({
      files,
      inKeychain: fc.subarray([ada, grace]),
      inNetrc: fc.subarray([ada, grace], {maxLength: 1}),
      failing: fc.boolean(),
    }),
    async holds({failing, files, inKeychain, inNetrc}) {
      write(files)
      user.memory.tokens.clear()
      user.memory.recover()
      user.notices.length = 0
      for (const {account, token} of inKeychain) user.memory.tokens.set(account, token)
      if (failing) user.memory.fail(new StorageError('locked', 'the keyring is locked', 'unlock it'))
      replace(user, '.netrc', inNetrc.map((credential) => entries(credential)).join(''))
      const {loginJsonAccount, tokens} = readLoginState(user.dataDir)
      // An account is logged in to one host; .netrc may have another account's token for another host.
      const isHere = (tokens.find(({account}) => account === loginJsonAccount)?.apiHost ?? API) === API
      const shown: string[] = []
      try {
        const looked = await findCredential(user.stores())
        if (looked.found) {
          const {account, expiresAt, source, token} = looked.found
          expect(source === 'netrc' ? inNetrc : inKeychain).to.deep.include({account, token})
          if (source !== 'netrc' && loginJsonAccount !== undefined) expect(account).to.equal(loginJsonAccount)
          if (failing && loginJsonAccount !== undefined && isHere) expect(account).to.equal(loginJsonAccount)
          if (expiresAt !== undefined) shown.push(describeExpiry(expiresAt))
        } else shown.push(looked.because ?? '')
      } catch (error) {
        if (!(error instanceof UserError || error instanceof StorageError)) throw error
        shown.push(error.message, error.hint ?? '')
      }
      expect([...shown, ...user.notices].join('')).not.to.match(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
    },
  })

  fuzz('are replaced by a login and cleared by a logout', {
    name: 'login-state-replaced',
    runs: 150,
    values: files,
    async holds(files) {
      write(files)
      const record = {account: ada.account, apiHost: 'api.heroku.com', fingerprint: 'x', savedIn: 'netrc' as const}
      await recordLogin(user.dataDir, record, true)
      const after = readLoginState(user.dataDir)
      expect(after).to.include({loginJsonAccount: ada.account, lastAccount: ada.account, loggedOut: false})
      const [own, ...more] = after.tokens.filter(({account}) => account === ada.account)
      // The host of an older token, which a keychain may still have, is kept.
      expect(own).to.include(record)
      expect(more).to.deep.equal([])
      await recordLogout(user.dataDir, ada.account)
      expect(readLoginState(user.dataDir)).to.deep.equal({
        loggedOut: true,
        tokens: after.tokens.filter(({account}) => account !== ada.account),
      })
    },
  })
})
