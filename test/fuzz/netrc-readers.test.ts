// Other readers of .netrc: Python's library, and curl, which also stands for git (both use libcurl).
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
const PYTHON_READER = fileURLToPath(new URL('./read_with_python.py', import.meta.url))

/** `login:password`, as in HTTP's basic authentication; undefined for no entry, or for a refused file. */
type Read = string | undefined

describe("other programs' readers of a .netrc", () => {
  let home: string
  let server: Server
  let listening: Listening
  /** By request path. */
  const seen = new Map<string, Read>()

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'keychain-readers-'))
    server = createServer((request, response) => {
      const [, basic] = /^Basic (.*)$/u.exec(request.headers.authorization ?? '') ?? []
      seen.set(request.url ?? '', basic === undefined ? undefined : Buffer.from(basic, 'base64').toString('utf8'))
      response.end()
    })
    listening = await listen(server)
  })
  after(async () => {
    await listening.stop()
    rmSync(home, {recursive: true, force: true})
  })

  /** In a folder of their own: a test that has timed out may still be reading its files. */
  const files = (texts: string[]) => {
    const folder = mkdtempSync(join(home, 'batch-'))
    return texts.map((text, index) => {
      const file = join(folder, String(index))
      writeFileSync(file, text, 'latin1')
      return file
    })
  }

  const withPython = (paths: string[]): Read[] => {
    const input = JSON.stringify({host: HOST, files: paths})
    const {status, stderr, stdout} = spawnSync('python3', [PYTHON_READER], {input, encoding: 'utf8'})
    expect(status, stderr).to.equal(0)
    return (JSON.parse(stdout) as (string | null)[]).map((read) => read ?? undefined)
  }

  /** One curl process for all files: it requests each file's own path with only that file's credential. */
  const withCurl = async (paths: string[]): Promise<Read[]> => {
    const requests = paths.map((file) =>
      [
        `netrc-file = "${file}"`,
        `resolve = "${HOST}:${listening.port}:127.0.0.1"`,
        `url = "http://${HOST}:${listening.port}${file}"`,
        'noproxy = "*"',
        'silent',
      ].join('\n'),
    )
    const config = `${paths[0]}.conf`
    writeFileSync(config, requests.join('\nnext\n'))
    // Ignore curl's exit status: it is the last request's, and curl sends no request for a file that it refuses.
    const {PATH} = process.env
    await new Promise<void>((resolve, reject) => {
      execFile('curl', ['--disable', '--config', config], {env: {PATH, HOME: home}}, (error) => {
        if (error && typeof error.code !== 'number') reject(new Error(`curl: ${error.message}`))
        else resolve()
      })
    })
    return paths.map((file) => seen.get(file))
  }

  const withUs = (text: string): Read => {
    const entry = readEntry(text, HOST)
    return entry && `${entry.account ?? ''}:${entry.token ?? ''}`
  }

  /** Both programs' results for each text: in one batch for texts known in advance, one by one for others. */
  const readings = new Map<string, {python: Read; curl: Read}>()
  const read = async (texts: string[]) => {
    const paths = files(texts)
    const [python, curl] = [withPython(paths), await withCurl(paths)]
    texts.forEach((text, index) => readings.set(text, {python: python[index], curl: curl[index]}))
  }
  const readingsOf = async (text: string) => {
    if (!readings.has(text)) await read([text])
    return readings.get(text)
  }

  fuzz('find the same entry as we do in plain files', {
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
   * Of several entries for a host, Python uses the last, and curl the first complete one; likewise for a login or
   * password that an entry has twice. curl also uses a default entry that comes before the host's.
   */
  const isOnce = (text: string) => {
    const [before = '', entry = '', ...more] = text
      .toLowerCase()
      .replaceAll(/^\s*#[^\n]*/gmu, '')
      .split(HOST)
    const [words = ''] = entry.split(/(?<!\S)(?:machine|default)(?!\S)/u)
    if (more.length > 0 || /\bdefault\b/u.test(before)) return false
    return ['login', 'password'].every((word) => words.split(word).length <= 2)
  }

  fuzz('find the same entry as we do, if they agree with each other', {
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

  fuzz('find the same entry as we do after unknown words, which curl and netrc-parser skip', {
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

  // Python 3.11 reads the words of a comment after a quoted value as tokens, and a space has to be quoted.
  const credentials = fc
    .record({text: plainText, account: printable, token: printable})
    .filter(({account, text, token}) => !text.includes('#') || !/^["#]|[ \\]/mu.test(`${account}\n${token}`))

  fuzz('find the credential that we wrote to a file', {
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
