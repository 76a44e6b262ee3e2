// Fifty processes at once: whatever they do to each other, some order of them explains what is left.
import {expect} from 'chai'
import {randomBytes} from 'node:crypto'
import {readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Order} from '../fixtures/concurrency/actor.js'
import {readNetrcEntries} from '../fixtures/concurrency/netrc.js'
import type {LoginState} from '../../src/credentials/login-state.js'
import {readLoginState} from '../../src/credentials/login-files.js'
import {fingerprint} from '../../src/credentials/token-record.js'
import {type Crowd, type Done, gatherCrowd} from '../support/crowd.js'
import {saveFigures} from '../support/trust.js'

type Login = Extract<Order, {does: 'login'}>

/** What is left in the end. */
interface Left {
  /** Tokens in the keyring, by account. */
  keyring: Record<string, string>
  state: LoginState
}

const newToken = () => `HRKU-${randomBytes(12).toString('base64url')}`
const login = (account: string, more: Partial<Login> = {}): Login => ({
  does: 'login',
  account: `${account}@example.com`,
  token: newToken(),
  ...more,
})
const shuffled = <T>(list: readonly T[]) =>
  list
    .map((each) => [Math.random(), each] as const)
    .sort(([one], [other]) => one - other)
    .map(([, each]) => each)

describe('processes at once', function () {
  this.timeout(180_000)
  let crowd: Crowd
  const figures = {audit: 'concurrency', processes: 0, rounds: 0, readsOfBothFiles: 0, halfWritten: 0, unexplained: 0}

  before(async () => {
    crowd = await gatherCrowd()
  })
  after(async () => {
    saveFigures('concurrency', figures)
    await crowd.stop()
  })
  beforeEach(async () => {
    await crowd.keyring.clear({service: 'heroku-cli'})
    for (const name of ['login.json', 'heroku-keychain.json']) rmSync(join(crowd.dataDir, name), {force: true})
    rmSync(netrcPath(), {force: true})
  })

  const netrcPath = () => join(crowd.sandbox.home, '.netrc')
  const left = async (): Promise<Left> => ({
    keyring: Object.fromEntries(
      (await crowd.keyring.items()).flatMap(({attributes: {account, service}, secret}) =>
        service === 'heroku-cli' && account !== undefined ? [[account, secret ?? '']] : [],
      ),
    ),
    state: readLoginState(crowd.dataDir),
  })

  const FOREIGN = 'machine example.com\n  login me\n  password kept # and a comment\n'

  it('fifty logins, logouts and looks leave what some order of them explains, and no half-written file', async () => {
    writeFileSync(netrcPath(), FOREIGN, {mode: 0o600})
    const accounts = Array.from({length: 8}, (_, index) => `user${index}`)
    const orders: Order[] = shuffled([
      ...Array.from({length: 24}, (_, index) => login(accounts[index % 8] ?? '')),
      ...Array.from({length: 4}, () => login('netrc', {netrc: true})),
      ...Array.from({length: 10}, (): Order => ({does: 'logout'})),
      ...Array.from({length: 2}, (): Order => ({does: 'logout', netrc: true})),
      ...Array.from({length: 10}, (): Order => ({does: 'look'})),
    ])
    const done = await crowd.act([...orders, {does: 'watch'}])
    const [watched] = done.filter(({order}) => order.does === 'watch')
    figures.rounds += 1
    figures.processes += orders.length
    figures.readsOfBothFiles += watched?.reads ?? 0
    figures.halfWritten += watched?.broken?.length ?? 0
    expect(watched?.broken).to.deep.equal([])
    expect(watched?.reads).to.be.greaterThan(100)
    expect(done.filter(({error}) => error !== undefined)).to.deep.equal([])
    expect(done.length).to.equal(51)
    expect(whatIsWrong(done, await left())).to.deep.equal([])
    expectWholeNetrc(done)
  })

  it('any six of them, many times over, leave what one of their orders leaves', async () => {
    let start: Model = {keyring: {}, current: undefined}
    for (let round = 0; round < 15; round++) {
      const orders: Order[] = shuffled([
        login('ada'),
        login('ada'),
        login('grace'),
        login('grace'),
        {does: 'logout'},
        {does: 'logout'},
      ])
      const done = await crowd.act(orders)
      const end = await left()
      figures.rounds += 1
      figures.processes += orders.length
      if (!isExplained(done, start, end)) figures.unexplained += 1
      expect(whatIsWrong(done, end)).to.deep.equal([])
      expect(isExplained(done, start, end), JSON.stringify({done, end}, undefined, 1)).to.equal(true)
      start = modelOf(end)
    }
  })

  function expectWholeNetrc(done: readonly Done[]) {
    const text = readFileSync(netrcPath(), 'utf8')
    expect(text.startsWith(FOREIGN)).to.equal(true)
    const entries = readNetrcEntries(text.slice(FOREIGN.length))
    const hosts = entries.map(({host}) => host)
    expect(new Set(hosts).size).to.equal(hosts.length)
    const stored = done.flatMap(({order}) => (order.does === 'login' && order.netrc ? [order.token] : []))
    for (const {token} of entries) expect(stored).to.include(token)
    expect(new Set(entries.map(({token}) => token)).size, 'two hosts, two tokens').to.be.at.most(1)
  }
})

const isLogin = ({order}: Done) => order.does === 'login' && order.netrc !== true
const current = ({loginJsonAccount, lastAccount}: LoginState) => loginJsonAccount ?? lastAccount

/** What no order of them could have left. */
function whatIsWrong(done: readonly Done[], {keyring, state}: Left): string[] {
  const wrong: string[] = []
  const removed = done.flatMap(({removedFrom, token}) => (removedFrom?.includes('the keyring') ? [token] : []))
  for (const {order, savedIn} of done.filter(isLogin))
    if (savedIn !== 'secret-service') wrong.push(`${JSON.stringify(order)} went to ${savedIn}`)
  for (const [account, token] of Object.entries(keyring)) {
    if (removed.includes(token)) wrong.push(`the token of ${account} was removed, and is there`)
    const record = state.tokens.find((each) => each.account === account)
    if (record?.fingerprint !== fingerprint(token)) wrong.push(`the record of ${account} is not of its token`)
  }

  for (const {account} of state.tokens)
    if (!(account in keyring)) wrong.push(`there is a record of ${account}, and no token`)
  if (new Set(removed).size !== removed.length) wrong.push('a token was removed twice')
  if (state.loginJsonAccount !== state.lastAccount)
    wrong.push(`login.json names ${state.loginJsonAccount}, and we remember ${state.lastAccount}`)
  const account = current(state)
  if (account !== undefined && !(account in keyring)) wrong.push(`${account} is current, and has no token`)
  if (account !== undefined && state.loggedOut) wrong.push(`${account} is current, and logged out`)
  const issued = new Map(done.flatMap(({order}) => (order.does === 'login' ? [[order.token, order.account]] : [])))
  for (const {account: whose, order, token} of done)
    if (order.does === 'look' && token !== undefined && issued.get(token) !== whose)
      wrong.push(`${token} was shown as that of ${whose}`)
  return wrong
}

/** What matters of what is stored. */
interface Model {
  keyring: Record<string, string>
  current: string | undefined
}

const modelOf = ({keyring, state}: Left): Model => ({keyring, current: current(state)})

/** Whether they could have been alone, one after the other, with the same end; a logout that removed nothing, anywhere. */
function isExplained(done: readonly Done[], before: Model, end: Left): boolean {
  const wanted = JSON.stringify(sorted(modelOf(end)))
  const steps = done.filter((each) => isLogin(each) || (each.removedFrom ?? []).length > 0)
  return leadsTo(steps, before, wanted)
}

function leadsTo(steps: readonly Done[], model: Model, wanted: string): boolean {
  if (steps.length === 0) return JSON.stringify(sorted(model)) === wanted
  return steps.some((step) => {
    const next = taken(step, model)
    return (
      next !== undefined &&
      leadsTo(
        steps.filter((each) => each !== step),
        next,
        wanted,
      )
    )
  })
}

/** Undefined, if it could not have said what it said at this point. */
function taken({account = '', order, token = ''}: Done, {current, keyring}: Model): Model | undefined {
  if (order.does === 'login') return {keyring: {...keyring, [account]: token}, current: account}
  if (current !== account || keyring[account] !== token) return undefined
  const {[account]: gone, ...others} = keyring
  return gone === undefined ? undefined : {keyring: others, current: undefined}
}

const sorted = ({current, keyring}: Model) => [current ?? null, Object.entries(keyring).sort()]
