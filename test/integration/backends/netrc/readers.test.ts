// Other programs' readers, on files that they read correctly, and on files that we write.
import {expect} from 'chai'
import fc from 'fast-check'
import {parse as parseAsCli} from 'netrc-parser'
import {spawnSync} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {readEntry, writeEntry} from '../../../../src/backends/netrc/document.js'
import {freshFolder} from '../../../support/fresh-folder.js'

type Endpoints = Record<string, [login: string, account: string, password: string]>

const host = fc.domain()
const word = fc
  .string({unit: fc.constantFrom(...Array.from('abzAZ019.@-_+=:;#"\'$%{}[]()!~')), minLength: 1, maxLength: 16})
  .filter((word) => !/^["#]/.test(word))
const machines = fc.uniqueArray(fc.record({host, login: word, password: word}), {
  selector: ({host}) => host,
  maxLength: 6,
})
const printable = fc.string({unit: 'grapheme-ascii', minLength: 1, maxLength: 30})

describe('the readers of other programs', () => {
  const folder = freshFolder()

  const readWithPython = (texts: string[]): Endpoints[] => {
    const files = texts.map((text, index) => {
      const file = folder.path(String(index))
      writeFileSync(file, text, 'latin1')
      return file
    })
    const script = fileURLToPath(new URL('../../../fixtures/netrc/read_with_python.py', import.meta.url))
    const {status, stdout, stderr} = spawnSync('python3', [script], {input: JSON.stringify(files), encoding: 'utf8'})
    expect(status, `python3 is needed for this test: ${stderr}`).to.equal(0)
    return JSON.parse(stdout) as Endpoints[]
  }

  it('agree with ours: Heroku CLI', () => {
    const canonical = machines.map((machines) => ({
      machines,
      text: machines
        .map(({host, login, password}) => `machine ${host}\n  login ${login}\n  password ${password}\n`)
        .join(''),
    }))
    fc.assert(
      fc.property(canonical, ({machines, text}) => {
        const theirs = parseAsCli(text)
        for (const {host} of machines) {
          const {account, token} = readEntry(text, host) ?? {}
          expect({account, token}).to.deep.equal({account: theirs[host]?.login, token: theirs[host]?.password})
        }
      }),
      {numRuns: 300},
    )
  })

  it('agree with ours: Python', () => {
    const gap = fc.constantFrom(' ', '  ', '\t', '\n', '\n  ', '\r\n\t', '\n\n')
    const spread = fc.tuple(machines, fc.infiniteStream(gap)).map(([machines, gaps]) => ({
      machines,
      text: machines
        .map(({host, login, password}) => {
          const parts = ['machine', host, 'login', login, 'password', password].map(
            (part) => part + String(gaps.next().value),
          )
          return `# note\n${parts.join('')}\nmacdef m\nmachine x\n\n`
        })
        .join(''),
    }))
    const files = fc.sample(spread, 150)
    const theirs = readWithPython(files.map(({text}) => text))
    files.forEach(({machines, text}, index) => {
      const ours = machines.map(({host}) => {
        const entry = readEntry(text, host)
        return [host, [entry?.account, '', entry?.token]]
      })
      expect(Object.fromEntries(ours)).to.deep.equal(theirs[index])
    })
  })

  it('read what we write: Python, any credential that we store', () => {
    const credentials = fc.sample(fc.record({account: printable, token: printable}), 300)
    const theirs = readWithPython(
      credentials.map((credential) =>
        writeEntry('machine x login y password z\ndefault login a password b\n', 'api.heroku.com', credential),
      ),
    )
    expect(theirs.map((hosts) => hosts['api.heroku.com'])).to.deep.equal(
      credentials.map(({account, token}) => [account, '', token]),
    )
  })

  it('read what we write: Heroku CLI, if nothing needs quotes', () => {
    fc.assert(
      fc.property(word, word, (account, token) => {
        const theirs = parseAsCli(
          writeEntry('machine x\n  login y\n  password z\n', 'api.heroku.com', {account, token}),
        )
        expect({...theirs['api.heroku.com']}).to.deep.equal({login: account, password: token})
      }),
      {numRuns: 300},
    )
  })
})
