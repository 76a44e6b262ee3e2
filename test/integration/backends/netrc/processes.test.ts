// Concurrent processes with one .netrc, and processes that are killed while they write it.
import {expect} from 'chai'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync, writeFileSync} from 'node:fs'
import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parse} from '../../../../src/backends/netrc/tokenizer.js'
import {openNetrc} from '../../../../src/backends/netrc/netrc-file.js'
import {run} from '../../../../src/process/run.js'
import {freshFolder} from '../../../support/fresh-folder.js'

const program = fileURLToPath(new URL('../../../fixtures/netrc/set-tokens.ts', import.meta.url))
const pair = (host: string, index: number) =>
  [`api-${index}.${host}`, `git-${index}.${host}`]
    .map((name) => `machine ${name}\n  login ada@example.com\n  password HRKU-${index}\n`)
    .join('')
const upTo = (host: string, last: number) => Array.from({length: last}, (_, index) => pair(host, index + 1)).join('')

describe('processes with one .netrc', function () {
  this.timeout(40_000)
  const folder = freshFolder()
  const running = new Set<ChildProcess>()
  const start = (file: string, host: string, last: number) => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, file, host, '1', String(last)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    running.add(child)
    return child
  }

  afterEach(() => {
    for (const child of running) child.kill('SIGKILL')
    running.clear()
  })

  it('lose no entry, ten at once', async () => {
    const file = folder.path('.netrc')
    const head = 'machine example.com\n  login bob\n  password secret\n'
    writeFileSync(file, head)
    const children = Array.from({length: 10}, (_, index) => start(file, `p${index}.example`, 2))
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number))
    expect(codes).to.deep.equal(Array.from({length: 10}, () => 0))

    const text = readFileSync(file, 'utf8')
    expect(text.startsWith(head)).to.equal(true)
    const found = text.slice(head.length).match(/machine [^]*?HRKU-\d\n/g) ?? []
    const expected = children.flatMap((_, index) => upTo(`p${index}.example`, 2).match(/machine [^]*?HRKU-\d\n/g) ?? [])
    expect(found.sort()).to.deep.equal(expected.sort())
    expect(found.join('').length).to.equal(text.length - head.length)
  })

  it('lose no entry if they are one process', async () => {
    const file = folder.path('.netrc')
    const names = Array.from({length: 10}, (_, index) => `p${index}.example`)
    await Promise.all(
      names.map(async (host) => {
        const netrc = await openNetrc({run, timeoutMs: 5000, file, hosts: {api: `api.${host}`, git: `git.${host}`}})
        await netrc.write({account: 'ada', token: 'HRKU-1'})
      }),
    )
    const written = parse(readFileSync(file, 'latin1')).map(({name}) => name.says)
    expect(written.sort()).to.deep.equal(names.flatMap((host) => [`api.${host}`, `git.${host}`]).sort())
  })

  it('leave the old content or the new when they are killed, and block others only briefly', async () => {
    // Large enough to slow down a write.
    const head = Array.from({length: 3000}, (_, index) => `machine m${index} login a password b\n`).join('')
    await Promise.all(
      [0, 1, 2, 4].map(async (delay, index) => {
        const file = folder.path(`.netrc-${index}`)
        const host = 'killed.example'
        writeFileSync(file, head)
        const child = start(file, host, 1000)
        let done = 0
        for await (const line of createInterface({input: child.stdout})) {
          done = Number(line)
          if (done === 2) break
        }
        // Kill each at a different moment of its next write.
        await sleep(delay * 3)
        child.kill('SIGKILL')
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')

        const left = readFileSync(file, 'utf8')
        const written = parse(left).length - 3000
        expect(written / 2).to.be.at.least(done)
        expect(left === head + upTo(host, written / 2), 'neither the old content nor the new').to.equal(true)

        const begin = performance.now()
        const netrc = await openNetrc({run, timeoutMs: 5000, file, hosts: {api: 'api', git: 'git'}})
        await netrc.write({account: 'ada', token: 'HRKU-1'})
        expect(performance.now() - begin).to.be.below(8000)
        expect(readFileSync(file, 'utf8').startsWith(left)).to.equal(true)
      }),
    )
  })
})
