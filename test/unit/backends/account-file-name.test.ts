import {expect} from 'chai'
import fc from 'fast-check'
import {accountOf, fileNameOf} from '../../../src/backends/account-file-name.js'
import {StorageError} from '../../../src/errors.js'

const problemOf = (action: () => unknown) => {
  try {
    action()
  } catch (error) {
    if (error instanceof StorageError) return error.problem
    throw error
  }
  return undefined
}

describe("the name of an account's file", () => {
  const names = {
    'ada.love+lace_1-2@example.com': 'ada.love+lace_1-2@example.com',
    '.ada@example.com': '%2Eada@example.com',
    '-w@example.com': '%2Dw@example.com',
    '../../.netrc': '%2E.%2F..%2F.netrc',
    'a b%41/c\\d': 'a%20b%2541%2Fc%5Cd',
    'å日@example.com': '%C3%A5%E6%97%A5@example.com',
    '😀': '%F0%9F%98%80',
  }
  for (const [account, name] of Object.entries(names))
    it(`of ${account} is ${name}`, () => {
      expect(fileNameOf(account)).to.equal(name)
      expect(accountOf(name)).to.equal(account)
    })

  it('stands for that account alone, and is safe in a path and in a shell', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary', maxLength: 100}), (account) => {
        let name
        try {
          name = fileNameOf(account)
        } catch {
          return
        }
        expect(name).to.match(/^[A-Za-z0-9@+_%][A-Za-z0-9@+_.%-]*$/u)
        expect(accountOf(name)).to.equal(account)
      }),
    )
  })

  it('has 240 bytes at most', () => {
    expect(fileNameOf('a'.repeat(240))).to.have.length(240)
    expect(fileNameOf('å'.repeat(40))).to.have.length(240)
    expect(problemOf(() => fileNameOf('a'.repeat(241)))).to.equal('refused')
    expect(problemOf(() => fileNameOf('å'.repeat(41)))).to.equal('refused')
  })

  for (const account of ['', 'a\nb', 'a\0b'])
    it(`is refused for ${JSON.stringify(account)}`, () => {
      expect(problemOf(() => fileNameOf(account))).to.equal('refused')
    })

  it('is refused for half of a surrogate pair, which has no bytes', () => {
    expect(problemOf(() => fileNameOf('a\uD83D@example.com'))).to.equal('refused')
  })

  for (const name of ['', '%', '%zz', '%e5', '%E5', '%41', 'a b', '.gpg-id', '-w', 'a/b', '%0A', 'a%2eb'])
    it(`is not ${JSON.stringify(name)}`, () => {
      expect(accountOf(name)).to.equal(undefined)
    })
})
