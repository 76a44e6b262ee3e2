// The conditions that must hold after every operation and every fault.
import {removeEntries} from '../../src/backends/netrc/document.js'
import type {Said} from './commands.js'
import type {Operation} from './operations.js'
import {EVES_TOKEN, WRONG_TOKEN} from './programs.js'
import {FOREIGN_GIT, FOREIGN_NETRC, type World} from './world.js'

/** Time limit of an operation in milliseconds: five seconds for a keychain, and as much again for a busy machine. */
export const BOUND_MS = 10_000

export type Verdict = 'done and true' | 'failed and said so' | 'lost'

export interface FaultRun {
  operation: string
  /** The fault, and the call it was injected into. */
  fault: string
  call: string
  verdict: Verdict
  /** The problems, for 'lost'. */
  problems: string[]
  ms: number
}

// eslint-disable-next-line no-control-regex -- this matches control characters
const CONTROL = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/u

/** Judges an operation by its own conditions and by those for all operations. */
export async function judge(operation: Operation, world: World, said: Said, ms: number): Promise<string[]> {
  const problems: string[] = []
  const expectThat = (good: boolean, problem: string) => {
    if (!good) problems.push(problem)
  }

  const shown =
    said.stderr + (operation.name.startsWith('token') || operation.name.startsWith("git's helper") ? '' : said.stdout)
  expectThat(said.crash === undefined, `it crashed: ${said.crash ?? ''}`)
  expectThat(!/^\s+at \S.*:\d+/mu.test(shown), `it showed a stack trace: ${shown}`)
  expectThat(!CONTROL.test(shown), `it showed a control character: ${JSON.stringify(shown)}`)
  const secrets = [WRONG_TOKEN, EVES_TOKEN, 'correct horse', ...world.heroku.tokens.map(({token}) => token)]
  expectThat(!secrets.some((secret) => shown.includes(secret)), 'it showed a secret')
  expectThat(said.exitCode === 0 || said.crash !== undefined || said.stderr.trim() !== '', 'it failed without a word')
  expectThat(ms < BOUND_MS, `it took ${Math.round(ms)} ms`)
  expectThat(world.front.strayed() === 0, 'a token went to another host')

  expectThat(await world.holdsForeign(), "another program's secret is gone from the keychain")
  if (operation.store !== undefined)
    for (const path of world.files()) {
      const text = world.read(path) ?? ''
      const isNew = ({token}: {token: string}) => text.includes(token) && (path !== '.netrc' || token !== world.old)
      expectThat(!world.heroku.tokens.some(isNew), `a token is in plain text in ${path}, though a store was chosen`)
    }
  const {host} = world.front
  expectThat(
    removeEntries(world.read('.netrc') ?? '', [host]) === FOREIGN_NETRC,
    '.netrc has changed outside of our entries',
  )
  expectThat(world.read('.gitconfig')?.startsWith(FOREIGN_GIT) === true, "the user's own git configuration has changed")
  for (const name of ['login.json', 'heroku-keychain.json', 'heroku-keychain-git-hosts.json']) {
    const text = world.read(`data/${name}`)
    expectThat(text === undefined || isJson(text), `${name} is half-written`)
  }

  return [...problems, ...(await operation.judge(world, said))]
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return text.endsWith('\n')
  } catch {
    return false
  }
}
