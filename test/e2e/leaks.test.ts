import {expect} from 'chai'
import {auditLeaks, type Tried} from '../support/leak-audit.js'
import {problemsOf, reportOf} from '../support/leak-report.js'
import {cells, MODES, PLANTED, ROWS, SITUATIONS} from '../support/leak-table.js'
import {saveFigures} from '../support/trust.js'

describe('the leak audit', function () {
  this.timeout(900_000)
  let tried: Tried[]

  before(async () => {
    const started = performance.now()
    tried = await auditLeaks()
    saveFigures('leaks', reportOf(tried, performance.now() - started))
  })

  it('finds no leaked secret, on the real CLI, in any debug mode', () => {
    expect(problemsOf(tried)).to.deep.equal([])
  })

  it('finds the planted leak in each channel', () => {
    const planted = tried.filter(({cell}) => cell.situation.planted)
    const channels = planted.map(({cell, leaks}) => [cell.situation.planted, leaks.map(({channel}) => channel)])
    expect(channels).to.have.deep.members(PLANTED.map(({planted}) => [planted, [planted]]))
  })

  it('finds the token where it belongs', () => {
    const printing = tried.filter(
      ({cell: {row, situation}}) => row === ROWS.token && (situation === SITUATIONS.done || situation.store),
    )
    expect(new Set(printing.map(({cell}) => cell.situation.store)).size).to.equal(3)
    for (const {belonging} of printing)
      expect(belonging.map(({channel, form}) => [channel, form])).to.deep.equal([['stdout', 'plain']])
  })

  it('covers every command, situation and debug mode', () => {
    const all = cells()
    const tally = (values: unknown[]) => new Set(values).size
    expect(tally(all.map(({row}) => row))).to.equal(Object.keys(ROWS).length)
    expect(tally(all.map(({situation}) => situation))).to.equal(Object.keys(SITUATIONS).length + PLANTED.length)
    expect(tally(all.map(({mode}) => mode))).to.equal(Object.keys(MODES).length)
    expect(tried.length).to.equal(all.length)
  })

  describe('fails', () => {
    const first = () => {
      const [any] = tried.filter(({cell}) => cell.row.of === 'ours' && !cell.situation.planted)
      if (!any) throw new Error('nothing was tried')
      return any
    }
    const leak = {channel: 'stderr', where: 'stderr', what: 'the token', form: 'plain'} as const

    it('with a leak', () => {
      const [problem, ...more] = problemsOf([...tried, {...first(), leaks: [leak]}])
      expect(problem).to.include('shows the token in stderr (stderr), plain')
      expect(more).to.deep.equal([])
    })

    it('with a command that did not do its work', () => {
      expect(problemsOf([...tried, {...first(), happened: false}]).join()).to.include('did not do what it was to do')
    })

    it('with a planted leak that was not found', () => {
      const blind = tried.map((each) => (each.cell.situation.planted ? {...each, leaks: []} : each))
      expect(problemsOf(blind).length).to.equal(PLANTED.length)
    })

    it("with leaks by the host's own code that are new, or gone", () => {
      const hosts = tried.filter(({cell}) => cell.row.of === 'the host')
      const changed = tried.map((each) =>
        each === hosts[0] ? {...each, leaks: [{...leak, channel: 'argv' as const}]} : each,
      )
      expect(problemsOf(changed).join()).to.include('shows the token in argv')
      const silent = tried.map((each) => (hosts.includes(each) ? {...each, leaks: []} : each))
      expect(problemsOf(silent).join()).to.include('no longer shown by the host')
    })
  })
})
