// The operations that faults are injected into, and the conditions that must hold afterwards.
import {join} from 'node:path'
import {answer} from '../../src/git/protocol.js'
import {setUpHelper, tearDownHelper} from '../../src/git/setup.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import type {RunTool} from '../../src/process/run.js'
import {keepGitConfiguredIn, runCommand, type Said} from './commands.js'
import {HOST_OPERATIONS} from './host-operations.js'
import {isDone, isWhatItSaid, judgeLogin, judgeLogout, judgeToken, unchanged} from './judges.js'
import {MIGRATE_OPERATIONS} from './migrate-operations.js'
import {type Before, BROWSER, type ChosenStore, type World} from './world.js'

export interface Operation {
  name: string
  /** The store that the user has chosen. Default: none, and there is a keyring. */
  store?: ChosenStore
  before: Before
  /** Preparation, without faults. */
  prepare?: (world: World) => Promise<unknown>
  /** Runs the operation; `run` starts every program. */
  act(world: World, run: RunTool): Promise<Said>
  /** The problems: a false success, or a loss despite a reported failure; empty if there are none. */
  judge(world: World, said: Said): Promise<string[]>
}

const gitTarget = ({cacheDir, dataDir, env, front, home}: World) => ({
  env,
  dataDir,
  cacheDir,
  endpoints: {git: front.host, api: front.host},
  helper: join(home, 'git-helper.cjs'),
})

const runIn =
  ({env}: World, run: RunTool): RunTool =>
  (file, args, options) =>
    run(file, args, {...options, env: {...env, ...options.env}})

const helpersIn = (world: World) => world.read('.gitconfig')?.match(/^\thelper = .*$/gmu) ?? []

const WITHOUT_CHOICE: Operation[] = [
  {
    name: 'login --with-token',
    before: {loggedIn: false},
    act: (world, run) => runCommand(world, 'login', ['--with-token'], run, `${world.fresh}\n`),
    judge: judgeLogin(false, false),
  },
  {
    name: 'login --interactive, again',
    before: {loggedIn: true},
    act: (world, run) => runCommand(world, 'login', ['--interactive'], run, undefined),
    judge: judgeLogin(true, true),
  },
  {
    name: 'login without a keychain',
    before: {loggedIn: true, env: {PATH: '/nowhere'}},
    act: (world, run) => runCommand(world, 'login', ['--interactive'], run, undefined),
    judge: judgeLogin(true, true),
  },
  {
    name: 'login into .netrc',
    before: {loggedIn: true, env: {HEROKU_NETRC_WRITE: 'true'}},
    act: (world, run) => runCommand(world, 'login', ['--interactive'], run, undefined),
    judge: judgeLogin(true, true),
  },
  {
    name: 'login in the browser',
    before: {loggedIn: true},
    act: (world, run) => runCommand(world, 'login', ['--browser', BROWSER], run, undefined),
    judge: judgeLogin(true, true),
  },
  {
    name: 'login --sso',
    before: {loggedIn: true},
    act: (world, run) => runCommand(world, 'login', ['--sso', '--browser', BROWSER], run, undefined),
    judge: judgeLogin(false, true),
  },
  {
    name: 'logout',
    before: {loggedIn: true},
    act: (world, run) => runCommand(world, 'logout', [], run, ''),
    judge: judgeLogout,
  },
  {
    name: 'logout from .netrc',
    before: {loggedIn: true, env: {HEROKU_NETRC_WRITE: 'true'}},
    act: (world, run) => runCommand(world, 'logout', [], run, ''),
    judge: judgeLogout,
  },
  {
    name: 'token',
    before: {loggedIn: true},
    act: (world, run) => runCommand(world, 'token', [], run, ''),
    judge: judgeToken,
  },
  {
    name: 'token --verify',
    before: {loggedIn: true},
    act: (world, run) => runCommand(world, 'token', ['--verify'], run, ''),
    judge: judgeToken,
  },
  {
    name: "git's helper",
    before: {loggedIn: true},
    async act(world, run) {
      const notices: string[] = []
      const {stderr, stdout} = await answer('get', `protocol=https\nhost=${world.front.host}\n\n`, {
        env: world.env,
        endpoints: endpointsFrom(world.env),
        open: (endpoints) => world.stores(run, {endpoints, notify: (line) => notices.push(`heroku: ${line}\n`)}),
      })
      // git ignores the helper's exit status: an empty answer is a failure.
      return {exitCode: stdout === '' ? 1 : 0, stdout, stderr: notices.join('') + stderr}
    },
    async judge(world, said) {
      const [, token = ''] = /^username=heroku\npassword=(.*)\n$/u.exec(said.stdout) ?? []
      return [
        ...(isDone(said) && !isWhatItSaid(world, token) ? ['it answered something else'] : []),
        ...(await unchanged(world)),
      ]
    },
  },
  {
    name: 'git is configured',
    before: {loggedIn: true, git: true},
    async act(world, run) {
      const done = await setUpHelper(gitTarget(world), runIn(world, run), true)
      const because = done.state === 'failed' ? done.because : ''
      return {exitCode: done.state === 'configured' ? 0 : 1, stdout: '', stderr: because}
    },
    async judge(world, said) {
      const lost = isDone(said) && helpersIn(world).length !== 6 ? ['it said that it was done, and git is not'] : []
      await setUpHelper(gitTarget(world), runIn(world, world.run), true)
      const after = helpersIn(world).length
      return [
        ...lost,
        ...(after === 6 ? [] : [`afterwards there are ${after} values and not 6`]),
        ...(await unchanged(world)),
      ]
    },
  },
  {
    name: 'git is left alone again',
    before: {loggedIn: true, git: true},
    prepare: (world) => setUpHelper(gitTarget(world), runIn(world, world.run), true),
    async act(world, run) {
      const because = await tearDownHelper(gitTarget(world), runIn(world, run))
      return {exitCode: because === undefined ? 0 : 1, stdout: '', stderr: because ?? ''}
    },
    async judge(world, said) {
      const lost = isDone(said) && helpersIn(world).length > 0 ? ['it said that it was done, and git is not'] : []
      await tearDownHelper(gitTarget(world), runIn(world, world.run))
      return [...lost, ...(helpersIn(world).length === 0 ? [] : ['it cannot be undone any more'])]
    },
  },
  {
    name: 'a command of the host finds git not configured',
    before: {loggedIn: true, git: true},
    act: keepGitConfiguredIn,
    async judge(world, {stderr, stdout}) {
      const lost = stdout + stderr === '' ? [] : [`it said ${stdout}${stderr}`]
      await setUpHelper(gitTarget(world), runIn(world, world.run), true)
      return [...lost, ...(helpersIn(world).length === 6 ? [] : ['git cannot be configured any more'])]
    },
  },
  ...MIGRATE_OPERATIONS,
  ...HOST_OPERATIONS,
]

/** The operations that depend on where the token is. */
const IN_A_STORE = ['login --interactive, again', 'logout', 'token', "git's helper", 'migrate', 'migrate --to netrc']

const withStore = (store: ChosenStore): Operation[] =>
  WITHOUT_CHOICE.filter(({name}) => IN_A_STORE.includes(name)).map((operation) => ({
    ...operation,
    store,
    name: `${operation.name}, with ${store}`,
  }))

export const OPERATIONS: Operation[] = [...WITHOUT_CHOICE, ...withStore('pass'), ...withStore('helper')]
