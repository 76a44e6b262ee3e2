// A migrate that is killed: before every operation that changes a file, before, during and after every call of the
// keyring's tool, and at moments that chance chooses; with a real keyring and real files, in both directions.
import {expect} from 'chai'
import {build} from 'esbuild'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {resolveKeychain} from '../../../src/backends/resolve.js'
import {findToken} from '../../../src/credentials/find.js'
import {fingerprint} from '../../../src/credentials/login-state.js'
import {Places} from '../../../src/credentials/places.js'
import {lightRun} from '../../../src/light-run.js'
import {hostsFrom} from '../../../src/hosts.js'
import {type Keyring, startKeyring} from '../../support/keyring.js'
import {ageLocks, migrate} from '../../support/migrate.js'
import {REPOSITORY} from '../../support/npm.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {saveFigures} from '../../support/trust.js'
import {ada, entries, grace} from '../../support/user.js'

const DRIVER = fileURLToPath(new URL('../../fixtures/migrate/driver.ts', import.meta.url))
const FOREIGN = Array.from({length: 8}, (_, index) => `machine m${index}.example login a password "b ${index}"\n`).join(
  '',
)
const ALIAS = '.config/heroku/accounts/work'
/** Beside those at every operation, for each direction. */
const RANDOM_KILLS = 50

type Direction = 'keychain' | 'netrc'

/** Somebody with a home and a keyring of their own. */
interface Person {
  sandbox: Sandbox
  keyring: Keyring
  home: string
}

describe('a migrate that is killed', function () {
  this.timeout(400_000)
  let bundle: string
  const people: Person[] = []

  before(async function () {
    const folder = mkdtempSync(join(REPOSITORY, '.cache', 'driver-'))
    bundle = join(folder, 'driver.mjs')
    await build({
      entryPoints: [DRIVER],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'warning',
      // Libraries of CommonJS ask for node's modules.
      banner: {js: "import {createRequire as r} from 'node:module'; const require = r(import.meta.url)"},
    })
    // Two, since there are two processors.
    for (let index = 0; index < 2; index++) {
      const sandbox = openSandbox()
      people.push({sandbox, keyring: await startKeyring(sandbox), home: sandbox.home})
    }
  })
  after(async () => {
    rmSync(join(bundle, '..'), {recursive: true, force: true})
    for (const {keyring, sandbox} of people) {
      await keyring.stop()
      await sandbox.close()
    }
  })

  const environment = ({home, keyring}: Person) => ({...process.env, ...keyring.env, HOME: home})
  const tool = async ({keyring}: Person, args: string[], input = '') =>
    lightRun('/usr/bin/secret-tool', args, {env: keyring.env, input, timeoutMs: 20_000})
  const attributes = (account: string) => ['--', 'service', 'heroku-cli', 'account', account]
  const secretOf = async (person: Person, account: string) => {
    const answer = await tool(person, ['lookup', ...attributes(account)])
    return answer.ended === 'exited' && answer.code === 0 ? answer.stdout : ''
  }

  const placesOf = (person: Person) => {
    const env = environment(person)
    return new Places({
      env,
      dataDir: join(person.home, 'data'),
      hosts: hostsFrom({}),
      keychain: resolveKeychain(env, process.platform),
      run: (file, args, options) => lightRun(file, args, {...options, env: {...person.keyring.env, ...options.env}}),
      timeoutMs: 20_000,
      notify: () => undefined,
    })
  }

  const read = ({home}: Person, path: string) => {
    try {
      return readFileSync(join(home, path), 'utf8')
    } catch {
      return ''
    }
  }

  const write = ({home}: Person, path: string, text: string) => {
    mkdirSync(join(home, path, '..'), {recursive: true})
    writeFileSync(join(home, path), text, {mode: 0o600})
  }

  const store = async (person: Person, {account, token}: typeof ada) =>
    tool(person, ['store', '--label=Heroku CLI', ...attributes(account)], token)

  const begin = async (person: Person, to: Direction) => {
    await rm(join(person.home, 'data'), {recursive: true, force: true})
    await tool(person, ['clear', '--', 'service', 'heroku-cli'])
    if (to === 'keychain') {
      write(person, '.netrc', FOREIGN + entries(ada))
      write(person, ALIAS, `username: ${grace.account}\npassword: ${grace.token}\n`)
      return
    }

    write(person, '.netrc', FOREIGN)
    write(person, ALIAS, `username: ${grace.account}\n`)
    for (const each of [ada, grace]) await store(person, each)
    const known = {apiHost: 'api.heroku.com', savedIn: 'secret-service'}
    const tokens = [ada, grace].map(({account, token}) => ({account, fingerprint: fingerprint(token), ...known}))
    write(
      person,
      'data/heroku-keychain.json',
      JSON.stringify({version: 1, account: ada.account, loggedOut: false, tokens}),
    )
    write(person, 'data/login.json', JSON.stringify({account: ada.account}))
  }

  /** Starts a migrate, and kills it so long after it has loaded all it needs, if it has not killed itself by then. */
  const runAndKill = async (person: Person, to: Direction, at: {operation: number} | {afterMs: number}) => {
    const operation = 'operation' in at ? at.operation : 0
    const child = spawn(process.execPath, [bundle, person.home, to, String(operation)], {
      env: environment(person),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = {out: '', err: ''}
    let timer: NodeJS.Timeout | undefined
    child.stderr.on('data', (data: Buffer) => (said.err += data.toString()))
    child.stdout.on('data', (data: Buffer) => {
      said.out += data.toString()
      if ('afterMs' in at) timer ??= setTimeout(() => child.kill('SIGKILL'), at.afterMs)
    })
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    clearTimeout(timer)
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the migrate failed: ${said.err}`)
    return signal === 'SIGKILL'
  }

  const expectNothingLost = async (person: Person, when: string) => {
    const netrc = read(person, '.netrc')
    const stores = [
      netrc,
      read(person, ALIAS),
      await secretOf(person, ada.account),
      await secretOf(person, grace.account),
    ]
    expect(stores.join('\n'), when).to.include(ada.token).and.include(grace.token)
    expect(netrc.startsWith(FOREIGN), `${when}: ${netrc}`).to.equal(true)
    const {found} = await findToken(placesOf(person))
    expect(found, when).to.include(ada)
  }

  const expectFinished = async (person: Person, to: Direction, when: string) => {
    await ageLocks(person.home, join(person.home, 'data'))
    const {conflicts, failures} = await migrate(placesOf(person), to)
    expect({conflicts, failures}, when).to.deep.equal({conflicts: undefined, failures: []})
    expect(read(person, '.netrc'), when).to.equal(to === 'netrc' ? FOREIGN + entries(ada) : FOREIGN)
    expect(read(person, ALIAS), when).to.equal(`username: ${grace.account}\n`)
    expect(await secretOf(person, ada.account), when).to.equal(to === 'netrc' ? '' : ada.token)
    expect(await secretOf(person, grace.account), when).to.equal(grace.token)
    expect((await findToken(placesOf(person))).found, when).to.include(ada)
  }

  /** Has everybody take the next one until there is none left. */
  const share = async (work: (person: Person) => Promise<boolean>) =>
    Promise.all(
      people.map(async (person) => {
        while (await work(person));
      }),
    )

  const figures = {killed: 0, lost: 0}
  const begun = performance.now()
  after(() => {
    saveFigures('crashes', {...figures, ms: performance.now() - begun})
  })
  const countLoss = async (expectation: Promise<unknown>) => {
    try {
      await expectation
    } catch (error) {
      figures.lost += 1
      throw error
    }
  }

  for (const to of ['keychain', 'netrc'] as const) {
    it(`on the way to ${to === 'netrc' ? '.netrc' : 'the keychain'} at any operation, loses nothing, and the next one finishes`, async () => {
      let next = 1
      let kills = 0
      await share(async (person) => {
        const operation = next++
        const when = `operation ${operation}`
        await begin(person, to)
        const killed = await runAndKill(person, to, {operation})
        if (killed) {
          kills += 1
          await countLoss(expectNothingLost(person, when))
        }
        await expectFinished(person, to, when)
        return killed
      })
      figures.killed += kills
      expect(kills).to.be.greaterThan(30)
    })

    it(`on the way to ${to === 'netrc' ? '.netrc' : 'the keychain'} at any moment, does not either`, async () => {
      const [person] = people
      if (!person) throw new Error('there is nobody')
      await begin(person, to)
      const started = performance.now()
      await migrate(placesOf(person), to)
      const took = performance.now() - started
      let left = RANDOM_KILLS
      let kills = 0
      await share(async (person) => {
        left -= 1
        const afterMs = Math.random() * took
        const when = `${afterMs} ms`
        await begin(person, to)
        if (await runAndKill(person, to, {afterMs})) {
          kills += 1
          await countLoss(expectNothingLost(person, when))
        }
        await expectFinished(person, to, when)
        return left > 0
      })
      figures.killed += kills
      expect(kills).to.be.greaterThan(RANDOM_KILLS / 4)
    })
  }
})
