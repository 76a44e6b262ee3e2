// What is done on a machine where something goes wrong, and what must be true afterwards. Another operation, such as a
// migration or the bridge to the host's own commands, is one more entry of the list.
import {join} from 'node:path'
import {answer} from '../../src/git/answer.js'
import {configureGit, unconfigureGit} from '../../src/git/configure.js'
import {hostsFrom} from '../../src/hosts.js'
import {run, type Run} from '../../src/run.js'
import {runCommand, type Said} from './commands.js'
import {WRONG_TOKEN} from './programs.js'
import type {Before, World} from './world.js'

export interface Operation {
  name: string
  before: Before
  /** What has to be done before, with nothing going wrong. */
  prepare?: (world: World) => Promise<unknown>
  /** Does it; `run` is for every program that is started. */
  act(world: World, run: Run): Promise<Said>
  /** What is not true of 'done', or what is lost though it failed and said so; empty if all is well. */
  judge(world: World, said: Said): Promise<string[]>
}

const isDone = ({exitCode}: Said) => exitCode === 0

/** What a login came to: the new token is found, or the old one still is. */
function judgeLogin(issuedHere: boolean, hadOld: boolean) {
  return async (world: World, said: Said): Promise<string[]> => {
    const {found} = await world.find()
    const wanted = issuedHere ? world.heroku.tokens.at(-1)?.token : world.fresh
    if (isDone(said)) return found?.token === wanted ? [] : ['it said that it was done, and the token is not found']
    const lost: string[] = []
    if (hadOld && found?.token !== world.old && (found?.token !== wanted || world.heroku.revoked(found?.token ?? '')))
      lost.push('it failed, and the token from before is not found any more')
    const issued = issuedHere ? world.heroku.tokens.slice(2) : []
    // One whose issue we never learned of is nobody's to revoke.
    if (
      issued.some(({revoked}) => !revoked) &&
      found?.token !== wanted &&
      !/could not be revoked|answer|reach|sent no token/u.test(said.stderr)
    )
      lost.push('it failed, and the token that was issued stays valid in silence')
    return lost
  }
}

async function judgeLogout(world: World, said: Said): Promise<string[]> {
  const {token} = await world.inKeyring()
  const netrc = world.read('.netrc') ?? ''
  const onlyNetrc = world.env.HEROKU_NETRC_WRITE === 'true'
  const left = [
    ...(token === world.old && !onlyNetrc ? ['the keyring'] : []),
    ...(netrc.includes(world.old) ? ['.netrc'] : []),
  ]
  if (isDone(said)) {
    const lies = left.map((place) => `it said that it was done, and the token is in ${place}`)
    if (
      !world.heroku.revoked(world.old) &&
      !/stays valid|was not revoked/u.test(said.stderr) &&
      !said.stderr.includes('not logged in')
    )
      lies.push('it said that it was done, and the token is valid')
    if (said.stderr.includes('not logged in')) lies.push('it said that nobody was logged in')
    if (!/Removed the token .* from \S/u.test(said.stdout)) lies.push('it does not say what it removed')
    return lies
  }

  const lost = left.length > 0 || world.heroku.revoked(world.old) ? [] : ['it failed, and the valid token is nowhere']
  const again = await runCommand(world, 'logout', [], run, '')
  if (!isDone(again)) lost.push(`a second logout failed: ${again.stderr}`)
  const {token: after} = await world.inKeyring()
  if (world.read('.netrc')?.includes(world.old) || (after === world.old && !onlyNetrc))
    lost.push('a second logout left it')
  return lost
}

/** A keychain that names another token, or half of it, cannot be told from one that somebody has changed. */
const isWhatItSaid = ({old}: World, token: string) => [old, WRONG_TOKEN, old.slice(0, old.length / 2)].includes(token)

async function judgeToken(world: World, said: Said): Promise<string[]> {
  const printed = isDone(said) ? isWhatItSaid(world, said.stdout.trimEnd()) : said.stdout === ''
  return [...(printed ? [] : [`it printed ${said.stdout}`]), ...(await unchanged(world))]
}

/** Reading changes nothing: the token is found afterwards, as it was before. */
async function unchanged(world: World): Promise<string[]> {
  const {token} = await world.inKeyring()
  const {found} = await world.find()
  return [
    ...(token === world.old ? [] : ['the keyring does not hold the token any more']),
    ...(found?.token === world.old ? [] : ['the token is not found any more']),
    ...(world.read('.netrc')?.includes(world.old) ? [] : ['.netrc does not hold the token any more']),
  ]
}

const gitSubject = ({cacheDir, dataDir, env, front, home}: World) => ({
  env,
  dataDir,
  cacheDir,
  hosts: {git: front.host, api: front.host},
  helper: join(home, 'git-helper.cjs'),
})

const runIn =
  ({env}: World, run: Run): Run =>
  (file, args, options) =>
    run(file, args, {...options, env: {...env, ...options.env}})

const helpersIn = (world: World) => world.read('.gitconfig')?.match(/^\thelper = .*$/gmu) ?? []

export const OPERATIONS: Operation[] = [
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
        dataDir: world.dataDir,
        hosts: hostsFrom(world.env),
        open: (hosts) => world.places(run, {hosts, notify: (line) => notices.push(`heroku: ${line}\n`)}),
      })
      // git ignores exit statuses: an empty answer is the failure.
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
      const done = await configureGit(gitSubject(world), runIn(world, run), true)
      const because = done.state === 'failed' ? done.because : ''
      return {exitCode: done.state === 'configured' ? 0 : 1, stdout: '', stderr: because}
    },
    async judge(world, said) {
      const lost = isDone(said) && helpersIn(world).length !== 6 ? ['it said that it was done, and git is not'] : []
      await configureGit(gitSubject(world), runIn(world, run), true)
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
    prepare: (world) => configureGit(gitSubject(world), runIn(world, run), true),
    async act(world, run) {
      const because = await unconfigureGit(gitSubject(world), runIn(world, run))
      return {exitCode: because === undefined ? 0 : 1, stdout: '', stderr: because ?? ''}
    },
    async judge(world, said) {
      const lost = isDone(said) && helpersIn(world).length > 0 ? ['it said that it was done, and git is not'] : []
      await unconfigureGit(gitSubject(world), runIn(world, run))
      return [...lost, ...(helpersIn(world).length === 0 ? [] : ['it cannot be undone any more'])]
    },
  },
]
