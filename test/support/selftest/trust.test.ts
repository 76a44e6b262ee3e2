import {expect} from 'chai'
import {cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {run} from '../../../src/process/run.js'
import {REPOSITORY} from '../npm.js'

const counted = {tried: 20, lost: 0, ms: 1000}
const COMPLETE: Record<string, unknown> = {
  'fuzz/accounts': {name: 'accounts', cases: 250, failures: 0, ms: 1000},
  'fuzz/hosts': {name: 'hosts', cases: 10_000, failures: 0, ms: 1000},
  ...Object.fromEntries(['program', 'request', 'file'].map((kind) => [`faults/${kind}`, [{verdict: 'done and true'}]])),
  crashes: {killed: 226, lost: 0, ms: 1000},
  killed: {killed: 63, lost: 0, ms: 1000},
  'cancelled-logins/host': counted,
  ...Object.fromEntries(
    ['hidden', 'another-shown', 'stale-item', 'revoked', 'recorded-in-netrc'].map((part) => [
      `unavailable/${part}`,
      counted,
    ]),
  ),
  ...Object.fromEntries(['revoke', 'verify', 'portal'].map((part) => [`gateway/${part}`, counted])),
  'busy-machine/fills': counted,
  'shells/git': counted,
  leaks: {cells: 300, leaks: 0, ms: 1000},
  network: {connections: 30, stray: 0},
  concurrency: {processes: 140, halfWritten: 0, unexplained: 0},
}

describe('npm run trust -- --report', function () {
  this.timeout(60_000)
  let root: string
  let complete: string

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'keychain-trust-'))
    complete = folderWith('complete', COMPLETE)
  })
  after(() => {
    rmSync(root, {recursive: true, force: true})
  })

  const folderWith = (name: string, figures: Record<string, unknown>) => {
    const folder = join(root, name)
    for (const [audit, content] of Object.entries(figures)) {
      const file = join(folder, `${audit}.json`)
      mkdirSync(dirname(file), {recursive: true})
      writeFileSync(file, JSON.stringify(content))
    }
    return folder
  }
  const report = async (folder: string) => {
    const args = ['--import', 'tsx', join(REPOSITORY, 'scripts', 'trust.ts'), '--report', folder]
    const ended = await run(process.execPath, args, {timeoutMs: 30_000, cwd: REPOSITORY})
    if (ended.status !== 'exited') throw new Error(ended.status)
    const lines = ended.stdout.trimEnd().split('\n').slice(1)
    return {code: ended.code, lines, notTried: lines.filter((line) => line.includes('NOT TRIED')).length}
  }

  it('prints a row for each class of fault, and exits 0 where nothing was lost', async () => {
    const {code, lines, notTried} = await report(complete)
    expect({code, notTried}).to.deep.equal({code: 0, notTried: 0})
    expect(lines).to.have.length(13)
    expect(lines.find((line) => line.startsWith("git or the API given another account's token"))).to.match(
      / 250 sequences +0 +1 s$/u,
    )
    expect(lines.find((line) => line.startsWith('a token that the keychain hides'))).to.match(/ 100 cases +0 +5 s$/u)
  })

  it('exits 1 where something was lost', async () => {
    const folder = join(root, 'lost')
    cpSync(complete, folder, {recursive: true})
    writeFileSync(join(folder, 'gateway', 'verify.json'), JSON.stringify({...counted, lost: 1}))
    const {code, notTried} = await report(folder)
    expect({code, notTried}).to.deep.equal({code: 1, notTried: 0})
  })

  it('exits 1 where one part of a row was not run, or has tried nothing, and where none was run', async () => {
    const folder = join(root, 'partial')
    cpSync(complete, folder, {recursive: true})
    rmSync(join(folder, 'unavailable', 'revoked.json'))
    writeFileSync(join(folder, 'shells', 'git.json'), JSON.stringify({tried: 0, lost: 0, ms: 0}))
    const partial = await report(folder)
    expect([partial.code, partial.notTried]).to.deep.equal([1, 2])
    const none = await report(join(root, 'none'))
    expect([none.code, none.notTried]).to.deep.equal([1, 13])
  })
})
