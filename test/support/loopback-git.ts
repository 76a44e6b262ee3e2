// A git host on this machine: git's own HTTP server, behind TLS and a password, as Heroku's is.
import {execa} from 'execa'
import {once} from 'node:events'
import {mkdir, mkdtemp, readFile, realpath, rm} from 'node:fs/promises'
import type {IncomingMessage, RequestListener, ServerResponse} from 'node:http'
import {createServer} from 'node:https'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Readable, Writable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {makeCertificate} from './certificate.js'
import {listen as listenOn} from './listen.js'
import type {Env} from './sandbox.js'
import {spawnSupervised} from './supervised.js'
import {gitEnv} from './work-tree.js'

/** A request as it came in, and what became of it. */
export interface GitRequest {
  method: string
  /** Without the query. */
  path: string
  query: string
  /** By lower-case name. */
  headers: IncomingMessage['headers']
  /** Undefined if it did not say who it is: git does so only after it was refused. */
  user: string | undefined
  password: string | undefined
  /** Undefined until there is an answer. */
  status: number | undefined
}

export interface LoopbackGit {
  /** `https://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string
  /** `127.0.0.1:PORT`: what `HEROKU_GIT_HOST` takes, and what git tells a credential helper. */
  readonly host: string
  /** The file with the certificate to trust. */
  readonly ca: string
  /** What makes git trust this host, and fail where it would ask the user. */
  readonly env: Env & {GIT_SSL_CAINFO: string}
  /** Whether a password is right; a test may change it. The user may be anybody. */
  accepts: (password: string) => boolean

  /** Every request so far, in order. */
  readonly requests: GitRequest[]

  /**
   * Makes an empty repository `NAME.git`; all others are not found.
   * @returns its folder, for hooks and the like
   */
  createRepository(name: string): Promise<string>
  /** Where to push to, and to clone from. */
  remote(name: string): string
  /** The branches of a repository, and the commit at the head of each. */
  heads(name: string): Promise<Record<string, string>>

  /** Everything that git's server has said on stderr so far, where it says why it answered 500. */
  stderr(): string
  /** Ends every connection and everything that was started for one, stops listening, and removes all files. */
  stop(): Promise<void>
}

/** Starts a git host of its own on a free port. It does not keep the process alive. Needs `git` and `openssl`. */
export async function startGit({accepts}: Pick<LoopbackGit, 'accepts'>): Promise<LoopbackGit> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'keychain-git-')))
  const repositories = join(folder, 'repositories')
  await mkdir(repositories)
  const {certificate, key} = await makeCertificate(folder)
  // Nothing of the developer's configuration.
  const env = {PATH: process.env.PATH ?? '', HOME: folder, GIT_CONFIG_NOSYSTEM: '1'}
  const git = async (...args: string[]) => (await execa('git', args, {env, extendEnv: false})).stdout
  const folderOf = (name: string) => join(repositories, `${name}.git`)

  const gate: Gate = {accepts, requests: []}
  const backends = new Set<Backend>()
  let complaints = ''
  const answer: RequestListener = (request, response) => {
    const seen = admit(gate, request, response)
    if (!seen) return
    const backend = startBackend({...env, ...cgiEnv(seen), GIT_PROJECT_ROOT: repositories}, repositories)
    backends.add(backend)
    void backend.ended.then(() => backends.delete(backend))
    backend.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
    void serve(backend, seen, request, response)
  }
  const listener = await listen({cert: await readFile(certificate), key: await readFile(key)}, answer)
  const url = `https://${listener.host}`

  return Object.assign(gate, {
    url,
    host: listener.host,
    ca: certificate,
    env: {...gitEnv, GIT_SSL_CAINFO: certificate},
    async createRepository(name: string) {
      const path = folderOf(name)
      await git('init', '--quiet', '--bare', '--initial-branch=main', path)
      await git('-C', path, 'config', 'http.receivepack', 'true')
      // It would go on in the background.
      await git('-C', path, 'config', 'receive.autogc', 'false')
      return path
    },
    remote: (name: string) => `${url}/${name}.git`,
    async heads(name: string) {
      const format = '--format=%(refname:lstrip=2) %(objectname)'
      const lines = await git('-C', folderOf(name), 'for-each-ref', format, 'refs/heads')
      const pairs = lines.split('\n').filter((line) => line !== '')
      return Object.fromEntries(pairs.map((line) => line.split(' ') as [string, string]))
    },
    stderr: () => complaints,
    async stop() {
      await listener.stop()
      await Promise.all([...backends].map((backend) => backend.end()))
      await rm(folder, {recursive: true, force: true})
    },
  })
}

interface Listener {
  host: string
  stop(): Promise<void>
}

async function listen(identity: {cert: Buffer; key: Buffer}, answer: RequestListener): Promise<Listener> {
  const {port, stop} = await listenOn(createServer(identity, answer))
  return {host: `127.0.0.1:${port}`, stop}
}

type Gate = Pick<LoopbackGit, 'accepts' | 'requests'>

/** Keeps a record of a request, and refuses it unless its password is right. */
function admit({accepts, requests}: Gate, request: IncomingMessage, response: ServerResponse): GitRequest | undefined {
  const {method = 'GET', url = '/', headers} = request
  const [path = '/', query = ''] = url.split(/\?(.*)/su)
  const [, basic] = /^Basic (.+)$/u.exec(headers.authorization ?? '') ?? []
  const [user, password] = basic === undefined ? [] : Buffer.from(basic, 'base64').toString('utf8').split(/:(.*)/su)
  const seen: GitRequest = {method, path, query, headers, user, password, status: undefined}
  requests.push(seen)
  if (password !== undefined && accepts(password)) return seen

  seen.status = 401
  response.writeHead(401, {'www-authenticate': 'Basic realm="heroku"'}).end()
  return undefined
}

/** The request as CGI has it; see git-http-backend(1). */
function cgiEnv({method, path, query, headers, user = ''}: GitRequest): Env {
  const variables = {
    GATEWAY_INTERFACE: 'CGI/1.1',
    REQUEST_METHOD: method,
    PATH_INFO: decodeURIComponent(path),
    QUERY_STRING: query,
    REMOTE_USER: user,
    REMOTE_ADDR: '127.0.0.1',
    GIT_HTTP_EXPORT_ALL: '1',
    CONTENT_TYPE: headers['content-type'],
    // There is none when the body comes in chunks; it ends where stdin does then.
    CONTENT_LENGTH: headers['content-length'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    HTTP_GIT_PROTOCOL: headers['git-protocol'],
  }
  return Object.fromEntries(
    Object.entries(variables).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}

/** `git http-backend` at work on one request. */
interface Backend {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when it has ended, with everything that it started. */
  readonly ended: Promise<unknown>
  /** Ends it, with everything that it started. */
  end(): Promise<void>
}

function startBackend(env: Env, cwd: string): Backend {
  const {child, lifeline, stderr, stdin, stdout} = spawnSupervised('git', ['http-backend'], {cwd, env})
  const ended = once(child, 'close')
  return {
    stdin,
    stdout,
    stderr,
    ended,
    async end() {
      child.ref()
      lifeline.destroy()
      // What nobody reads any more would keep it from being over.
      stdout.resume()
      await ended
    },
  }
}

/** Lets a backend answer, and ends it if it cannot, or if nobody waits for the answer any more. */
async function serve(
  backend: Backend,
  seen: GitRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.once('close', () => {
    if (!response.writableFinished) void backend.end()
  })
  // What it does not read has to go somewhere: git sends all of it before it looks at the answer.
  backend.stdin.once('error', () => request.resume())
  request.pipe(backend.stdin)
  const begin = (status: number, headers: string[]) => {
    seen.status = status
    response.writeHead(status, headers)
  }
  // If it fails, the caller sees a connection that was cut.
  await pipeline(backend.stdout, (output: AsyncIterable<Buffer>) => bodyOf(output, begin), response).catch(() =>
    response.destroy(),
  )
}

/**
 * The body of a CGI program's answer.
 * @param begin is given the status and the headers, as names and values in turn, before anything is yielded
 * @throws {Error} if the program ends before it has come to the body
 */
async function* bodyOf(output: AsyncIterable<Buffer>, begin: (status: number, headers: string[]) => void) {
  let head: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of output) {
    if (!head) {
      yield chunk
      continue
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf(BLANK_LINE)
    if (end === -1) continue

    const lines = head.toString('latin1', 0, end).split('\r\n')
    const headers = lines.map((line) => line.split(/: *(.*)/su).slice(0, 2))
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200'
    begin(Number.parseInt(status, 10), headers.filter(([name]) => name !== 'Status').flat())
    yield head.subarray(end + BLANK_LINE.length)
    head = undefined
  }
  if (head) throw new Error('git http-backend gave no answer')
}

const BLANK_LINE = '\r\n\r\n'
