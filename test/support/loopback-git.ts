// A git host on this machine: git's own HTTP server behind TLS and a password, like Heroku's.
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

/** A request and its result. */
export interface GitRequest {
  method: string
  /** The path, without the query. */
  path: string
  query: string
  /** By lower-case name. */
  headers: IncomingMessage['headers']
  /** Undefined if the request had no credentials: git sends them only after a 401. */
  user: string | undefined
  password: string | undefined
  /** Undefined until the request is answered. */
  status: number | undefined
}

export interface LoopbackGit {
  /** `https://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string
  /** `127.0.0.1:PORT`: the value of `HEROKU_GIT_HOST`, and the `host` that git sends to a credential helper. */
  readonly host: string
  /** The file with the certificate that clients must trust. */
  readonly ca: string
  /** Variables that make git trust this host, and fail instead of asking the user. */
  readonly env: Env & {GIT_SSL_CAINFO: string}
  /** Whether a password is accepted; a test may change it. Any user name is accepted. */
  accepts: (password: string) => boolean

  /** Every request so far, in order. */
  readonly requests: GitRequest[]

  /**
   * Creates an empty repository `NAME.git`; requests for any other get a 404.
   * @returns its folder, for hooks for example
   */
  createRepository(name: string): Promise<string>
  /** The URL to push to and to clone from. */
  remote(name: string): string
  /** A repository's branches, and the commit at the head of each. */
  heads(name: string): Promise<Record<string, string>>

  /** The stderr of git's server so far, which has the reason for an answer 500. */
  stderr(): string
  /** Closes every connection, ends their processes, stops listening, and removes all files. */
  stop(): Promise<void>
}

/** Starts a git host on a free port. It does not keep the process alive. Needs `git` and `openssl`. */
export async function startGit({accepts}: Pick<LoopbackGit, 'accepts'>): Promise<LoopbackGit> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'keychain-git-')))
  const repositories = join(folder, 'repositories')
  await mkdir(repositories)
  const {certificate, key} = await makeCertificate(folder)
  // Ignore the developer's configuration.
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
      // auto gc would continue in the background.
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

/** Records a request, and refuses it unless its password is accepted. */
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

/** The request as CGI variables; see git-http-backend(1). */
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
    // A chunked body has no length: it ends where stdin ends.
    CONTENT_LENGTH: headers['content-length'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    HTTP_GIT_PROTOCOL: headers['git-protocol'],
  }
  return Object.fromEntries(
    Object.entries(variables).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}

/** A `git http-backend` process that serves one request. */
interface Backend {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when it and all its descendants have ended. */
  readonly ended: Promise<unknown>
  /** Ends it and all its descendants. */
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
      // Unread output would keep the streams from ending.
      stdout.resume()
      await ended
    },
  }
}

/** Sends a backend's answer, and ends the backend if it can't answer or the client has disconnected. */
async function serve(
  backend: Backend,
  seen: GitRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.once('close', () => {
    if (!response.writableFinished) void backend.end()
  })
  // Drain the input that the backend doesn't read: git sends its whole request before it reads the answer.
  backend.stdin.once('error', () => request.resume())
  request.pipe(backend.stdin)
  const begin = (status: number, headers: string[]) => {
    seen.status = status
    response.writeHead(status, headers)
  }
  // If this fails, the client sees an aborted connection.
  await pipeline(backend.stdout, (output: AsyncIterable<Buffer>) => bodyOf(output, begin), response).catch(() =>
    response.destroy(),
  )
}

/**
 * Yields the body of a CGI program's answer.
 * @param begin called with the status and the headers, names and values alternating, before the first chunk
 * @throws {Error} if the program ends before the body
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
