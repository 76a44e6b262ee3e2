// Moving a token, there and back: it is in a store at every moment, and the next one finishes. (The tokens of `heroku
// accounts` are for Heroku's own host; their faults are in test/unit/migrate.)
import {VARIABLE} from '../../src/credentials/chosen-store.js'
import {runCommand, type Said} from './commands.js'
import {isDone} from './judges.js'
import type {Operation} from './operations.js'
import type {World} from './world.js'

type Direction = 'keychain' | 'netrc'

async function storesOf(world: World): Promise<Record<Direction, boolean>> {
  const netrc = world.read('.netrc')?.includes(world.old) === true
  return {keychain: (await world.inKeychain()) === world.old, netrc}
}

async function judge(world: World, said: Said, to: Direction): Promise<string[]> {
  const from = to === 'keychain' ? 'netrc' : 'keychain'
  const isFinished = async () => {
    const stores = await storesOf(world)
    return stores[to] && !stores[from]
  }
  const problems: string[] = []
  const {keychain, netrc} = await storesOf(world)
  if (!keychain && !netrc) problems.push('the token is nowhere')
  // migrate trusts an API that reports the token as invalid; and a truncated file can't be recognized as such.
  const found = !said.stderr.includes('not valid') && !(to === 'keychain' && said.stdout.includes('Nothing to migrate'))
  if (isDone(said) && found && !(await isFinished())) problems.push('it said that it was done, and it was not')
  if ((await world.find()).found?.token !== world.old) problems.push('the token is not found any more')

  // Without another keychain, a machine has none then.
  if (world.option.startsWith('helper:') && (await isFinished())) return problems
  const again = await runCommand(world, 'migrate', ['--to', to === 'netrc' ? to : world.option], world.run, '')
  if (!isDone(again)) problems.push(`the next one failed: ${again.stderr}`)
  else if (!(await isFinished())) problems.push(`the next one did not finish: ${again.stdout}${again.stderr}`)
  return problems
}

export const MIGRATE_OPERATIONS: Operation[] = [
  {
    name: 'migrate',
    before: {loggedIn: 'in plain text'},
    act: (world, run) => runCommand(world, 'migrate', [], run, ''),
    judge: (world, said) => judge(world, said, 'keychain'),
  },
  {
    name: 'migrate --to netrc',
    // A choice of the keychain would exclude it.
    before: {loggedIn: 'in the keychain', env: {[VARIABLE]: ''}},
    act: (world, run) => runCommand(world, 'migrate', ['--to', 'netrc'], run, ''),
    judge: (world, said) => judge(world, said, 'netrc'),
  },
]
