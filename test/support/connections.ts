// The network connections that a program and its descendants try to make.
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Finished, RunOptions, Sandbox} from './sandbox.js'
import {inTerminal, type Step} from './terminal.js'
import {callsIn, LONGEST, parseTrace} from './trace.js'

/** An address that a program connected or sent to, whether or not it answered. */
export interface Connection {
  /** `127.0.0.1:443`, `[::1]:443`, or the path of a UNIX socket. A DNS lookup shows as a connection to port 53. */
  to: string
  over: 'IP' | 'UNIX'
  /** The arguments of the program that connected. */
  by: string[]
}

const CALLS = 'trace=execve,execveat,clone,clone3,fork,vfork,connect,sendto,sendmsg,sendmmsg'

export interface ConnectionOptions extends RunOptions {
  /** Run the program in a terminal; its user takes these steps. */
  steps?: readonly Step[]
  /** Fail every connection, also to the keyring, as on a machine without a network. */
  offline?: boolean
}

/**
 * Runs a program in the sandbox and returns the addresses that it tried to reach.
 * @throws {Error} as {@link Sandbox.run} does, or at an address that it can't parse
 */
export async function connectionsOf(
  sandbox: Sandbox,
  file: string,
  args: readonly string[],
  {offline = false, steps, ...options}: ConnectionOptions = {},
): Promise<Pick<Finished, 'stdout' | 'stderr'> & {exitCode: number | null; connections: Connection[]}> {
  const folder = await mkdtemp(join(tmpdir(), 'keychain-connections-'))
  try {
    const output = join(folder, 'strace')
    const how = ['--seccomp-bpf', '-f', '-qq', '-v', '-xx', '-s', String(LONGEST), '-e', 'signal=none', '-e', CALLS]
    const failing = offline ? ['-e', 'inject=connect:error=ENETUNREACH'] : []
    const traced = [...how, ...failing, '-o', output, '--', file, ...args]
    // strace doesn't see connections that node makes through io_uring.
    const env = {...options.env, UV_USE_IO_URING: '0'}
    const ended = steps
      ? await atTerminal(sandbox, traced, steps, env)
      : await sandbox.run('strace', traced, {...options, env})
    return {...ended, connections: parseConnections(await readFile(output, 'latin1'))}
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

async function atTerminal(sandbox: Sandbox, args: string[], steps: readonly Step[], env: RunOptions['env']) {
  const {exitCode, screen} = await inTerminal('strace', args, {env: sandbox.envWith(env), cwd: sandbox.home, steps})
  return {exitCode, stdout: screen, stderr: ''}
}

/**
 * Parses the programs and connections in the output of `strace -f -xx`.
 * @throws {Error} at an address that it can't parse
 */
function parseConnections(text: string): Connection[] {
  const calls = callsIn(text)
  // Process and thread parents: a child runs its parent's program until its own execve.
  const parents = new Map(
    calls.flatMap(({call, pid}) => {
      const [, child] = /^(?:clone3?|v?fork)\(.* = (\d+)$/u.exec(call) ?? []
      return child === undefined ? [] : [[Number(child), pid] as const]
    }),
  )
  const programs = new Map<number, string[]>()
  const programOf = (pid: number): string[] => {
    const parent = parents.get(pid)
    return programs.get(pid) ?? (parent === undefined ? [] : programOf(parent))
  }

  return calls.flatMap(({call, pid}) => {
    if (!call.startsWith('exec')) return addressesIn(call).map((address) => ({...address, by: programOf(pid)}))
    const [started] = parseTrace(`${pid} ${call}`)
    if (started) programs.set(pid, started.argv)
    return []
  })
}

type Address = Pick<Connection, 'to' | 'over'>

function addressesIn(call: string): Address[] {
  return [...call.matchAll(/\{sa_family=(\w+)([^}]*)\}/gu)].flatMap(([whole, family, rest = '']): Address[] => {
    switch (family) {
      case 'AF_INET':
      case 'AF_INET6': {
        const [, port] = /sin6?_port=htons\((\d+)\)/u.exec(rest) ?? []
        const [, quoted] = /(?:inet_addr\(|inet_pton\(AF_INET6, )("[^"]*")/u.exec(rest) ?? []
        if (port === undefined || quoted === undefined) throw new Error(`an address is not understood: ${whole}`)
        const address = plain(quoted)
        return [{over: 'IP', to: `${family === 'AF_INET' ? address : `[${address}]`}:${port}`}]
      }

      case 'AF_UNIX': {
        const [, quoted = ''] = /sun_path=@?("[^"]*")/u.exec(rest) ?? []
        return [{over: 'UNIX', to: plain(quoted)}]
      }

      // AF_NETLINK talks to the kernel; AF_UNSPEC dissolves a connection.
      case 'AF_NETLINK':
      case 'AF_UNSPEC':
        return []
      default:
        throw new Error(`an address is not understood: ${whole}`)
    }
  })
}

const plain = (quoted: string) => Buffer.from(quoted.replaceAll(/["\\x]/gu, ''), 'hex').toString('utf8')
