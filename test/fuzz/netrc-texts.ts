// Generated .netrc texts, one character per byte: well-formed ones, random words, random bytes, and well-formed ones
// with a few bytes changed.
import fc from 'fast-check'
import {anyNetrc, tokenSoup} from '../fixtures/netrc/arbitrary.js'

const byte = fc.integer({min: 0, max: 255}).map((code) => String.fromCharCode(code))

const damaged = fc
  .record({
    text: anyNetrc.map(({text}) => text),
    changes: fc.array(
      fc.record({
        at: fc.double({min: 0, max: 1, noNaN: true}),
        gone: fc.nat(5),
        put: fc.string({unit: byte, maxLength: 3}),
      }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  })
  .map(({changes, text}) =>
    changes.reduce((text, {at, gone, put}) => {
      const index = Math.floor(at * text.length)
      return text.slice(0, index) + put + text.slice(index + gone)
    }, text),
  )

export const anyText = fc.oneof(
  {weight: 3, arbitrary: anyNetrc.map(({text}) => text)},
  {weight: 3, arbitrary: tokenSoup},
  {weight: 3, arbitrary: damaged},
  {weight: 1, arbitrary: fc.string({unit: byte, maxLength: 200})},
)

const characters = (text: string) => fc.constantFrom(...Array.from(text))
const word = fc
  .string({unit: characters('abZ019.@-_+=:;#"\'$%{}()!~é'), minLength: 1, maxLength: 8})
  .filter((text) => !/^["#]/.test(text))
const quoted = fc
  .string({unit: characters('ab #"\\'), maxLength: 6})
  .map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`)
const value = fc.oneof({weight: 4, arbitrary: word}, {weight: 1, arbitrary: quoted})
const blank = fc.constantFrom(' ', ' ', '  ', '\t', '\n', '\n  ')
const gap = fc.oneof(
  {weight: 4, arbitrary: blank},
  {weight: 1, arbitrary: fc.constantFrom('\n# machine x login y\n', '\n  #\n')},
)
const macro = '\nmacdef m\nmachine api.heroku.com login in macro\n\n'

const entryFor = (host: string) =>
  fc
    .record({
      account: fc.option(value),
      login: value,
      password: value,
      turned: fc.boolean(),
      gaps: fc.tuple(gap, blank, gap, blank, gap, blank),
      after: fc.constantFrom('\n', '\n', '\n\n', '\r\n', '\n# a comment\n', macro),
    })
    .map(({account, after, gaps: [a, b, c, d, e, f], login, password, turned}) => {
      // Python 3.11 reads the words of a comment after a quoted value as tokens.
      const past = (value: string, gap: string) => (value.startsWith('"') && gap.includes('#') ? '\n' : gap)
      const [first, second] = turned
        ? [`password${b}${password}${past(password, c)}`, `login${d}${login}`]
        : [`login${b}${login}${past(login, c)}`, `password${d}${password}`]
      return `machine ${host}${a}${first}${second}${account === null ? '' : `${past(turned ? login : password, e)}account${f}${account}`}${past(account ?? (turned ? login : password), after)}`
    })

const toBytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1')

/** Texts that all readers parse alike: common keywords, comments only on separate lines, one entry per machine. */
export const plainText = fc
  .shuffledSubarray(['api.heroku.com', 'git.heroku.com', 'example.com', 'x'])
  .chain((hosts) => fc.tuple(...hosts.map(entryFor)))
  .map((entries) => toBytes(entries.join('')))

/** The same with misplaced characters, where readers differ. */
export const strangeText = fc
  .tuple(
    fc.array(fc.oneof(entryFor('api.heroku.com'), entryFor('other'), fc.constant('default login a password b\n')), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.array(
      fc.record({
        at: fc.nat(120),
        put: fc.constantFrom('"', '#', '\\', ' ', '\n', 'x', '\r', ' login ', ' # ', '\nmacdef m\n'),
      }),
      {maxLength: 2},
    ),
  )
  .map(([entries, changes]) =>
    toBytes(changes.reduce((text, {at, put}) => text.slice(0, at) + put + text.slice(at), entries.join(''))),
  )

const unknownLine = fc.constantFrom(
  'refresh abc',
  'token x',
  'org acme',
  'expires 2020-01-01',
  'oauth"2 a"b',
  'x-y z=1',
)

/** Entries as the Heroku CLI writes them, with unknown keywords, and prose between the entries. */
export const textWithUnknownWords = fc
  .tuple(
    fc.shuffledSubarray(['api.heroku.com', 'git.heroku.com', 'example.com']),
    fc.array(fc.array(unknownLine, {maxLength: 2}), {minLength: 4, maxLength: 4}),
    fc.constantFrom('', 'some prose\n', 'one\n', '# a comment\nthree words here\n'),
  )
  .map(([hosts, [first = [], second = [], third = [], fourth = []], prose]) =>
    [...hosts.entries()]
      .map(([index, host]) => {
        const lines = [...(index === 0 ? first : third), 'login ada', ...second, `password HRKU-${index}`, ...fourth]
        return `${prose}machine ${host}\n${lines.map((line) => `  ${line}\n`).join('')}`
      })
      .join(prose),
  )
