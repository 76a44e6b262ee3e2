import {expect} from 'chai'
import fc from 'fast-check'
import type {Backend} from '../../src/backends/backend.js'
import {StorageError} from '../../src/errors.js'
import {openMacosKeychain} from '../../src/backends/macos-keychain.js'
import {openSecretService} from '../../src/backends/secret-service.js'
import {accountsOf, addCommand} from '../../src/backends/macos-security.js'
import {openWindowsVault} from '../../src/backends/windows-vault.js'
import type {ToolResult, RunTool} from '../../src/process/run.js'
import {printItem, splitLine} from '../fixtures/macos/security-language.mjs'
import {fuzz} from '../support/fuzz.js'

const ada = 'ada@example.com'
const TOKEN = 'HRKU-the-token'
// No message may contain it, wherever it is in a tool's output.
const CANARY = 'CANARY'

const byte = fc.integer({min: 0, max: 255}).map((code) => String.fromCharCode(code))
const noise = fc.oneof(
  fc.string({unit: byte, maxLength: 40}),
  fc.constantFrom(
    '',
    '\n',
    `${TOKEN}\r\n`,
    `\u001B[31m${TOKEN}\u001B[0m`,
    TOKEN,
    `${TOKEN}\n`,
    TOKEN.slice(0, 5),
    CANARY,
  ),
)
const secretToolSays = fc.constantFrom(
  ...['attribute.account = ada@example.com\n', 'attribute.service = heroku-cli\n', 'attribute.account = \n', '[/1]\n'],
  ...['secret-tool: Cannot get secret of a locked object\n', 'secret-tool: Could not connect: No such file\n'],
  ...[`secret = ${CANARY}\n`, `attribute.account = ${CANARY}\r\n`, 'secret-tool: Timeout was reached\n', '\u001B[2J'],
)
const securitySays = fc.constantFrom(
  ...['keychain: "x"\n', 'class: "genp"\n', 'class: 0x80001000 \n', '    "svce"<blob>="heroku-cli"\n'],
  ...['    "acct"<blob>="ada@example.com"\n', '    "acct"<blob>=<NULL>\n', '    "acct"<blob>=0x41  "A"\n', '0xZZ '],
  ...['    "acct"<blob>=0xFF  "\\377"\n', 'SecKeychainSearchCreateFromAttributes\n', `    "acct"<blob>="${CANARY}\n`],
)
const powershellSays = fc.constantFrom(
  ...['heroku-keychain', ' ', '\n', 'token', 'accounts', 'absent', 'kept', 'error', 'look', 'gone', 'open', '80070490'],
  ...[Buffer.from(TOKEN).toString('base64'), Buffer.from(CANARY).toString('base64'), '8007', '=', '\r\n', 'x'],
)

const outputOf = (words: fc.Arbitrary<string>) =>
  fc
    .array(fc.oneof({weight: 5, arbitrary: words}, {weight: 1, arbitrary: noise}), {maxLength: 6})
    .map((said) => said.join(''))
const ranOf = (words: fc.Arbitrary<string>): fc.Arbitrary<ToolResult> =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        status: fc.constant('exited' as const),
        code: fc.oneof(fc.constantFrom(0, 0, 0, 1, 1, 2, 44), fc.nat({max: 255})),
        stdout: fc.oneof(outputOf(words), noise),
        stderr: outputOf(words),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<ToolResult>(
        {status: 'killed', signal: 'SIGKILL'},
        {status: 'timed-out'},
        {status: 'not-started', code: 'ENOENT'},
        {status: 'too-much-output'},
      ),
    },
  )

const verbs = ['get', 'set', 'remove', 'accounts'] as const
const spoken = (words: fc.Arbitrary<string>) =>
  fc.record({verb: fc.constantFrom(...verbs), answers: fc.array(ranOf(words), {minLength: 1, maxLength: 4})})

/**
 * Calls a backend whose tool returns these results in order, and then repeats the last: it returns a valid result, or
 * throws a StorageError that contains no part of the tool's output.
 */
async function ask(
  open: (run: RunTool) => Backend,
  verb: (typeof verbs)[number],
  answers: ToolResult[],
): Promise<void> {
  let calls = 0
  const words: string[] = []
  const backend = open((_file, args) => {
    words.push(...args)
    return Promise.resolve(answers[Math.min(calls++, answers.length - 1)] ?? {status: 'timed-out'})
  })
  const asked = {
    get: () => backend.get(ada),
    set: () => backend.set({account: ada, token: TOKEN}),
    remove: () => backend.remove(ada),
    accounts: () => backend.accounts(),
  }
  try {
    const answer = await asked[verb]()
    const kinds = {get: ['string', 'undefined'], set: ['undefined'], remove: ['boolean'], accounts: ['object']}
    expect(kinds[verb]).to.include(typeof answer)
    if (Array.isArray(answer)) for (const account of answer) expect(account).to.be.a('string').and.not.to.equal('')
    // `set` succeeds only after the read-back, so the output must contain the token.
    if (verb === 'set')
      expect(JSON.stringify(answers)).to.match(new RegExp(`${TOKEN}|${Buffer.from(TOKEN).toString('base64')}`, 'u'))
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    expect(`${error.message} ${error.hint ?? ''}`)
      .not.to.include(CANARY)
      .and.not.to.include(TOKEN)
    // eslint-disable-next-line no-control-regex -- this matches control characters
    expect(`${error.message} ${error.hint ?? ''}`).not.to.match(/[\u0000-\u001F\u007F-\u009F]/u)
  }

  expect(calls).to.be.lessThan(30)
  expect(words.join(' ')).not.to.include(TOKEN)
}

describe("with any output of a keychain's tool", () => {
  fuzz("secret-tool's output gives a result or a StorageError", {
    name: 'secret-tool-output',
    runs: 8000,
    values: spoken(secretToolSays),
    holds: ({answers, verb}) =>
      ask((run) => openSecretService({run, timeoutMs: 1000, program: '/usr/bin/secret-tool'}), verb, answers),
  })

  fuzz("security's output gives a result or a StorageError", {
    name: 'security-output',
    runs: 8000,
    values: spoken(securitySays),
    holds: ({answers, verb}) => ask((run) => openMacosKeychain({run, timeoutMs: 1000}), verb, answers),
  })

  fuzz("PowerShell's output gives a result or a StorageError", {
    name: 'powershell-output',
    runs: 8000,
    values: spoken(powershellSays),
    holds: ({answers, verb}) => ask((run) => openWindowsVault({run, timeoutMs: 1000, env: {}}), verb, answers),
  })

  const printableName = fc
    .string({unit: 'grapheme', minLength: 1, maxLength: 12})
    .filter((text) => !/[\p{Cc}\u2028\u2029]/u.test(text))
  const items = fc.array(
    fc.record({account: printableName, secret: fc.constantFrom(TOKEN, 'a = b', CANARY), id: fc.nat(99)}),
    {maxLength: 5},
  )

  fuzz('secret-tool lists its accounts, whatever their names are', {
    name: 'secret-tool-list',
    runs: 3000,
    values: fc.record({items, turned: fc.boolean()}),
    async holds({items, turned}) {
      const stderr = items
        .map(({account}) => [`attribute.service = heroku-cli\n`, `attribute.account = ${account}\n`])
        .flatMap((lines) => (turned ? lines.reverse() : lines))
        .join('')
      const run: RunTool = () => Promise.resolve({status: 'exited', code: 0, stdout: '', stderr})
      const accounts = await openSecretService({run, timeoutMs: 1000, program: '/x'}).accounts()
      expect(accounts).to.have.members([...new Set(items.map(({account}) => account))])
    },
  })

  const bytes = fc.string({unit: 'binary', maxLength: 12}).filter((text) => !text.includes('\0'))

  fuzz('security lists the accounts of our service and no other', {
    name: 'security-list',
    runs: 4000,
    values: fc.array(
      fc.record({
        account: bytes,
        service: fc.oneof(fc.constant('heroku-cli'), bytes),
        comment: bytes,
        genp: fc.boolean(),
      }),
      {maxLength: 4},
    ),
    holds(items) {
      const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
      const listing = items
        .map(({account, comment, genp, service}) =>
          printItem('/x', {
            itemClass: genp ? 'genp' : 'inet',
            attributes: {acct: latin1(account), icmt: latin1(comment), svce: latin1(service)},
          }),
        )
        .join('')
      const ours = items.filter(({genp, service}) => genp && service === 'heroku-cli').map(({account}) => account)
      expect(accountsOf(listing, 'heroku-cli')).to.deep.equal(ours)
    },
  })

  fuzz('security gets the account and the token in one line, and splits it as intended', {
    name: 'security-command',
    runs: 4000,
    values: fc.record({
      account: fc.string({unit: 'grapheme'}).filter((text) => !/[\n\0]/u.test(text)),
      token: fc.string({unit: 'grapheme-ascii', minLength: 1}),
    }),
    holds({account, token}) {
      const line = addCommand({account, token})
      const hex = Buffer.from(token).toString('hex')
      expect(splitLine(line)).to.deep.equal([
        'add-generic-password',
        '-U',
        '-s',
        'heroku-cli',
        '-a',
        account,
        '-X',
        hex,
      ])
      expect(line).not.to.include('\n')
    },
  })
})
