// The readers that a .netrc is written for: Python's library, and curl, which stands for git (both are libcurl).
import {expect} from 'chai'
import fc from 'fast-check'
import {parse as parseAsCli} from 'netrc-parser'
import {execFile, spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer, type Server} from 'node:http'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {readEntry, writeEntry} from '../../src/backends/netrc/document.js'
import {fuzz} from '../support/fuzz.js'
import {type Listening, listen} from '../support/listen.js'
import {plainText, strangeText, textWithUnknownWords} from './netrc-texts.js'

const HOST = 'api.heroku.com'
const PYTHON_READER = fileURLToPath(new URL('read_with_python.py', import.meta.url))

/** `login:password`, as HTTP's basic authentication has it; undefined for no entry, or a file that is not accepted. */
type Read = string | undefined

describe("other programs' readers of a .netrc", () => {
  let folder: string
  let server: Server
  let listening: Listening
  let seen: Map<string, Read>

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keychain-readers-'))
    server = createServer((request, response) => {
      const [, basic] = /^Basic (.*)$/u.exec(request.headers.authorization ?? '') ?? []
      seen.set(request.url ?? '', basic === undefined ? undefined : Buffer.from(basic, 'base64').toString('utf8'))
      response.end()
    })
    listening = await listen(server)
  })
  after(async () => {
    await listening.stop()
    rmSync(folder, {recursive: true, force: true})
  })

  const files = (texts: string[]) =>
    texts.map((text, index) => {
      const file = join(folder, String(index))
      writeFileSync(file, text, 'latin1')
      return file
    })

  const withPython = (texts: string[]): Read[] => {
    const input = JSON.stringify({host: HOST, files: files(texts)})
    const {status, stderr, stdout} = spawnSync('python3', [PYTHON_READER], {input, encoding: 'utf8'})
    expect(status, stderr).to.equal(0)
    return (JSON.parse(stdout) as (string | null)[]).map((read) => read ?? undefined)
  }

  /** One curl for all files: each is asked for at its own path, with nothing but the file's own credential. */
  const withCurl = async (texts: string[]): Promise<Read[]> => {
    seen = new Map()
    const requests = files(texts).map((file, index) =>
      [
        `netrc-file = "${file}"`,
        `resolve = "${HOST}:${listening.port}:127.0.0.1"`,
        `url = "http://${HOST}:${listening.port}/${index}"`,
        'noproxy = "*"',
        'silent',
      ].join('\n'),
    )
    const config = join(folder, 'curl.conf')
    writeFileSync(config, requests.join('\nnext\n'))
    // curl ends as its last request did, and a file that it refuses is no request at all.
    const {PATH} = process.env
    await new Promise<void>((resolve, reject) => {
      execFile('curl', ['--disable', '--config', config], {env: {PATH, HOME: folder}}, (error) => {
        if (error && typeof error.code !== 'number') reject(new Error(`curl: ${error.message}`))
        else resolve()
      })
    })
    return texts.map((_, index) => seen.get(`/${index}`))
  }

  const withUs = (text: string): Read => {
    const entry = readEntry(text, HOST)
    return entry && `${entry.account ?? ''}:${entry.token ?? ''}`
  }

  /** What the two find in each text: all at once for those that are known before, one by one for others. */
  const readings = new Map<string, {python: Read; curl: Read}>()
  const read = async (texts: string[]) => {
    const [python, curl] = [withPython(texts), await withCurl(texts)]
    texts.forEach((text, index) => readings.set(text, {python: python[index], curl: curl[index]}))
  }
  const readingsOf = async (text: string) => {
    if (!readings.has(text)) await read([text])
    return readings.get(text)
  }

  fuzz('find what we find, where nothing is out of the ordinary', {
    name: 'netrc-readers-plain',
    runs: 5000,
    values: plainText,
    prepare: read,
    async holds(text) {
      const ours = withUs(text)
      expect(await readingsOf(text)).to.deep.equal({python: ours, curl: ours})
    },
  })

  /**
   * Of several entries for one host Python takes the last, and curl the first that says enough; and so of a login or
   * password that an entry has twice.
   */
  const isOnce = (text: string) => {
    const [, entry = '', ...more] = text
      .toLowerCase()
      .replaceAll(/^\s*#.*$/gmu, '')
      .split(HOST)
    const [words = ''] = entry.split(/\b(?:machine|default)\b/u)
    return more.length === 0 && ['login', 'password'].every((word) => words.split(word).length <= 2)
  }

  fuzz('find what we find, where they agree with each other', {
    name: 'netrc-readers-strange',
    runs: 5000,
    values: strangeText,
    prepare: read,
    async holds(text) {
      const found = await readingsOf(text)
      const ours = withUs(text)
      if (found?.python !== undefined && found.python === found.curl && isOnce(text))
        expect(ours).to.equal(found.python)
    },
  })

  fuzz('find what we find past words that they do not know, as curl and netrc-parser do', {
    name: 'netrc-readers-unknown',
    runs: 2000,
    values: textWithUnknownWords,
    prepare: read,
    async holds(text) {
      const ours = withUs(text)
      expect((await readingsOf(text))?.curl).to.equal(ours)
      const {login, password} = parseAsCli(text)[HOST] ?? {}
      expect(login === undefined ? undefined : `${login}:${password ?? ''}`).to.equal(ours)
    },
  })

  const written = ({account, text, token}: {account: string; text: string; token: string}) =>
    writeEntry(text, HOST, {account, token})
  const printable = fc.string({unit: 'grapheme-ascii', minLength: 1, maxLength: 30})

  // Python takes the words of a comment that follows a quoted value for the file's (3.11), and a blank has to be quoted.
  const credentials = fc
    .record({text: plainText, account: printable, token: printable})
    .filter(({account, text, token}) => !text.includes('#') || !/^["#]|[ \\]/mu.test(`${account}\n${token}`))

  fuzz('find the credential that we put into a file', {
    name: 'netrc-readers-written',
    runs: 3000,
    values: credentials,
    prepare: (cases) => read(cases.map(written)),
    async holds(given) {
      const wanted = `${given.account}:${given.token}`
      expect(await readingsOf(written(given))).to.deep.equal({python: wanted, curl: wanted})
    },
  })
})
