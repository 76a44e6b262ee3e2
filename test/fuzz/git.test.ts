import {expect} from 'chai'
import fc from 'fast-check'
import {rmSync} from 'node:fs'
import {join} from 'node:path'
import {openGit} from '../../src/git/config.js'
import {answer, formatAnswer, isFor, parseRequest} from '../../src/git/protocol.js'
import {isUpToDate} from '../../src/git/setup-stamp.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {fuzz} from '../support/fuzz.js'
import {ada, freshUser} from '../support/user.js'

const name = fc.constantFrom(
  'protocol',
  'host',
  'path',
  'username',
  'password',
  'wwwauth[]',
  'capability[]',
  '',
  'Host',
)
const value = fc.oneof(
  fc.constantFrom('https', 'http', 'git.heroku.com', 'GIT.heroku.com', 'git.heroku.com:443', 'git.heroku.com.evil.com'),
  fc.constantFrom('authtype', 'evil.com', 'git.heroku.com\0', ' git.heroku.com', 'a=b', '', '\r', 'ssh'),
  fc.string({unit: 'binary', maxLength: 6}),
)
const line = fc.oneof(
  {weight: 6, arbitrary: fc.tuple(name, value).map(([name, value]) => `${name}=${value}`)},
  {weight: 1, arbitrary: fc.constantFrom('', '\r', '=', 'host', '\u2028')},
)
const input = fc.oneof(
  {weight: 4, arbitrary: fc.array(line, {maxLength: 6}).map((lines) => lines.map((line) => `${line}\n`).join(''))},
  {weight: 1, arbitrary: fc.string({unit: 'binary', maxLength: 60})},
)

/** An independent parser of git's request: the last value of a name before the first empty line. */
const said = (input: string, name: string) => all(input, name).at(-1)

function all(input: string, name: string): string[] {
  const lines = input.replaceAll('\r\n', '\n').split('\n')
  const end = lines.indexOf('')
  const own = lines.slice(0, end === -1 ? undefined : end).filter((line) => line.startsWith(`${name}=`))
  return own.map((line) => line.slice(name.length + 1))
}

function offersAuthtype(input: string): boolean {
  const capabilities = all(input, 'capability[]')
  return capabilities.slice(capabilities.lastIndexOf('') + 1).includes('authtype')
}

describe('any input from git to its helper', () => {
  const user = freshUser()

  fuzz('is parsed correctly', {
    name: 'git-request',
    runs: 10_000,
    values: input,
    holds(input) {
      const read = {
        protocol: said(input, 'protocol'),
        host: said(input, 'host'),
        username: said(input, 'username'),
        authtype: offersAuthtype(input),
      }
      expect(parseRequest(input)).to.deep.equal(read)
    },
  })

  fuzz('is answered with the token for the Heroku git host over https, and with nothing otherwise', {
    name: 'git-answer',
    runs: 5000,
    values: fc.record({operation: fc.constantFrom('get', 'get', 'get', 'store', 'erase', 'GET', ''), input}),
    async holds({input, operation}) {
      user.memory.tokens.set(ada.account, ada.token)
      const reply = await answer(operation, input, {
        env: {HOME: user.home},
        endpoints: endpointsFrom({}),
        open: () => user.stores(),
      })
      const ours = /^git\.heroku\.com(?::443)?$/iu.test(said(input, 'host') ?? '')
      const wanted = operation === 'get' && said(input, 'protocol') === 'https' && ours
      const answered = formatAnswer(ada.token, {authtype: offersAuthtype(input), username: said(input, 'username')})
      expect(reply).to.deep.equal({stdout: wanted ? answered : '', stderr: ''})
    },
  })

  fuzz('is for us only if it names exactly our host', {
    name: 'git-host',
    runs: 4000,
    values: fc.record({protocol: value, host: value}),
    holds({host, protocol}) {
      const same = /^git\.heroku\.com(?::443)?$/iu.test(host)
      expect(isFor('git.heroku.com', {protocol, host})).to.equal(protocol === 'https' && same)
    },
  })

  fuzz('is answered in the lines of one form or not at all, for any token', {
    name: 'git-two-lines',
    runs: 4000,
    values: fc.string({unit: 'binary', maxLength: 20}),
    holds(token) {
      const lines = formatAnswer(token, {authtype: false, username: undefined}).split('\n')
      const modern = formatAnswer(token, {authtype: true, username: undefined}).split('\n')
      if (lines.length > 1) {
        expect(lines).to.deep.equal(['username=heroku', `password=${token}`, ''])
        expect(modern).to.have.length(5)
        expect(Buffer.from(modern[2]?.slice('credential='.length) ?? '', 'base64').toString()).to.equal(
          Buffer.from(`heroku:${token}`).toString(),
        )
      } else expect([lines, modern]).to.deep.equal([[''], ['']])
    },
  })
})

describe('any output of git config', () => {
  const user = freshUser()

  fuzz('is parsed, or refused with our own message', {
    name: 'git-config-list',
    runs: 3000,
    values: fc.record({
      code: fc.constantFrom(0, 0, 0, 1, 5, 128, 255),
      stdout: fc.oneof(
        fc
          .array(fc.oneof(fc.constantFrom('file:/x', 'a.b\nc', 'a.b', '\n'), fc.string({unit: 'binary', maxLength: 6})))
          .map((words) => words.map((word) => `${word}\0`).join('')),
        fc.string({unit: 'binary'}),
      ),
    }),
    async holds({code, stdout}) {
      user.write('.gitconfig', '')
      const git = openGit(() => Promise.resolve({status: 'exited', code, stdout, stderr: ''}), {
        HOME: user.home,
        PATH: process.env.PATH,
      })
      const words = stdout.split('\0')
      if (code === 0 && words.at(-1) === '' && words.length % 2 === 1) {
        const {entries, files} = await git.read()
        expect(entries).to.have.length((words.length - 1) / 2)
        for (const {key} of entries) expect(stdout).to.include(key)
        for (const file of files) expect(stdout).to.include(`file:${file}`)
      } else
        await git.read().then(
          () => expect.fail('it was read'),
          (error: unknown) => expect((error as Error).message).to.match(/^git('s| cannot| did not say)/u),
        )
    },
  })

  fuzz('is checked again if the stamp file is malformed', {
    name: 'git-stamp',
    runs: 1500,
    values: fc.oneof(
      fc.json(),
      fc.record({facts: fc.json(), files: fc.json()}).map(({facts, files}) => `{"facts":${facts},"files":${files}}`),
      fc.string(),
    ),
    holds(text) {
      // A new file each time: overwriting may be slow, as ext4 flushes a truncated file (auto_da_alloc).
      rmSync(join(user.home, 'cache'), {recursive: true, force: true})
      user.write('cache/heroku-keychain-git.json', text)
      const env = {HOME: user.home}
      const endpoints = {git: 'git.heroku.com', api: 'api.heroku.com'}
      const target = {env, endpoints, helper: 'x', dataDir: user.dataDir, cacheDir: join(user.home, 'cache')}
      expect(isUpToDate(target)).to.equal(false)
    },
  })
})
