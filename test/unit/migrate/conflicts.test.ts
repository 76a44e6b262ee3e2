import {expect} from 'chai'
import {resolveConflicts} from '../../../src/migrate/conflicts.js'
import type {Conflict, Plan, Planned, MigrateOptions} from '../../../src/migrate/plan.js'
import {UserError} from '../../../src/errors.js'
import {thrownBy} from '../../support/thrown-by.js'

const plan: Plan = {to: 'keychain', steps: [], notes: []}
const token: Conflict = {about: 'token', candidates: ['ada'], message: 'two tokens of ada', question: 'keep the one?'}
const current: Conflict = {about: 'current', candidates: ['ada', 'grace'], message: 'two accounts', question: 'who?'}
const owner: Conflict = {about: 'owner', candidates: [], message: 'a token without an account', question: 'whose?'}

describe('resolving the conflicts of a migrate', () => {
  /** Answers the questions in this order. */
  const withAnswers = (...answers: string[]) => {
    const printed: string[] = []
    const terminal = {
      notify: (line: string) => printed.push(line),
      ask(question: string) {
        printed.push(question)
        return Promise.resolve(answers.shift() ?? '')
      },
    }
    const seen: MigrateOptions[] = []
    const go = (...conflicts: Conflict[]) =>
      resolveConflicts(
        {keep: true},
        (options) => {
          const left = conflicts.slice(seen.push(options) - 1)
          return Promise.resolve<Planned>(left.length > 0 ? {conflicts: left} : {plan})
        },
        terminal,
      )
    return {go, printed, seen}
  }

  const undecided: [Conflict[], string, string][] = [
    [[token], 'two tokens of ada', '--force'],
    [[current], 'two accounts', '--account EMAIL'],
    [[owner], 'a token without an account', '--account EMAIL'],
    [
      [token, current, owner],
      'two tokens of ada; two accounts; a token without an account',
      '--force and --account EMAIL',
    ],
  ]
  for (const [conflicts, message, flags] of undecided)
    it(`fails without a terminal, and names ${flags} for: ${message}`, async () => {
      const error = await thrownBy(resolveConflicts({}, () => Promise.resolve({conflicts}), undefined))
      expect(error).to.be.instanceOf(UserError)
      expect(error).to.include({
        message: `nothing was changed: ${message}`,
        hint: `decide it with ${flags}, or run this in a terminal`,
        exitCode: 1,
      })
    })

  it('asks nothing if there is no conflict', async () => {
    const {go, printed, seen} = withAnswers()
    expect(await go()).to.equal(plan)
    expect(printed).to.deep.equal([])
    expect(seen).to.deep.equal([{keep: true}])
  })

  it('asks one question at a time, and plans again with each answer', async () => {
    const {go, printed, seen} = withAnswers('y', '2')
    expect(await go(token, current)).to.equal(plan)
    expect(printed).to.deep.equal([
      'two tokens of ada',
      'keep the one? [y/N] ',
      'two accounts',
      '1  ada',
      '2  grace',
      'who? ',
    ])
    expect(seen.at(-1)).to.deep.equal({keep: true, replace: ['ada'], account: 'grace'})
  })

  it('accepts an account by name, and any name if there is no list', async () => {
    const {go, seen} = withAnswers('grace', 'edsger@example.com')
    await go(current, owner)
    expect(seen.at(-1)).to.include({account: 'edsger@example.com'})
  })

  for (const [conflict, answer] of [
    [token, ''],
    [token, 'n'],
    [token, 'no'],
    [current, ''],
    [current, '3'],
    [current, 'edsger'],
    [owner, ''],
  ] as const)
    it(`changes nothing for ${JSON.stringify(answer)} to ${conflict.question}`, async () => {
      const error = await thrownBy(withAnswers(answer).go(conflict))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.match(/^nothing was changed/u)
    })
})
