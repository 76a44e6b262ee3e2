// The leak audit's table: commands, situations, debug modes, and which of them are combined.
import {mkdir, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Place, Secrets, Stage} from './leak-audit.js'
import {httpDebugShowsHeaders} from './node-debug.js'
import type {Env, RunOptions} from './sandbox.js'
import {keys, type Step} from './terminal.js'
import type {Channel, Leak, Seen} from './witness.js'

/** Variables that switch on debug output. */
export const MODES = {
  quiet: {},
  'all at once': {
    DEBUG: '*',
    HEROKU_DEBUG: '1',
    HEROKU_DEBUG_HEADERS: '1',
    // All but `module` and `esm`, whose output is by far the largest and only names files.
    NODE_DEBUG:
      'execa,child_process,http,https,http2,net,tls,undici,fetch,stream,fs,timer,cluster,worker,dns,repl,test',
    GIT_TRACE: '1',
    GIT_TRACE2: '1',
    GIT_TRACE_SETUP: '1',
    GIT_TRACE_CURL: '1',
    GIT_CURL_VERBOSE: '1',
  },
  'DEBUG=*': {DEBUG: '*'},
  'DEBUG=http': {DEBUG: 'http'},
  'HEROKU_DEBUG=1': {HEROKU_DEBUG: '1'},
  'HEROKU_DEBUG and _HEADERS': {HEROKU_DEBUG: '1', HEROKU_DEBUG_HEADERS: '1'},
  'NODE_DEBUG=*': {NODE_DEBUG: '*'},
  'NODE_DEBUG=execa,child_process,http,undici': {NODE_DEBUG: 'execa,child_process,http,undici'},
  "GLib's": {G_MESSAGES_DEBUG: 'all', G_DBUS_DEBUG: 'all', LIBSECRET_DEBUG: 'all'},
} satisfies Record<string, Env>

export type Mode = keyof typeof MODES

/** A command. */
export interface Row {
  command: string
  /** Whose code runs. */
  of: 'ours' | 'git' | 'the host'
  /** Whether a user is logged in before it runs. */
  loggedIn: boolean
  /** Whether it is meant to print the token on stdout. */
  prints?: true
  /** The program that is meant to have the token in its environment. */
  gives?: string
  /** Whether it is meant to write the token to `.netrc`. */
  toNetrc?: true
  run(stage: Stage): Promise<Seen>
  /** Whether it did its work. */
  happened(stage: Stage, seen: Seen): Promise<boolean> | boolean
}

/** Another store than the keyring. */
export interface Store {
  /** The variables with which it is used. */
  env(place: Place): NonNullable<RunOptions['env']>
  /** Sets it up, with no token in it. */
  setUp(place: Place): Promise<unknown>
  /** Its token, by its own program. */
  held(place: Place): Promise<string>
  remove(place: Place): Promise<unknown>
}

/** A failure to simulate, if any, or the token's location. */
export interface Situation {
  name: string
  /** Default: the keyring. */
  store?: Store
  env?(secrets: Secrets): Env
  /** No user is logged in, whatever the row says. */
  withoutLogin?: true
  /** Whether the token belongs in `.netrc`. */
  inNetrc?: true
  /** Whether the token is in the environment, set by the user. */
  inEnv?: true
  prepare?(stage: Stage): Promise<unknown>
  after?(stage: Stage): Promise<unknown>
  /** Whether the situation took effect; replaces the row's own check. */
  happened?(stage: Stage, seen: Seen): boolean
  /** A leak is planted, and the audit must find it in this channel. */
  planted?: Channel
}

export interface Cell {
  row: Row
  situation: Situation
  mode: Mode
}

const asked = ({git}: Stage) => `protocol=https\nhost=${git.host}\n`
const answered = (stage: Stage) => `${asked(stage)}username=heroku\npassword=${stage.secrets.token}\n`

/** The output on one line, without the marks that oclif puts at the start of lines. */
const words = ({stderr, stdout}: Seen) => `${stdout} ${stderr}`.replaceAll(/[\s›»]+/gu, ' ')

const ok = (_stage: Stage, {exitCode}: Seen) => exitCode === 0
const prints = ({secrets}: Stage, {exitCode, stdout}: Seen) => exitCode === 0 && stdout.includes(secrets.token)
const asksHeroku = ({plugged, secrets}: Stage, {exitCode}: Seen) =>
  exitCode === 0 &&
  plugged.heroku.requests.some(
    ({authorization}) => authorization.kind === 'bearer' && authorization.token === secrets.token,
  )
const revokes = ({plugged, secrets}: Stage, {exitCode}: Seen) => exitCode === 0 && plugged.heroku.revoked(secrets.token)
const stores = async (stage: Stage, {exitCode}: Seen) => {
  const held = await stage.held()
  return exitCode === 0 && stage.plugged.heroku.tokens.some(({token}) => held.includes(token))
}

const browser: Step[] = [{expect: 'Press any key', raw: true, send: 'x'}]
const password = ({plugged, secrets}: Stage): Step[] => [
  {expect: 'Email:', send: `ada@example.com${keys.enter}`},
  {expect: 'Password:', send: `${secrets.password}${keys.enter}`},
  // A failing Heroku asks for no code.
  ...(plugged.heroku.faults.size > 0 ? [] : [{expect: 'Two-factor code:', send: `${secrets.code}${keys.enter}`}]),
]

const heroku = (of: Row['of'], args: string, more: Omit<Row, 'command' | 'of' | 'run'>): Row => ({
  command: `heroku ${args}`,
  of,
  run: (stage) => stage.heroku(args.split(' ')),
  ...more,
})

const login = (args: string, run: Row['run']): Row => ({
  command: `heroku ${args}`,
  of: 'ours',
  loggedIn: false,
  run,
  happened: stores,
})

const git = (command: string, happened: Row['happened'], run: Row['run']): Row => ({
  command,
  of: 'git',
  loggedIn: true,
  run,
  happened,
})

/** A migrate of a token that is in `.netrc`. */
const migrate = (args: string): Row => ({
  ...heroku('ours', args, {loggedIn: false, happened: stores}),
  async run(at) {
    const {plugged, secrets} = at
    const entry = `machine ${plugged.heroku.host}\n  login ada@example.com\n  password ${secrets.token}\n`
    await writeFile(join(plugged.sandbox.home, '.netrc'), entry, {mode: 0o600})
    return at.heroku(args.split(' '))
  },
})

/** Every command that handles a token. */
export const ROWS = {
  withToken: login('login --with-token', (at) =>
    at.heroku(['login', '--with-token'], {input: `${at.secrets.token}\n`}),
  ),
  browser: login('login', (at) => at.heroku(['login'], {steps: browser})),
  password: login('login --interactive', (at) => at.heroku(['login', '-i'], {steps: password(at)})),
  sso: login('login --sso', (at) =>
    at.heroku(['login', '--sso'], {
      env: {SSO_URL: `${at.plugged.heroku.url}/sso`},
      steps: [{expect: 'Access token:', send: `${at.secrets.token}${keys.enter}`}],
    }),
  ),
  token: heroku('ours', 'auth:token', {loggedIn: true, prints: true, happened: prints}),
  tokenJson: heroku('ours', 'auth:token --json', {loggedIn: true, prints: true, happened: prints}),
  tokenVerify: heroku('ours', 'auth:token --verify', {loggedIn: true, prints: true, happened: prints}),
  exec: heroku('ours', 'auth:exec -- printenv HEROKU_API_KEY', {
    loggedIn: true,
    prints: true,
    gives: 'printenv',
    happened: prints,
  }),
  execAccount: heroku('ours', 'auth:exec --account ada@example.com -- printenv HEROKU_API_KEY', {
    loggedIn: true,
    prints: true,
    gives: 'printenv',
    happened: prints,
  }),
  logout: heroku('ours', 'logout', {loggedIn: true, happened: revokes}),
  logoutJson: heroku('ours', 'logout --json', {loggedIn: true, happened: revokes}),
  logoutLocal: heroku('ours', 'logout --local', {loggedIn: true, happened: ok}),
  status: heroku('ours', 'auth:status', {loggedIn: true, happened: ok}),
  statusJson: heroku('ours', 'auth:status --json', {loggedIn: true, happened: ok}),
  migrate: migrate('auth:migrate'),
  migrateToPass: migrate('auth:migrate --to pass'),
  migrateBack: heroku('ours', 'auth:migrate --to netrc', {loggedIn: true, toNetrc: true, happened: stores}),
  gitCredentials: {
    ...heroku('ours', 'git:credentials get', {loggedIn: true, prints: true, happened: prints}),
    run: (at) => at.heroku(['git:credentials', 'get'], {input: `${asked(at)}\n`}),
  },
  launcher: {
    ...git('git-credential-helper get', prints, (at) =>
      at.program(join(at.plugged.dataDir, 'git-credential-helper'), ['get'], {input: `${asked(at)}\n`}),
    ),
    of: 'ours',
    prints: true,
  },
  fill: {
    ...git('git credential fill', prints, (at) => at.program('git', ['credential', 'fill'], {input: `${asked(at)}\n`})),
    prints: true,
  },
  approve: git('git credential approve', ok, (at) =>
    at.program('git', ['credential', 'approve'], {input: `${answered(at)}\n`}),
  ),
  reject: git('git credential reject', ok, (at) =>
    at.program('git', ['credential', 'reject'], {input: `${answered(at)}\n`}),
  ),
  push: git('git push', ok, async (at) => {
    await at.tree.commit()
    return at.program('git', ['push', at.git.remote('app'), 'main'], {cwd: at.tree.path})
  }),
  whoami: heroku('the host', 'whoami', {loggedIn: true, happened: asksHeroku}),
  apps: heroku('the host', 'apps', {loggedIn: true, happened: asksHeroku}),
  version: heroku('the host', 'version', {loggedIn: true, happened: ok}),
} satisfies Record<string, Row>

const says = (said: RegExp) => (_stage: Stage, seen: Seen) => said.test(words(seen))
const answers = (fault: 'garbage' | {status: number}) => ({
  prepare({plugged}: Stage) {
    for (const path of ['/account', '/oauth/authorizations', '/oauth/sessions/~', '/oauth/authorizations/~'])
      plugged.heroku.faults.set(path, fault)
    return Promise.resolve()
  },
})

/** pass, on a machine without a session bus. */
const pass: Store = {
  env: ({ring}) => ({...ring.env, DBUS_SESSION_BUS_ADDRESS: undefined, WAYLAND_DISPLAY: undefined}),
  setUp: ({plugged: {sandbox}, ring}) => sandbox.run('pass', ['init', 'ada'], {env: ring.env}),
  held: async ({plugged: {sandbox}, ring}) =>
    (await sandbox.run('pass', ['show', 'heroku-cli/ada@example.com'], {env: ring.env})).stdout,
  remove: ({plugged: {sandbox}}) => rm(join(sandbox.home, '.password-store'), {recursive: true}),
}

const socketOf = ({plugged}: Place) => join(plugged.sandbox.root, 'cache', 'socket')
const cache = (at: Place, operation: string, input = '') =>
  at.plugged.sandbox.run('git', ['credential-cache', '--socket', socketOf(at), operation], {input})

/** git's own helper that keeps tokens in memory. */
const inMemory: Store = {
  env: (at) => ({HEROKU_CREDENTIAL_STORE: `helper:cache --socket ${socketOf(at)}`}),
  // Starts its daemon, for which a traced program would be waited for.
  setUp: (at) => cache(at, 'store', 'protocol=https\nhost=example.com\nusername=x\npassword=x\n\n'),
  held: async (at) => (await cache(at, 'get', `protocol=https\nhost=${at.plugged.heroku.host}\n\n`)).stdout,
  remove: (at) => cache(at, 'exit'),
}

/** A broken secret-tool that repeats its input on stderr. */
const TELLTALE = 'echo "secret-tool: could not do it: $(cat)" >&2; exit 3'

export const SITUATIONS = {
  done: {name: 'all is well'},
  netrc: {name: 'HEROKU_NETRC_WRITE=true', env: () => ({HEROKU_NETRC_WRITE: 'true'}), inNetrc: true},
  pass: {name: 'the store is pass', store: pass},
  helper: {name: "the store is git's credential-cache", store: inMemory},
  apiKey: {
    name: 'HEROKU_API_KEY is set',
    env: ({token}: Secrets) => ({HEROKU_API_KEY: token}),
    withoutLogin: true,
    inEnv: true,
  },
  apiKeyRefused: {
    name: 'HEROKU_API_KEY is in the way',
    env: ({token}: Secrets) => ({HEROKU_API_KEY: token}),
    withoutLogin: true,
    inEnv: true,
    happened: says(/HEROKU_API_KEY is set/u),
  },
  locked: {
    name: 'the keyring is locked',
    prepare: ({plugged}: Stage) => plugged.keyring.lock(),
    after: ({plugged}: Stage) => plugged.keyring.unlock(),
    inNetrc: true,
    happened: says(/locked/u),
  },
  telltale: {
    name: 'secret-tool fails, and repeats its input',
    prepare: ({plugged}: Stage) => plugged.secretTool(TELLTALE),
    inNetrc: true,
    happened: says(/secret-tool could not/u),
  },
  mixedUp: {
    name: 'secret-tool answers on stderr',
    prepare: ({plugged}: Stage) => plugged.secretTool('exec "$REAL" "$@" >&2'),
    inNetrc: true,
    happened: says(/keyring|not logged in/u),
  },
  hung: {
    name: 'secret-tool hangs',
    env: () => ({WAYLAND_DISPLAY: ''}),
    prepare: ({plugged}: Stage) => plugged.secretTool('sleep 1000 & sleep 1000'),
    inNetrc: true,
    happened: says(/did not answer within \d+ s/u),
  },
  unauthorized: {name: 'Heroku answers 401', ...answers({status: 401}), happened: says(/401|is not valid|Removed/u)},
  broken: {name: 'Heroku answers 500', ...answers({status: 500}), happened: says(/answered 500/u)},
  garbage: {name: 'Heroku answers garbage', ...answers('garbage'), happened: says(/Error|"error"/u)},
  noRecord: {
    name: 'the data folder takes no file',
    prepare: ({plugged}: Stage) => mkdir(join(plugged.dataDir, 'heroku-keychain.json')),
    happened: says(/cannot record/u),
  },
  noPlace: {
    name: 'no place takes the token',
    async prepare({plugged}: Stage) {
      await mkdir(join(plugged.sandbox.home, '.netrc'))
      await plugged.secretTool('case "$1" in store) cat >&2; exit 1;; esac\nexec "$REAL" "$@"')
    },
    after: ({plugged}: Stage) => rm(join(plugged.sandbox.home, '.netrc'), {recursive: true}),
    happened: says(/no place took the token/u),
  },
} satisfies Record<string, Situation>

const leaking = (misdeed: string) => `S=$(cat)\n${misdeed}\nprintf %s "$S" | "$REAL" "$@"`

/** A secret-tool that works, and also leaks the token. */
const planting = (planted: Channel, misdeed: string): Situation => ({
  name: `planted: ${planted}`,
  planted,
  prepare: ({plugged}) => plugged.secretTool(leaking(misdeed)),
})

/** The same with gpg, for pass. */
const plantingInGpg = (planted: Channel, misdeed: string): Situation => {
  const shadow = ({plugged}: Stage) => join(plugged.sandbox.bin, 'gpg')
  return {
    ...SITUATIONS.pass,
    name: `planted with pass: ${planted}`,
    planted,
    prepare: (at) => writeFile(shadow(at), `#!/bin/sh\nREAL=/usr/bin/gpg\n${leaking(misdeed)}\n`, {mode: 0o755}),
    after: (at) => rm(shadow(at)),
  }
}

const TO_ARGV = '/bin/true "$S"'
const TO_FILE = 'printf %s "$S" | base64 >"$TMPDIR/planted"; rm "$TMPDIR/planted"'

export const PLANTED = [
  planting('argv', TO_ARGV),
  planting('env', 'PLANTED=$S /bin/true'),
  planting('file', TO_FILE),
  planting('file name', ': >"$HOME/planted-$(printf %s "$S" | base64 -w0 | tr +/ -_)"'),
  plantingInGpg('argv', TO_ARGV),
  plantingInGpg('file', TO_FILE),
]

/**
 * Leaks by the host's own code, with or without our plugin; the audit fails if the list doesn't match exactly. Node's
 * `net` debug output has every byte that is sent, and `http` in many versions every header.
 */
export const THE_HOSTS_OWN: (Pick<Leak, 'channel' | 'form'> & {command: string; mode: Mode})[] = [
  {command: 'heroku whoami', mode: 'all at once', channel: 'stderr', form: 'plain'},
  {command: 'heroku apps', mode: 'all at once', channel: 'stderr', form: 'plain'},
  {command: 'heroku apps', mode: 'NODE_DEBUG=*', channel: 'stderr', form: 'plain'},
  ...(httpDebugShowsHeaders()
    ? [
        {
          command: 'heroku apps',
          mode: 'NODE_DEBUG=execa,child_process,http,undici',
          channel: 'stderr',
          form: 'plain',
        } as const,
      ]
    : []),
]

const logins = [ROWS.withToken, ROWS.browser, ROWS.password, ROWS.sso]
const every = Object.values(ROWS) as Row[]
const readers = [ROWS.token, ROWS.exec, ROWS.logout, ROWS.launcher, ROWS.status, ROWS.migrate]
const mainJob: Row[] = [
  ROWS.withToken,
  ROWS.token,
  ROWS.whoami,
  ROWS.apps,
  ROWS.push,
  ROWS.migrateToPass,
  ROWS.migrateBack,
  ROWS.status,
  ROWS.logout,
]
const loud: Mode[] = ['all at once']

type Plan = [rows: Row[], situation: Situation, modes: Mode[]]

/** The combinations: success in all modes, and every failure in the mode with the most output. */
const PLAN: Plan[] = [
  [every.filter((row) => row !== ROWS.apps && row !== ROWS.migrateToPass), SITUATIONS.done, ['quiet', 'all at once']],
  [mainJob, SITUATIONS.pass, ['quiet', 'all at once']],
  [[ROWS.withToken, ROWS.token, ROWS.fill, ROWS.logout], SITUATIONS.helper, loud],
  [[ROWS.withToken, ROWS.token, ROWS.exec, ROWS.logout, ROWS.fill], SITUATIONS.done, ['NODE_DEBUG=*', "GLib's"]],
  [
    [ROWS.withToken, ROWS.browser, ROWS.tokenVerify],
    SITUATIONS.done,
    ['DEBUG=http', 'NODE_DEBUG=execa,child_process,http,undici'],
  ],
  [[ROWS.apps], SITUATIONS.done, Object.keys(MODES).filter((mode) => mode !== "GLib's") as Mode[]],
  [[ROWS.withToken, ROWS.token, ROWS.logout, ROWS.launcher, ROWS.push], SITUATIONS.netrc, loud],
  [[ROWS.token, ROWS.exec, ROWS.launcher, ROWS.gitCredentials], SITUATIONS.apiKey, loud],
  [[ROWS.withToken, ROWS.logout], SITUATIONS.apiKeyRefused, loud],
  [[ROWS.withToken, ...readers], SITUATIONS.locked, loud],
  [[ROWS.withToken, ROWS.browser, ...readers], SITUATIONS.telltale, loud],
  [[ROWS.withToken, ...readers], SITUATIONS.mixedUp, loud],
  [[ROWS.withToken, ROWS.token, ROWS.launcher], SITUATIONS.hung, loud],
  [[...logins, ROWS.logout, ROWS.tokenVerify], SITUATIONS.unauthorized, loud],
  [[ROWS.withToken, ROWS.password, ROWS.logout, ROWS.tokenVerify], SITUATIONS.broken, loud],
  [[ROWS.withToken, ROWS.password, ROWS.tokenVerify], SITUATIONS.garbage, loud],
  [[ROWS.withToken, ROWS.password], SITUATIONS.noRecord, loud],
  [[ROWS.withToken, ROWS.password], SITUATIONS.noPlace, loud],
  ...PLANTED.map((situation): Plan => [[ROWS.withToken], situation, ['quiet']]),
]

export function cells(): Cell[] {
  return PLAN.flatMap(([rows, situation, modes]) =>
    modes.flatMap((mode) => rows.map((row) => ({row, situation, mode}))),
  )
}
