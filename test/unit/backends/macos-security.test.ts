import {expect} from 'chai'
import fc from 'fast-check'
import {accountsOf, addCommand, LONGEST_LINE_BYTES, quote, failureOf} from '../../../src/backends/macos-security.js'
import {getopt, linesOf, printBuffer, printItem, splitLine} from '../../fixtures/macos/security-language.mjs'

const bytes = (text: string) => Buffer.from(text).toString('latin1')
const text = (latin1: string) => Buffer.from(latin1, 'latin1').toString()

const PATH = '/Users/ada/Library/Keychains/login.keychain-db'
const item = (attributes: Record<string, string>, itemClass: 'genp' | 'inet' = 'genp') =>
  printItem(PATH, {
    itemClass,
    attributes: Object.fromEntries(Object.entries(attributes).map(([tag, value]) => [tag, bytes(value)])),
  })

describe('a line for `security -i`', () => {
  const writable = fc.string({unit: 'binary'}).filter((each) => !/[\n\0]/u.test(each))

  it('preserves any single argument without a newline or NUL', () => {
    fc.assert(
      fc.property(writable, (argument) => {
        expect(splitLine(bytes(quote(argument))).map((each) => text(each))).to.deep.equal([argument])
      }),
      {examples: [[''], ['"'], ['\\'], ['\\"'], [`o'brien`], [' a  b '], ['-w'], ['日本'], ['\t\r'], ['"" "']]},
    )
  })

  it('preserves any number of arguments', () => {
    fc.assert(
      fc.property(fc.array(writable, {maxLength: 32}), (args) => {
        expect(splitLine(bytes(args.map((each) => quote(each)).join(' '))).map((each) => text(each))).to.deep.equal(
          args,
        )
      }),
    )
  })

  it('stores or updates any token of any account, and does nothing else', () => {
    const token = fc.string({unit: 'grapheme-ascii', minLength: 1})
    fc.assert(
      fc.property(writable, token, (account, token) => {
        const [name, ...args] = splitLine(bytes(addCommand({account, token})))
        expect(name).to.equal('add-generic-password')
        expect(getopt(args, ':a:c:C:D:G:j:l:s:p:w:X:UAT:')).to.deep.equal({
          options: [
            ['U', ''],
            ['s', 'heroku-cli'],
            ['a', bytes(account)],
            ['X', Buffer.from(token).toString('hex')],
          ],
          rest: [],
        })
      }),
      {
        examples: [
          ['-w@example.com', 'HRKU-1'],
          ['--', '-U'],
          ['-a', 'x'],
        ],
      },
    )
  })

  it('has the token in lower-case hexadecimal, and quotes two characters', () => {
    expect(addCommand({account: String.raw`a"b\c@example.com`, token: 'HRKU-\u007E'})).to.equal(
      String.raw`add-generic-password -U -s "heroku-cli" -a "a\"b\\c@example.com" -X 48524b552d7e`,
    )
  })

  it('may be as long as `security` runs as one command, with its own exit status', () => {
    const line = (length: number) => linesOf(`${'x'.repeat(length)}\n`).map((each) => each.length)
    expect(line(LONGEST_LINE_BYTES)).to.deep.equal([LONGEST_LINE_BYTES])
    // Followed by an empty command, whose status is 0.
    expect(line(LONGEST_LINE_BYTES + 1)).to.deep.equal([LONGEST_LINE_BYTES + 1, 0])
    expect(line(LONGEST_LINE_BYTES + 2)).to.deep.equal([LONGEST_LINE_BYTES + 1, 1])
  })
})

describe('the fake `security` parses a line like the real one:', () => {
  // The rules are those of Apple's split_line() and readline(), compiled on Linux.
  const lines: Record<string, string[]> = {
    [`'o'"'"'brien'`]: ['o', `'`, 'brien'],
    '"a""b"': ['a', 'b'],
    'a"b"c': ['a"b"c'],
    [String.raw`'a\'b' "c\"d" e\ f`]: [`a'b`, 'c"d', 'e f'],
    '"" x\r': ['', 'x'],
    '"never closed ': ['never closed '],
    'a\0b c': ['a'],
    [String.raw`ends with a backslash\ `.trimEnd()]: ['ends', 'with', 'a', 'backslash'],
    [Array.from({length: 40}, (_, index) => String(index)).join(' ')]: Array.from({length: 32}, (_, index) =>
      String(index),
    ),
  }
  for (const [line, args] of Object.entries(lines)) {
    it(`${JSON.stringify(line.slice(0, 30))} is ${args.length} argument(s)`, () => {
      expect(splitLine(line)).to.deep.equal(args)
    })
  }

  it('drops a last line without a newline', () => {
    expect(linesOf('one\ntwo')).to.deep.equal(['one'])
  })

  it('writes attributes in the four formats of print_buffer', () => {
    expect(['', 'a"b', 'a\\b', 'é', '\0\0\0\x07'].map((each) => printBuffer(bytes(each)))).to.deep.equal([
      '',
      '"a"b"',
      String.raw`0x615C62  "a\134b"`,
      '0xC3A9 ',
      '0x00000007 ',
    ])
  })
})

describe('a dump of the keychain', () => {
  const ours = (acct: string) => item({acct, svce: 'heroku-cli', '\0\0\0\x07': 'heroku-cli'})
  const of = (listing: string) => accountsOf(listing, 'heroku-cli')

  it("has all accounts of the service, in macOS's format", () => {
    // The format of print_keychain_item_attributes; the second item's attributes are in another order.
    const listing = `keychain: "${PATH}"
version: 512
class: "genp"
attributes:
    0x00000007 <blob>="heroku-cli"
    0x00000008 <blob>=<NULL>
    "acct"<blob>="ada@example.com"
    "cdat"<timedate>=0x32303236303930313130303030305A00  "20260901100000Z\\000"
    "crtr"<uint32>=<NULL>
    "cusi"<sint32>=<NULL>
    "desc"<blob>=<NULL>
    "gena"<blob>=<NULL>
    "icmt"<blob>=<NULL>
    "invi"<sint32>=<NULL>
    "mdat"<timedate>=0x32303236303930313130303030305A00  "20260901100000Z\\000"
    "nega"<sint32>=<NULL>
    "prot"<blob>=<NULL>
    "scrp"<sint32>=<NULL>
    "svce"<blob>="heroku-cli"
    "type"<uint32>=<NULL>
keychain: "${PATH}"
version: 512
class: "genp"
attributes:
    "svce"<blob>="heroku-cli"
    "acct"<blob>=0x62C3A940782E6465  "b\\303\\251@x.de"
`
    expect(of(listing)).to.deep.equal(['ada@example.com', 'bé@x.de'])
  })

  it('preserves any account', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (account) => {
        expect(of(ours('before') + ours(account) + ours('after'))).to.deep.equal(['before', account, 'after'])
      }),
      {
        examples: [
          ['a"b'],
          ['"'],
          ['""'],
          [`a'b\\c`],
          ['\\'],
          ['<NULL>'],
          ['0x41  "B"'],
          [''],
          ['\uFEFFbom'],
          ['x\nclass: "genp"\n    "svce"<blob>="heroku-cli"'],
          ['    "svce"<blob>="heroku-cli"'],
        ],
      },
    )
  })

  it('ignores an internet password with any attributes', () => {
    const inet = item({acct: 'ada@example.com', srvr: 'heroku-cli', svce: 'heroku-cli'}, 'inet')
    const lookalike = inet.replace('"srvr"', '"svce"')
    expect(of(ours('mine') + lookalike)).to.deep.equal(['mine'])
    expect(of(lookalike)).to.deep.equal([])
  })

  it('ignores a certificate after an item of ours', () => {
    const certificate = `keychain: "${PATH}"\nclass: 0x80001000 \nattributes:\n    "acct"<blob>="x"\n`
    expect(of(ours('mine') + certificate)).to.deep.equal(['mine'])
  })

  it("ignores other services, even with our service's name in an account", () => {
    const others = ['heroku-cli2', 'Heroku-CLI', ' heroku-cli', '"heroku-cli"', 'heroku-cli"', '']
    const listing = others.map((svce) => item({acct: '"svce"<blob>="heroku-cli"', svce})).join('')
    expect(of(listing + item({acct: 'no service'}))).to.deep.equal([])
  })

  it('ignores a comment that looks like an account', () => {
    expect(of(item({acct: 'real', svce: 'heroku-cli', icmt: '"acct"<blob>="forged'}))).to.deep.equal(['real'])
  })

  it('takes no account from the previous item', () => {
    expect(of(item({acct: 'other', svce: 'other'}) + item({svce: 'heroku-cli'}))).to.deep.equal([undefined])
  })

  it('has undefined for an account that is not UTF-8', () => {
    const listing = printItem(PATH, {itemClass: 'genp', attributes: {acct: 'a\xFF', svce: 'heroku-cli'}})
    expect(of(listing)).to.deep.equal([undefined])
  })

  it('has no accounts in other text', () => {
    expect(of('')).to.deep.equal([])
    expect(of('\x1B[31m\0"svce"<blob>="heroku-cli"\n    "acct"<blob>="x"')).to.deep.equal([])
  })
})

describe('an exit status of `security`', () => {
  const kinds = {
    locked: [24, 29, 36],
    denied: [51, 52, 128],
    unavailable: [37, 50, 53],
    failed: [1, 2, 45, 49, 206, 234],
  }
  for (const [problem, codes] of Object.entries(kinds)) {
    for (const code of codes) {
      it(`of ${code} means '${problem}', with a hint`, () => {
        const error = failureOf(code, 'read the token')
        expect(error.problem).to.equal(problem)
        expect(error.hint).to.match(/\S/u)
      })
    }
  }

  it('that is unknown is named by its number', () => {
    expect(failureOf(77, 'read the token').message).to.equal('security could not read the token (exit 77)')
  })

  it('for locked or denied has the unlock command as a hint', () => {
    for (const code of [24, 29, 36, 51, 128])
      expect(failureOf(code, 'read the token').hint).to.match(
        /security unlock-keychain ~\/Library\/Keychains\/login\.keychain-db$/u,
      )
  })
})
