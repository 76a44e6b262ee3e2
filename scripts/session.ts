// A new user's session in a temporary home folder: the real Heroku CLI from npm with this plugin, a private GNOME
// Keyring, and a loopback Heroku and git host. The developer's own files and keyring stay unchanged.
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {installBrowser} from '../test/support/browser.js'
import {installHost, installPlugin, packPlugin, putOnPath} from '../test/support/host-cli.js'
import {type Keyring, startKeyring} from '../test/support/keyring.js'
import {type LoopbackGit, startGit} from '../test/support/loopback-git.js'
import {type LoopbackHeroku, startHeroku} from '../test/support/loopback-heroku.js'
import {type Env, openSandbox, type Sandbox} from '../test/support/sandbox.js'
import {inTerminal, type Step} from '../test/support/terminal.js'
import {openWorkTree, type WorkTree} from '../test/support/work-tree.js'

const VERSION = '11.10.0'
const APP = 'analytical-engine'
const ADA = 'ada@example.com'

/** A scene of the session: a line of explanation, a command, and the terminal's final contents. */
export interface Scene {
  why: string
  command: string
  screen: string
  ok: boolean
}

interface Plan {
  why: string
  /** A shell command, shown and run. */
  command: string
  /** The user's steps in the terminal. */
  steps?: Step[]
  /** The expected exit status. Default: 0. */
  succeeds?: number
  /** Preparation that is not shown. */
  before?: (stage: Stage) => Promise<unknown>
}

interface Stage {
  sandbox: Sandbox
  heroku: LoopbackHeroku
  git: LoopbackGit
  /** Undefined if none can be started. */
  keyring: Keyring | undefined
  tree: WorkTree
  env: Env
}

const login = (why: string): Plan => ({
  why,
  command: 'heroku login',
  steps: [{expect: 'Press any key', raw: true, send: ' '}],
})

const dailyWork: Plan[] = [
  {why: "The CLI's own commands use it,", command: 'heroku apps'},
  {why: 'git does,', command: 'git push heroku main'},
  {why: 'and scripts can have it.', command: 'heroku auth:token | cut -c 1-9'},
  {why: 'Which token is used, and is there a problem?', command: 'heroku auth:status'},
  {why: 'Log out: the token is revoked on the server, and removed here.', command: 'heroku logout'},
]

const withKeyring: Plan[] = [
  login('Log in. (The browser is a small program here, which visits the page at once.)'),
  {
    why: 'The token is in the keychain, as its own tool says,',
    command: "secret-tool search --all service heroku-cli 2>&1 | sed 's/^\\(secret = .........\\).*/\\1…/'",
  },
  {why: 'and not in plain text.', command: 'ls ~/.netrc', succeeds: 2},
  ...dailyWork,
  {
    why: 'Years of logins in ~/.netrc? They move, and what is not of Heroku stays.',
    command: 'heroku auth:migrate',
    before: fillNetrc,
  },
  {why: '', command: 'cat ~/.netrc'},
  {why: '', command: 'heroku logout'},
]

const withoutKeyring: Plan[] = [
  login('No keyring can be started here, so this is what happens without one: ~/.netrc, as ever.'),
  {why: '', command: "sed 's/\\(HRKU-....\\).*/\\1…/' ~/.netrc"},
  ...dailyWork,
]

/** Tears down a part of the stage. */
type Undo = () => Promise<void>

/** Runs the session, yields each scene as it ends, and removes everything afterwards. */
export async function* runSession(): AsyncGenerator<Scene> {
  const undo: Undo[] = []
  try {
    const stage = await setStage(undo)
    for (const plan of stage.keyring ? withKeyring : withoutKeyring) yield await play(stage, plan)
  } finally {
    for (const each of undo.reverse()) await each()
  }
}

async function setStage(undo: Undo[]): Promise<Stage> {
  const host = await installHost(VERSION)
  const tarball = await packPlugin()
  const sandbox = openSandbox()
  undo.push(() => sandbox.close())
  await putOnPath(host, sandbox)
  await installPlugin(host, sandbox, tarball)
  const keyring = await startKeyring(sandbox).catch(() => undefined)
  if (keyring) undo.push(() => keyring.stop())
  const heroku = await startHeroku()
  undo.push(() => heroku.stop())
  heroku.apps.push({name: APP, owner: {email: ADA}, region: {name: 'us'}})
  const git = await startGit({
    accepts: (password) => heroku.tokens.some(({revoked, token}) => token === password && !revoked),
  })
  undo.push(() => git.stop())
  await git.createRepository(APP)
  const tree = await openWorkTree(sandbox)
  await tree.git(['remote', 'add', 'heroku', git.remote(APP)])
  const env = sandbox.envWith({
    ...heroku.env,
    ...git.env,
    ...keyring?.env,
    ...installBrowser(sandbox),
    HEROKU_GIT_HOST: git.host,
    LC_ALL: 'C.UTF-8',
    // On systems other than Linux there may be a keychain, but it is the user's own: don't use it.
    ...(keyring ? {} : {HEROKU_NETRC_WRITE: 'true'}),
  })
  return {sandbox, heroku, git, keyring, tree, env}
}

async function play(stage: Stage, {before, command, steps = [], succeeds = 0, why}: Plan): Promise<Scene> {
  await before?.(stage)
  const {exitCode, screen} = await inTerminal('/bin/bash', ['-o', 'pipefail', '-c', command], {
    env: stage.env,
    cwd: stage.tree.path,
    steps,
    size: {rows: 40, columns: 110},
  })
  return {why, command, screen: lastSeen(screen).replaceAll(stage.sandbox.home, '~'), ok: exitCode === succeeds}
}

/** The terminal's final contents: without overwritten lines and the frames of a spinner. */
const lastSeen = (screen: string) =>
  screen
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1))
    .filter((line, index, lines) => !SPINNING.test(line) && !(lines[index + 1]?.startsWith(`${line} `) ?? false))
    .join('\n')

const SPINNING = /\s[\u2800-\u28FF]$/u

/** A login as CLIs before 11.6 left it, and another service's login. */
async function fillNetrc({git, heroku, sandbox}: Stage): Promise<void> {
  const {token} = heroku.issue()
  const entry = (machine: string, login: string, password: string) =>
    `machine ${machine}\n  login ${login}\n  password ${password}\n`
  const entries = [
    entry(heroku.host, ADA, token),
    entry(git.host, ADA, token),
    entry('example.com', 'somebody', 'else'),
  ]
  await writeFile(join(sandbox.home, '.netrc'), entries.join(''), {mode: 0o600})
}
