// The same scenarios on the Heroku CLIs of this run, all at once: a host waits most of its time, and so would we.
// docs/hosts.md has the results of all CLIs, so it is written and compared as a whole only where all of them run.
import {expect} from 'chai'
import {installPlugin} from '../support/host-cli.js'
import {HOST_VERSIONS, onAllHosts} from '../support/host-versions.js'
import {NO, parse, readPage, render, type Table, writePage, YES} from '../support/hosts-table.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {openSandbox} from '../support/sandbox.js'
import {packThirdParty} from '../support/third-party.js'
import type {Scenario} from './scenarios/cell.js'
import {daily} from './scenarios/daily.js'
import {exec} from './scenarios/exec.js'
import {faults} from './scenarios/faults.js'
import {uninstall} from './scenarios/uninstall.js'
import {variables} from './scenarios/variables.js'

const SCENARIOS = [...daily, ...exec, ...variables, ...faults, uninstall]

/** Whether to write docs/hosts.md instead of checking it. */
const writing = process.env.UPDATE !== undefined
if (writing && !onAllHosts) throw new Error('docs/hosts.md has the results of all CLIs: npm run hosts writes it')

interface Cell {
  says: string
  error?: Error
}

describe(`on Heroku CLI ${HOST_VERSIONS.join(', ')}`, function () {
  this.timeout(180_000)
  const hosts: PluggedHost[] = []
  const rows = new Map<Scenario, Promise<Map<string, Cell>>>()
  const documented = parse(readPage())

  before(async function () {
    this.timeout(900_000)
    const workshop = openSandbox()
    try {
      const thirdParty = await packThirdParty(workshop.root)
      const start = async (version: string) => {
        const host = await startPluggedHost(version, 'installed')
        hosts.push(host)
        await installPlugin(host.host, host.sandbox, thirdParty)
      }
      await Promise.all(HOST_VERSIONS.map(start))
    } finally {
      await workshop.close()
    }
  })

  after(async () => {
    await Promise.all(hosts.map((host) => host.stop()))
  })

  const see = async (scenario: Scenario, host: PluggedHost): Promise<Cell> => {
    try {
      await host.reset()
      return {says: (await scenario.run(host)) ?? YES}
    } catch (error) {
      const seen = error instanceof Error ? error : new Error(String(error))
      // Print why a cell says no, since writing the page hides the error.
      if (writing) console.error(`${host.host.version}: ${scenario.title}: ${seen.message}`)
      return {says: NO, error: seen}
    }
  }

  /** A scenario's results on all hosts. */
  const rowOf = (scenario: Scenario) => {
    const row =
      rows.get(scenario) ??
      Promise.all(hosts.map(async (host) => [host.host.version, await see(scenario, host)] as const)).then(
        (cells) => new Map(cells),
      )
    rows.set(scenario, row)
    return row
  }

  for (const scenario of SCENARIOS)
    describe(scenario.title, () => {
      for (const version of HOST_VERSIONS)
        it(`heroku@${version}`, async () => {
          const cell = (await rowOf(scenario)).get(version)
          expect(cell, `heroku@${version} did not start`).not.to.equal(undefined)
          const promised = documented[scenario.title]?.[version]
          if (writing || promised === cell?.says) return
          if (cell?.error !== undefined) throw cell.error
          expect(cell?.says, `docs/hosts.md is out of date: npm run hosts`).to.equal(promised)
        })
    })

  it('runs the scenarios that docs/hosts.md lists, and no others', () => {
    if (!writing) expect(Object.keys(documented)).to.deep.equal(SCENARIOS.map(({title}) => title))
  })

  // In a suite of its own, since mocha runs the tests of a suite before the suites in it.
  if (onAllHosts)
    describe('the whole table', () => {
      it('is what docs/hosts.md says; npm run hosts writes it', async () => {
        const table: Table = {}
        for (const scenario of SCENARIOS) {
          const cells = [...(await rowOf(scenario))].map(([version, {says}]) => [version, says] as const)
          table[scenario.title] = Object.fromEntries(cells)
        }

        const page = await render(table, HOST_VERSIONS)
        process.stdout.write(`\n${page.slice(page.indexOf('\n|') + 1)}\n`)
        if (writing) writePage(page)
        expect(readPage()).to.equal(page)
      })
    })
})
