// Sends HTTP requests. Proxies and certificates are configured as for the Heroku CLI: HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR, NODE_EXTRA_CA_CERTS.
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import {rootCertificates} from 'node:tls'
import {Agent, type Dispatcher, EnvHttpProxyAgent, request} from 'undici'
import {isThisMachine} from './endpoints.js'
import {printable} from '../ui/printable.js'
import {UserError} from '../errors.js'
import {unsetHint} from '../ui/shell-hints.js'

// More than any response that we read; a broken server may send without end.
const MAX_BODY_BYTES = 10_000_000

export interface Exchange {
  method: 'GET' | 'POST' | 'DELETE'
  headers?: Record<string, string>
  /** Sent as JSON. */
  body?: unknown
  /** The total timeout, in milliseconds. */
  timeoutMs: number
  /** Cancels the request. */
  signal?: AbortSignal
}

/** A response: its status, and its JSON body; undefined for any other body. */
export interface Answer {
  status: number
  body: unknown
  /** The header `Next-Range`: the range that follows in a list. */
  nextRange?: string
  /** The header `Date`: the server's time. */
  date?: string
}

/** The server could not be reached, or did not respond. */
export class NetworkError extends UserError {}

/**
 * Sends one request. Resolves for any status. Does not follow redirects, since the request may contain a token.
 * @throws {NetworkError} if there is no response before the timeout
 * @throws {UserError} for a URL without TLS on another machine
 */
export type Http = (url: string, exchange: Exchange) => Promise<Answer>

/**
 * @param env configures proxies and certificates
 * @throws {UserError} if a proxy variable is not a valid address
 */
export function openHttp(env: NodeJS.ProcessEnv): Http {
  const dispatcherOf = dispatchersFor(env)
  return async (url, {body, headers, method, signal, timeoutMs}) => {
    const dispatcher = URL.canParse(url) ? dispatcherOf(new URL(url)) : undefined
    const limit = AbortSignal.timeout(timeoutMs)
    try {
      const response = await request(url, {
        ...(dispatcher && {dispatcher}),
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : {'content-type': 'application/json'}),
          ...headers,
        },
        ...(body === undefined ? {} : {body: JSON.stringify(body)}),
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      })
      const {date, 'next-range': nextRange} = response.headers
      return {
        status: response.statusCode,
        body: await readJson(response.body),
        ...(typeof nextRange === 'string' ? {nextRange} : {}),
        ...(typeof date === 'string' ? {date} : {}),
      }
    } catch (error) {
      if (signal?.aborted) throw error
      const host = URL.canParse(url) ? new URL(url).host : printable(url)
      if (limit.aborted) throw new NetworkError(`${host} did not answer within ${timeoutMs / 1000} s`, CHECK_NETWORK)
      throw new NetworkError(`cannot reach ${host}: ${reasonOf(error)}`, CHECK_NETWORK)
    }
  }
}

const CHECK_NETWORK = 'check the network, and HTTPS_PROXY if you need a proxy'

/** @returns the dispatcher for a URL; it throws for a URL that a token must not be sent to */
function dispatchersFor(env: NodeJS.ProcessEnv): (url: URL) => Dispatcher {
  const ca = certificates(env)
  const tls = ca ? {connect: {ca}, requestTls: {ca}, proxyTls: {ca}} : {}
  const [httpProxy, httpsProxy] = [proxyIn(env, 'HTTP_PROXY'), proxyIn(env, 'HTTPS_PROXY')]
  const proxy = httpsProxy ?? httpProxy
  const direct = new Agent()
  const secure = new EnvHttpProxyAgent({
    ...tls,
    httpProxy: '',
    httpsProxy: proxy?.address ?? '',
    noProxy: variable(env, 'NO_PROXY') ?? '',
    ...(proxy?.credentials === undefined ? {} : {token: proxy.credentials}),
  })
  return (url) => {
    if (url.protocol === 'https:') return secure
    // Without a proxy: it would receive the token in plain text.
    if (url.protocol === 'http:' && isThisMachine(url.hostname)) return direct
    throw new UserError(
      `refusing to send a request to ${url.host} without TLS`,
      `use https, or ${unsetHint('HEROKU_HOST')}`,
    )
  }
}

/** Lower case first; an empty variable counts as unset, as in curl (GetEnv). */
const variable = (env: NodeJS.ProcessEnv, name: string): string | undefined =>
  [env[name.toLowerCase()], env[name]].find((value) => value !== undefined && value !== '')

/** A proxy's address without user and password, which are in a `Proxy-Authorization` header. */
interface Proxy {
  address: string
  credentials?: string
}

// As in curl, an address without a scheme is an HTTP proxy's. A password may contain any character.
const PROXY = /^(?<scheme>[a-z][\w+.-]*:\/\/)?(?:(?<user>[^:]*?)(?::(?<password>.*))?@)?(?<host>[^@]*)$/isu

function proxyIn(env: NodeJS.ProcessEnv, name: 'HTTP_PROXY' | 'HTTPS_PROXY'): Proxy | undefined {
  const value = variable(env, name)
  if (value === undefined) return undefined
  const {host = '', password = '', scheme = 'http://', user = ''} = PROXY.exec(value)?.groups ?? {}
  const address = `${scheme}${host}`
  if (!/^https?:\/\/[^/:]/iu.test(address) || !URL.canParse(address))
    throw new UserError(`${name} is not a valid HTTP proxy URL`, `correct or ${unsetHint(name)}`)
  if (user === '' && password === '') return {address}
  const credentials = Buffer.concat([percentDecoded(user), Buffer.from(':'), percentDecoded(password)])
  return {address, credentials: `Basic ${credentials.toString('base64')}`}
}

/** Decodes percent escapes into bytes; an invalid escape is taken literally, as in curl. */
function percentDecoded(text: string): Buffer {
  const bytes = Buffer.from(text).toString('latin1')
  const decoded = bytes.replaceAll(/%([\da-f]{2})/giu, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)))
  return Buffer.from(decoded, 'latin1')
}

/**
 * The option `ca` replaces Node's own certificates and NODE_EXTRA_CA_CERTS, so include all of them. Unreadable files
 * are skipped, as in OpenSSL and node: that can only reduce trust.
 */
function certificates(env: NodeJS.ProcessEnv): string[] | undefined {
  const {NODE_EXTRA_CA_CERTS: extra, SSL_CERT_DIR: folders, SSL_CERT_FILE: file} = env
  if (!folders && !file) return undefined
  const files = (folders ?? '').split(delimiter).flatMap(filesIn)
  return [...rootCertificates, ...[...files, file, extra].flatMap((each) => (each ? contentOf(each) : []))]
}

// A system's certificate folder also contains folders and dangling links (Debian: /etc/ssl/certs/java).
const filesIn = (folder: string): string[] =>
  (folder === '' ? [] : orNone(() => readdirSync(folder)))
    .map((name) => join(folder, name))
    .filter((file) => orNone(() => [statSync(file)])[0]?.isFile())

const contentOf = (file: string): string[] => orNone(() => [readFileSync(file, 'utf8')])

function orNone<T>(read: () => T[]): T[] {
  try {
    return read()
  } catch {
    return []
  }
}

async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new Error('it answered with far too much')
    chunks.push(chunk)
  }

  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}

/** Node's error code or message; never the request, which contains the token. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  // One error for each address of the host, and no message of its own.
  if (error instanceof AggregateError && error.message === '')
    return [...new Set(error.errors.map(reasonOf))].join(', ')
  const {code} = error as NodeJS.ErrnoException
  return printable(code ? `${error.message} (${code})` : error.message)
}
