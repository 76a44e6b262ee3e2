import {expect} from 'chai'
import {it as mochaIt} from 'mocha'
import {randomUUID} from 'node:crypto'
import type {Backend} from '../../src/backends/backend.js'
import {StorageError} from '../../src/errors.js'

/** The limits of a keychain, if they are tighter than the others'. Lengths are in bytes. */
export interface ContractOptions {
  /** The longest token for this account; one character more is refused, and nothing is stored. */
  longestToken: (account: string) => number
  /** The system may ignore case in names, and keep only one of two that differ in case. */
  mayFoldCase?: boolean
  /** The titles of the cases that this keychain cannot pass: they must fail. */
  cannot?: RegExp
  /** Removes the items of a case. Default: through the keychain. */
  clear?: () => Promise<void>
}

const printable = String.fromCharCode(...Array.from({length: 0x7f - 0x20}, (_, index) => 0x20 + index))

const awkwardAccounts: Record<string, string> = {
  'a plus and dots': 'ada.love+lace@example.com',
  quotes: `"a'b"@example.com`,
  'a shell substitution': '$(touch PWNED)`touch PWNED`$HOME@example.com',
  'a semicolon and a pipe': 'a;touch PWNED|x&y@example.com',
  spaces: ' a  b @example.com ',
  backslashes: String.raw`a\b\\c@example.com\ `,
  'non-ASCII letters': 'åda.łövelace.日本@пример.рф',
  'a leading dash': '-w@example.com',
  'two leading dashes': '--help',
  percents: '%USERPROFILE%%s@example.com',
  'an equals sign': 'a=b"="c@example.com',
}

/** @throws {AssertionError} if the action does not throw a StorageError */
async function failureOf(action: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await action.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error, 'nothing was thrown').to.be.instanceOf(StorageError)
  return error as StorageError
}

/**
 * The contract of all keychains. Accounts are new for each case, and removed afterwards, since a real keychain is
 * shared.
 */
export function describeKeychain(
  name: string,
  open: () => Promise<Backend>,
  {cannot, clear, longestToken, mayFoldCase = false}: ContractOptions,
): void {
  describe(`${name} keeps the keychain contract`, () => {
    let keychain: Backend
    let account: string
    const used = new Set<string>()

    const fresh = (stem = 'contract@example.com') => {
      const made = `${stem}.${randomUUID()}`
      used.add(made)
      return made
    }

    const problemOf = async (action: Promise<unknown>) => (await failureOf(action)).problem

    /**
     * A case of the contract. A case that the keychain cannot pass must fail, so that no exception becomes outdated.
     */
    const it = (title: string, body: () => Promise<unknown>) =>
      mochaIt(title, () => (cannot?.test(title) ? failureOf(body()) : body()))

    beforeEach(async () => {
      keychain = await open()
      account = fresh()
    })

    afterEach(async () => {
      if (clear) await clear()
      else for (const each of used) await keychain.remove(each)
      used.clear()
    })

    it('returns undefined for an unknown account', async () => {
      expect(await keychain.get(account)).to.equal(undefined)
    })

    it('returns a stored token', async () => {
      await keychain.set({account, token: 'HRKU-1'})
      expect(await keychain.get(account)).to.equal('HRKU-1')
    })

    it('replaces a token', async () => {
      await keychain.set({account, token: 'HRKU-old'})
      await keychain.set({account, token: 'HRKU-new'})
      expect(await keychain.get(account)).to.equal('HRKU-new')
      expect((await keychain.accounts()).filter((each) => each === account)).to.deep.equal([account])
    })

    it('removes a token, and reports it', async () => {
      await keychain.set({account, token: 'HRKU-1'})
      expect(await keychain.remove(account)).to.equal(true)
      expect(await keychain.get(account)).to.equal(undefined)
      expect(await keychain.accounts()).not.to.include(account)
    })

    it('reports that there was nothing to remove', async () => {
      expect(await keychain.remove(account)).to.equal(false)
    })

    it('returns undefined for an account that differs only in case', async () => {
      await keychain.set({account, token: 'HRKU-lower'})
      expect(await keychain.get(account.toUpperCase())).to.equal(undefined)
    })

    it('keeps accounts apart if one is a prefix of the other', async () => {
      const longer = `${account}.more`
      used.add(longer)
      await keychain.set({account, token: 'HRKU-1'})
      await keychain.set({account: longer, token: 'HRKU-2'})
      expect(await keychain.remove(account)).to.equal(true)
      expect(await keychain.get(account)).to.equal(undefined)
      expect(await keychain.get(longer)).to.equal('HRKU-2')
    })

    if (!mayFoldCase) {
      it('keeps accounts apart that differ only in case', async () => {
        const upper = account.toUpperCase()
        used.add(upper)
        await keychain.set({account, token: 'HRKU-lower'})
        await keychain.set({account: upper, token: 'HRKU-upper'})
        expect(await keychain.get(account)).to.equal('HRKU-lower')
        expect(await keychain.remove(account)).to.equal(true)
        expect(await keychain.get(upper)).to.equal('HRKU-upper')
      })
    }

    it('lists the accounts', async () => {
      const other = fresh('other@example.com')
      await keychain.set({account, token: 'HRKU-1'})
      await keychain.set({account: other, token: 'HRKU-2'})
      expect(await keychain.accounts()).to.include.members([account, other])
    })

    for (const [what, awkward] of Object.entries(awkwardAccounts)) {
      it(`takes an account with ${what} exactly`, async () => {
        const made = fresh(awkward)
        await keychain.set({account: made, token: 'HRKU-1'})
        expect(await keychain.get(made)).to.equal('HRKU-1')
        expect(await keychain.accounts()).to.include(made)
        expect(await keychain.remove(made)).to.equal(true)
        expect(await keychain.get(made)).to.equal(undefined)
      })
    }

    const tokens = {
      'every printable character': printable,
      'spaces at both ends': ' HRKU 1 ',
      'a leading dash': '-w',
      'the look of hexadecimal': '48524b552d31',
      'the look of 0x hexadecimal': '0x48524B552D31  "HRKU-1"',
      'the look of base64': 'SFJLVS0x',
      'the look of a script': '"; $(touch PWNED) `touch PWNED` %PATH% $env:PATH',
    }
    for (const [what, token] of Object.entries(tokens)) {
      it(`preserves a token with ${what}`, async () => {
        await keychain.set({account, token})
        expect(await keychain.get(account)).to.equal(token)
      })
    }

    it('preserves a token of the maximum length', async () => {
      const token = 'x'.repeat(longestToken(account))
      await keychain.set({account, token})
      expect(await keychain.get(account)).to.equal(token)
    })

    const refused: Record<string, (account: string) => {account: string; token: string}> = {
      'a token that is too long': (account) => ({account, token: 'x'.repeat(longestToken(account) + 1)}),
      'an empty token': (account) => ({account, token: ''}),
      'a token with a newline': (account) => ({account, token: 'HRKU-1\n'}),
      'a token with a NUL': (account) => ({account, token: 'HRKU\0-1'}),
      'a token with an escape character': (account) => ({account, token: 'HRKU\u001B[31m'}),
      'a token that is not ASCII': (account) => ({account, token: 'HRKÜ-1'}),
      'an account with a newline': (account) => ({account: `${account}\nattribute.account = x`, token: 'HRKU-1'}),
      'an account with a NUL': (account) => ({account: `${account}\0`, token: 'HRKU-1'}),
    }
    for (const [what, make] of Object.entries(refused)) {
      it(`refuses ${what}, and keeps the stored token`, async () => {
        await keychain.set({account, token: 'HRKU-before'})
        expect(await problemOf(keychain.set(make(account)))).to.equal('refused')
        expect(await keychain.get(account)).to.equal('HRKU-before')
      })
    }

    it('refuses an empty account in every method', async () => {
      expect(await problemOf(keychain.get(''))).to.equal('refused')
      expect(await problemOf(keychain.set({account: '', token: 'HRKU-1'}))).to.equal('refused')
      expect(await problemOf(keychain.remove(''))).to.equal('refused')
    })

    it('does not support wildcards', async () => {
      await keychain.set({account, token: 'HRKU-1'})
      expect(await keychain.get('*')).to.equal(undefined)
      expect(await keychain.remove('*')).to.equal(false)
      expect(await keychain.get(account)).to.equal('HRKU-1')
    })
  })
}
