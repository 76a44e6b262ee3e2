// The git helper as shipped: one file, run directly and by its launcher. Needs `npm run build`.
import {expect} from 'chai'
import fc from 'fast-check'
import {existsSync, mkdirSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {launcherPath, launcherText} from '../../../src/git/launcher.js'
import {openSandbox, type RunOptions, type Sandbox} from '../../support/sandbox.js'

const HELPER = fileURLToPath(new URL('../../../dist/git-helper.cjs', import.meta.url))
const HOST = 'git.heroku.com'
const TOKEN = 'HRKU-what-nobody-else-may-see'
const MEGABYTE = 1_000_000

const asked = `protocol=https\nhost=${HOST}\n`
const answered = `username=heroku\npassword=${TOKEN}\n`
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

/** Input that git may send for `get`, and whether the helper answers; stderr is always empty. */
const transcripts: [string, string | Uint8Array, boolean][] = [
  ['as git sends it', `${asked}\n`, true],
  ['without an empty line at the end', asked, true],
  ['without a newline at the end', asked.trimEnd(), true],
  ['with CRLF', `${asked}\n`.replaceAll('\n', '\r\n'), true],
  ['among unknown attributes', `capability[]=state\n${asked}wwwauth[]=Basic realm="a"\n\n`, true],
  ['with equals signs in a name and a path', `a=b=c\n${asked}path=a=b.git\n\n`, true],
  ['in capitals, with the default port', `protocol=https\nhost=GIT.Heroku.com:443\n\n`, true],
  ['with lines that are not attributes', `nonsense\n=x\n${asked}\n`, true],
  ['with a NUL in an unknown attribute', `path=a\0b\n${asked}\n`, true],
  ['with invalid UTF-8 in an unknown attribute', bytes('path=', [0xff, 0xfe, 0xc3], `\n${asked}\n`), true],
  ['with a megabyte in one line', `path=${'x'.repeat(MEGABYTE)}\n${asked}\n`, true],
  ['with a megabyte in many lines', `${'path=x\n'.repeat(MEGABYTE / 7)}${asked}\n`, true],
  ['with our host after another', `host=example.com\n${asked}\n`, true],
  ['another host after ours', `${asked}host=example.com\n\n`, false],
  ['nothing', '', false],
  ['only an empty line', `\n${asked}`, false],
  ['no protocol', `host=${HOST}\n\n`, false],
  ['no host', 'protocol=https\n\n', false],
  ['http', `protocol=http\nhost=${HOST}\n\n`, false],
  ['another host', 'protocol=https\nhost=example.com\n\n', false],
  ['a host that ends with ours', `protocol=https\nhost=evil${HOST}\n\n`, false],
  ['a host that begins with ours', `protocol=https\nhost=${HOST}.example.com\n\n`, false],
  ['a host with an equals sign', `protocol=https\nhost=${HOST}=example.com\n\n`, false],
  ['a host with a NUL', `protocol=https\nhost=${HOST}\0\n\n`, false],
  ['a host with invalid UTF-8', bytes(`protocol=https\nhost=${HOST}`, [0xff], '\n\n'), false],
  ['another port', `protocol=https\nhost=${HOST}:8443\n\n`, false],
  ['names in capitals', asked.replace('host', 'HOST'), false],
  ['a name with a space', asked.replace('host', 'host '), false],
  ['a megabyte of NULs', '\0'.repeat(MEGABYTE), false],
]

describe('the shipped git helper', function () {
  this.timeout(60_000)
  let sandbox: Sandbox
  let sharedDir: string
  let launcher: string

  before(() => {
    expect(existsSync(HELPER), 'npm run build').to.equal(true)
    sandbox = openSandbox()
    launcher = launcherPath(sandbox.env)
    sharedDir = dirname(launcher)
    mkdirSync(sharedDir, {recursive: true})
    writeFileSync(launcher, launcherText({helper: HELPER, node: process.execPath}), {mode: 0o700})
  })
  after(() => sandbox.close())

  const loggedIn = {HEROKU_API_KEY: TOKEN}
  const ways = {
    'run directly': (args: string[], options: RunOptions) => sandbox.run('node', [HELPER, ...args], options),
    'run by its launcher': (args: string[], options: RunOptions) => sandbox.run(launcher, args, options),
  }

  for (const [way, ask] of Object.entries(ways))
    describe(way, () => {
      for (const [what, input, isAnswered] of transcripts)
        it(`${isAnswered ? 'answers' : 'does not answer'} a request: ${what}`, async () => {
          const stdout = isAnswered ? answered : ''
          expect(await ask(['get'], {input, env: loggedIn})).to.deep.equal({stdout, stderr: '', exitCode: 0})
        })

      it('answers git 2.46 and later with an ephemeral credential', async () => {
        const credential = btoa(`heroku:${TOKEN}`)
        for (const input of [
          `capability[]=authtype\ncapability[]=state\n${asked}\n`,
          `${asked}capability[]=authtype\n`,
        ])
          expect(await ask(['get'], {input, env: loggedIn})).to.deep.equal({
            stdout: `capability[]=authtype\nauthtype=Basic\ncredential=${credential}\nephemeral=1\n`,
            stderr: '',
            exitCode: 0,
          })
      })

      for (const args of [['store'], ['erase'], ['whatever'], ['GET'], ['get '], ['--help'], []])
        it(`ignores ${JSON.stringify(args)}`, async () => {
          const input = `${asked}username=heroku\npassword=x\n\n`
          expect(await ask(args, {input, env: loggedIn})).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
        })

      it('prints the next step in one line if the user is not logged in', async () => {
        expect(await ask(['get'], {input: asked, env: {HEROKU_NETRC_WRITE: 'true'}})).to.deep.equal({
          stdout: '',
          stderr: 'heroku: not logged in; try this: heroku login\n',
          exitCode: 0,
        })
      })

      it('answers from .netrc', async () => {
        await withNetrc(`machine api.heroku.com\n  login ada@example.com\n  password ${TOKEN}\n`, async () => {
          const env = {HEROKU_NETRC_WRITE: 'true'}
          expect(await ask(['get'], {input: asked, env})).to.deep.equal({stdout: answered, stderr: '', exitCode: 0})
        })
      })

      it('reports a .netrc that is not text', async () => {
        await withNetrc('machine api.heroku.com\0\n', async () => {
          const {stderr, ...ended} = await ask(['get'], {input: asked, env: {HEROKU_NETRC_WRITE: 'true'}})
          expect(ended).to.deep.equal({stdout: 'quit=1\n', exitCode: 0})
          expect(stderr).to.match(/^heroku: [^\n]*\.netrc: [^\n]+\n$/u)
        })
      })

      it('does not print a token that would add lines to the answer', async () => {
        for (const HEROKU_API_KEY of ['HRKU\nquit=1', 'HRKU\r'])
          expect(await ask(['get'], {input: asked, env: {HEROKU_API_KEY}})).to.deep.equal({
            stdout: '',
            stderr: '',
            exitCode: 0,
          })
      })

      it('answers for another configured git host, but not with HEROKU_API_KEY', async () => {
        const host = {git: 'git.staging.herokudev.com', api: 'api.staging.herokudev.com', before: []}
        const hostsFile = join(sharedDir, 'heroku-keychain-git-hosts.json')
        writeFileSync(hostsFile, JSON.stringify({version: 1, hosts: [host]}))
        const input = `protocol=https\nhost=${host.git}\n\n`
        expect(await ask(['get'], {input, env: loggedIn})).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
        await withNetrc(`machine ${host.api}\n  login ada@example.com\n  password ${TOKEN}\n`, async () => {
          const env = {HEROKU_NETRC_WRITE: 'true'}
          expect(await ask(['get'], {input, env})).to.deep.equal({stdout: answered, stderr: '', exitCode: 0})
        })
        rmSync(hostsFile)
      })

      for (const [git, api] of [
        ['example.com', 'api.heroku.com'],
        ['git.heroku.com.example.com', 'api.heroku.com'],
        ['evilheroku.com', 'api.heroku.com'],
        ['evil.localhost', 'api.heroku.com'],
        ['10.0.0.1', 'api.heroku.com'],
        ['git.herokai.com', 'example.com'],
      ] as const)
        it(`ignores a configured host that is not allowed: ${git} with ${api}`, async () => {
          const file = join(sharedDir, 'heroku-keychain-git-hosts.json')
          writeFileSync(file, JSON.stringify({version: 1, hosts: [{git, api, before: []}]}))
          const input = `protocol=https\nhost=${git}\n\n`
          await withNetrc(`machine ${api}\n  login ada@example.com\n  password ${TOKEN}\n`, async () => {
            const env = {HEROKU_NETRC_WRITE: 'true'}
            expect(await ask(['get'], {input, env})).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
          }).finally(() => {
            rmSync(file)
          })
        })

      it('ignores a host in the environment that is not allowed', async () => {
        const env = {...loggedIn, HEROKU_GIT_HOST: 'example.com', HEROKU_HOST: 'https://example.com'}
        const input = 'protocol=https\nhost=example.com\n\n'
        expect(await ask(['get'], {input, env})).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
      })
    })

  async function withNetrc(content: string, action: () => Promise<void>) {
    const file = join(sandbox.home, '.netrc')
    writeFileSync(file, content, {mode: 0o600})
    await action().finally(() => {
      rmSync(file)
    })
  }

  it('reads no extra certificates if run by its launcher', async () => {
    // Node prints a warning if this file is missing.
    const env = {...loggedIn, NODE_EXTRA_CA_CERTS: join(sharedDir, 'nowhere.pem')}
    const {stderr, stdout} = await ways['run by its launcher'](['get'], {input: asked, env})
    expect({stdout, stderr}).to.deep.equal({stdout: answered, stderr: ''})
  })

  it('exits with 0 and prints no token for any operation and input', async function () {
    this.timeout(180_000)
    const operation = fc.oneof(
      {weight: 4, arbitrary: fc.constant('get')},
      fc.constantFrom('store', 'erase'),
      // Arguments cannot contain a NUL.
      fc.string({unit: 'binary'}).map((text) => text.replaceAll('\0', '')),
    )
    const noise = fc.uint8Array({maxLength: 400})
    const line = fc.tuple(fc.constantFrom('protocol', 'host', 'path', ''), fc.string({unit: 'binary', maxLength: 40}))
    const lines = fc
      .array(line)
      .map((pairs) => Buffer.from(pairs.map(([name, value]) => `${name}=${value}\n`).join('')))
    const one = fc.tuple(operation, fc.oneof(noise, lines))
    await fc.assert(
      fc.asyncProperty(fc.array(one, {minLength: 4, maxLength: 4}), async (several) => {
        const results = await Promise.all(
          several.map(([operation, input]) => ways['run directly']([operation], {input, env: loggedIn})),
        )
        for (const each of results) expect(each).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
      }),
      {numRuns: 50},
    )
  })
})
