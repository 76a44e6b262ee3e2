// The leak audit: runs the table's commands, situations and debug modes on the real CLI with a private keyring, key ring
// and helper, and searches all observable output for every secret in use.
import {randomBytes} from 'node:crypto'
import {basename, dirname, join} from 'node:path'
import {type Canary, searchFor} from './canary.js'
import {createKeyRing, type KeyRing} from './key-ring.js'
import {cells, type Cell, MODES} from './leak-table.js'
import {type LoopbackGit, startGit} from './loopback-git.js'
import {type PluggedHost, startPluggedHost} from './plugged-host.js'
import type {RunOptions} from './sandbox.js'
import type {Step} from './terminal.js'
import {filesSince, type Leak, leaksIn, type Seen, witness} from './witness.js'
import {openWorkTree, type WorkTree} from './work-tree.js'

export const VERSION = '11.10.0'

/** A cell's secrets; the server may issue more. */
export interface Secrets {
  token: string
  password: string
  code: string
}

/** A worker's machine. */
export interface Place {
  readonly plugged: PluggedHost
  readonly git: LoopbackGit
  readonly tree: WorkTree
  /** gpg's, with a key for `ada`. */
  readonly ring: KeyRing
}

/** The environment in which a row of the table runs. */
export interface Stage extends Place {
  readonly secrets: Secrets
  /** What the keychain and `.netrc` hold. */
  held(): Promise<string>
  /** Runs `heroku` as a witnessed program. */
  heroku(args: readonly string[], options?: RunOptions & {steps?: readonly Step[]}): Promise<Seen>
  /** Runs any other program as a witnessed program. */
  program(file: string, args: readonly string[], options?: RunOptions): Promise<Seen>
}

/** A cell's result. */
export interface Tried {
  cell: Cell
  exitCode: number | null
  /** Secrets in places where they don't belong. */
  leaks: Leak[]
  /** Secrets in places where they belong: proof that the search finds them. */
  belonging: Leak[]
  /** Whether the cell's scenario took place. */
  happened: boolean
  /** The end of the output, if the cell's scenario did not take place. */
  said: string
  secrets: number
  processes: number
  files: number
  bytes: number
  ms: number
}

/**
 * Runs cells with `workers` in parallel, each in its own home folder.
 * @param tell called after each cell
 */
export async function auditLeaks(
  {list = cells(), workers = 2}: {list?: readonly Cell[]; workers?: number} = {},
  tell: (tried: Tried) => void = () => undefined,
): Promise<Tried[]> {
  const queue = [...list]
  const tried: Tried[] = []
  const work = async () => {
    const plugged = await startPluggedHost(VERSION)
    const now: {token?: string} = {}
    const git = await startGit({accepts: (password) => password === now.token})
    const ring = createKeyRing(['ada'])
    try {
      await git.createRepository('app')
      const place = {plugged, git, ring, tree: await openWorkTree(plugged.sandbox)}
      for (let cell = queue.shift(); cell; cell = queue.shift()) {
        const secrets = newSecrets()
        now.token = secrets.token
        const result = await tryCell(cell, place, secrets)
        tried.push(result)
        tell(result)
      }
    } finally {
      ring.close()
      await git.stop()
      await plugged.stop()
    }
  }
  await Promise.all(Array.from({length: workers}, work))
  return tried
}

// On a desktop the keyring gets a minute, so that a user can unlock it: on a busy machine it may need seconds.
const PATIENT = {WAYLAND_DISPLAY: 'wayland-99'}

// Base64 alphabet, unlike real tokens, so that each encoding of a secret differs.
const random = (bytes: number) => randomBytes(bytes).toString('base64')
const newSecrets = (): Secrets => ({token: `HRKU-${random(30)}`, password: random(15), code: random(12)})

async function tryCell(cell: Cell, place: Place, secrets: Secrets) {
  const {git, plugged, ring} = place
  const started = performance.now()
  await plugged.reset()
  plugged.heroku.accounts[0] = {email: 'ada@example.com', password: secrets.password, twoFactorCode: secrets.code}
  plugged.heroku.issue({token: secrets.token})
  const {row, situation} = cell
  const chosen = {...situation.env?.(secrets), ...situation.store?.env(place)}
  const setting = {...git.env, ...PATIENT, HEROKU_GIT_HOST: git.host, ...chosen}
  await situation.store?.setUp(place)
  if (row.loggedIn && !situation.withoutLogin) await logIn(plugged, secrets, setting)

  const env = {...setting, ...MODES[cell.mode]}
  const run = (file: string, args: readonly string[], options: RunOptions & {steps?: readonly Step[]} = {}) =>
    witness(plugged.sandbox, file, args, {timeoutMs: 60_000, ...options, env: {...plugged.env, ...env, ...options.env}})
  const stage: Stage = {
    ...place,
    secrets,
    async held() {
      const inKeyring = async () => (await plugged.tokens()).map(({secret}) => secret).join()
      return [await (situation.store?.held(place) ?? inKeyring()), await plugged.read('.netrc')].join()
    },
    heroku: (args, options) => run(join(plugged.sandbox.bin, 'heroku'), args, options),
    program: run,
  }
  await situation.prepare?.(stage)
  const since = Date.now()
  const seen = await row.run(stage)
  const {home, root} = plugged.sandbox
  const folders = [home, join(root, 'tmp'), join(root, 'run'), ring.home]
  const sights = [...seen.sights, ...(await filesSince(since, folders))]
  const happened = await (situation.happened ?? row.happened)(stage, seen)
  await situation.after?.(stage)
  await situation.store?.remove(place)

  const canaries = canariesOf(plugged, secrets)
  const all = leaksIn(sights, searchFor(canaries))
  const belonging = all.filter((leak) => belongs(leak, cell, home))
  return {
    cell,
    exitCode: seen.exitCode,
    leaks: all.filter((leak) => !belonging.includes(leak)),
    belonging,
    happened,
    said: `${seen.stdout}\n${seen.stderr}`.slice(-1500),
    secrets: canaries.length,
    processes: seen.executed.length,
    files: sights.filter(({channel}) => channel === 'file').length,
    bytes: sights.reduce((sum, {text}) => sum + text.length, 0),
    ms: Math.round(performance.now() - started),
  }
}

async function logIn(plugged: PluggedHost, {token}: Secrets, env: RunOptions['env'] = {}): Promise<void> {
  const {exitCode, stderr} = await plugged.run(['login', '--with-token'], {input: token, env})
  if (exitCode !== 0) throw new Error(`no login to begin with: ${stderr}`)
}

/** All secrets of a cell: typed ones, issued tokens, and the bearer token of each request. */
function canariesOf({heroku}: PluggedHost, {code, password, token}: Secrets): Canary[] {
  const canaries: Canary[] = [
    {name: 'the token', secret: token},
    {name: 'the password', secret: password},
    {name: 'the two-factor code', secret: code},
    ...heroku.tokens.map((issued) => ({name: 'the token', secret: issued.token})),
    ...heroku.requests.flatMap(({authorization}) =>
      authorization.kind === 'bearer' ? [{name: "the login's own token", secret: authorization.token}] : [],
    ),
  ]
  return [...new Map(canaries.reverse().map((canary) => [canary.secret, canary])).values()]
}

function belongs({channel, form, where, what}: Leak, {row, situation}: Cell, home: string): boolean {
  if (what !== 'the token') return false
  switch (channel) {
    case 'stdout':
      return row.prints === true && (form === 'plain' || form === 'JSON')
    case 'file':
      // The temporary file that is renamed to .netrc.
      return (
        (situation.inNetrc ?? row.toNetrc) === true &&
        dirname(where) === home &&
        /^\.netrc(?:$|\.heroku-keychain-)/u.test(basename(where))
      )
    case 'env':
      return situation.inEnv === true || where === row.gives
    default:
      return false
  }
}
