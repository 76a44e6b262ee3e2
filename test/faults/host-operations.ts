// The operations of the host's own commands: through its client's credential provider, or through the worker for older
// clients.
import {type Reply, reply, type Request} from '../../src/host/netrc-parser/requests.js'
import {openProvider, type Provider} from '../../src/host/credential-provider.js'
import type {RunTool} from '../../src/process/run.js'
import {UserError} from '../../src/errors.js'
import type {Said} from './commands.js'
import {isDone, judgeLogin, judgeToken} from './judges.js'
import type {Operation} from './operations.js'
import {ADA, type World} from './world.js'

/** Runs `act` with the stores of one of the host's commands. */
async function inHost(
  world: World,
  run: RunTool,
  act: (stores: ReturnType<World['stores']>, said: Said) => Promise<void>,
): Promise<Said> {
  const said: Said = {exitCode: 0, stdout: '', stderr: ''}
  try {
    const notify = (line: string) => {
      said.stderr += `heroku: ${line}\n`
    }
    await act(world.stores(run, {notify}), said)
  } catch (error) {
    said.exitCode = 1
    if (error instanceof UserError) said.stderr += `Error: ${error.message}\n${error.hint ?? ''}\n`
    // The client reports this error as 'not logged in'.
    else if (error instanceof Error && error.message === 'not logged in') said.stderr += 'Error: not logged in\n'
    else said.crash = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  return said
}

const withProvider = (world: World, run: RunTool, act: (provider: Provider, said: Said) => Promise<void>) =>
  inHost(world, run, (stores, said) => act(openProvider(stores), said))

const withWorker = (world: World, run: RunTool, request: Request) =>
  inHost(world, run, async (stores, said) => {
    const replied: Reply = await reply(stores, request)
    if ('failed' in replied) {
      said.exitCode = replied.failed.exitCode
      said.stderr += `Error: ${replied.failed.message}\n${replied.failed.hint ?? ''}\n`
      return
    }
    const {ok} = replied
    if (ok?.kind === 'found' && request.verb === 'find') said.stdout = ok.found.token
    if (ok?.kind === 'refused') {
      said.exitCode = ok.failure.exitCode
      said.stderr += `Error: ${ok.failure.message}\n`
    }
    if (request.verb === 'find' && ok?.kind !== 'found' && ok?.kind !== 'refused') {
      said.exitCode = 1
      said.stderr += 'Error: not logged in\n'
    }
  })

/** Judges a removal; the host revokes the token itself, before or after. */
async function judgeRemoval(world: World, said: Said): Promise<string[]> {
  const isLeft = async () =>
    (await world.inKeychain()) === world.old || world.read('.netrc')?.includes(world.old) === true
  if (isDone(said)) return (await isLeft()) ? ['it said that it was done, and the token is still there'] : []
  const again = await withProvider(world, world.run, (provider) => provider.removeAuth(ADA, [world.front.host]))
  if (!isDone(again)) return [`a second removal failed: ${again.stderr}`]
  return (await isLeft()) ? ['a second removal left it'] : []
}

const saved = (world: World): Request => ({
  verb: 'save',
  changes: {login: {credential: {account: ADA, token: world.fresh}}, machines: []},
})

export const HOST_OPERATIONS: Operation[] = [
  {
    name: "token for the host's client",
    before: {loggedIn: true},
    act: (world, run) =>
      withProvider(world, run, async (provider, said) => {
        const {token} = await provider.getAuth(undefined, world.front.host)
        // Use it as a header's value: the placeholder for an unreadable token throws the reason.
        said.stdout = token.slice()
      }),
    judge: judgeToken,
  },
  {
    name: "login by the host's client",
    before: {loggedIn: true},
    act: (world, run) =>
      withProvider(world, run, (provider) => provider.saveAuth(ADA, world.fresh, [world.front.host])),
    judge: judgeLogin(false, true),
  },
  {
    name: "logout by the host's client",
    before: {loggedIn: true},
    act: (world, run) => withProvider(world, run, (provider) => provider.removeAuth(ADA, [world.front.host])),
    judge: judgeRemoval,
  },
  {
    name: 'token for a reader of .netrc',
    before: {loggedIn: true},
    act: (world, run) => withWorker(world, run, {verb: 'find'}),
    judge: judgeToken,
  },
  {
    name: 'login by a writer of .netrc',
    before: {loggedIn: true},
    act: (world, run) => withWorker(world, run, saved(world)),
    judge: judgeLogin(false, true),
  },
  {
    name: 'logout by a writer of .netrc',
    before: {loggedIn: true},
    act: (world, run) => withWorker(world, run, {verb: 'save', changes: {login: {found: undefined}, machines: []}}),
    judge: judgeRemoval,
  },
]
