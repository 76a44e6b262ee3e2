// The one door to the network. Proxies and certificates as the Heroku CLI takes them: HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR, NODE_EXTRA_CA_CERTS.
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {rootCertificates} from 'node:tls'
import {type Dispatcher, EnvHttpProxyAgent, request} from 'undici'
import {printable} from '../printable.js'
import {UserError} from '../user-error.js'

// Far more than any answer that we read; a broken server may send for ever.
const MAX_BODY_BYTES = 10_000_000

export interface Exchange {
  method: 'GET' | 'POST' | 'DELETE'
  headers?: Record<string, string>
  /** Sent as JSON. */
  body?: unknown
  /** How long it may take in all, in milliseconds. */
  timeoutMs: number
  /** Ends it before its time. */
  signal?: AbortSignal
}

/** A status and whatever JSON came with it; undefined for a body that is none. */
export interface Answer {
  status: number
  body: unknown
  /** The header `Next-Range`: what to ask for the rest of a list with. */
  nextRange?: string
}

/** The server could not be reached, or did not answer. */
export class NetworkError extends UserError {}

/**
 * Sends one request. A status of any kind is an answer; redirects are not followed, since a token goes with it.
 * @throws {NetworkError} if there was no answer within the time
 */
export type Http = (url: string, exchange: Exchange) => Promise<Answer>

/**
 * @param env where proxies and certificates are configured
 * @throws {UserError} if a certificate file that is configured cannot be read
 */
export function openHttp(env: NodeJS.ProcessEnv): Http {
  const dispatcher = dispatcherFor(env)
  return async (url, {body, headers, method, signal, timeoutMs}) => {
    const limit = AbortSignal.timeout(timeoutMs)
    try {
      const response = await request(url, {
        dispatcher,
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
      const nextRange = response.headers['next-range']
      return {
        status: response.statusCode,
        body: await readJson(response.body),
        ...(typeof nextRange === 'string' ? {nextRange} : {}),
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

function dispatcherFor(env: NodeJS.ProcessEnv): Dispatcher {
  const ca = certificates(env)
  return new EnvHttpProxyAgent({
    ...(ca ? {connect: {ca}, requestTls: {ca}, proxyTls: {ca}} : {}),
    httpProxy: proxyIn(env, 'HTTP_PROXY'),
    httpsProxy: proxyIn(env, 'HTTPS_PROXY'),
    noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
  })
}

function proxyIn(env: NodeJS.ProcessEnv, variable: 'HTTP_PROXY' | 'HTTPS_PROXY'): string {
  const value = env[variable.toLowerCase()] ?? env[variable] ?? ''
  if (value === '') return value
  // As for curl, an address without a scheme is an HTTP proxy's.
  const url = value.includes('://') ? value : `http://${value}`
  if (!URL.canParse(url) || !/^https?:$/u.test(new URL(url).protocol))
    throw new UserError(`${variable} is not the address of an HTTP proxy`, `correct or unset ${variable}`)
  return url
}

/** Naming certificates at all replaces Node's own and NODE_EXTRA_CA_CERTS, so all of them are named. */
function certificates(env: NodeJS.ProcessEnv): string[] | undefined {
  const files = [
    ...(env.SSL_CERT_DIR ? filesIn(env.SSL_CERT_DIR) : []),
    ...(env.SSL_CERT_FILE ? [env.SSL_CERT_FILE] : []),
  ]
  if (files.length === 0) return undefined
  if (env.NODE_EXTRA_CA_CERTS) files.push(env.NODE_EXTRA_CA_CERTS)
  return [...rootCertificates, ...files.map((file) => read(file, () => readFileSync(file, 'utf8')))]
}

// A system's folder of certificates has folders and dangling links in it, too (Debian: /etc/ssl/certs/java).
const filesIn = (folder: string) =>
  read(folder, () => readdirSync(folder))
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, {throwIfNoEntry: false})?.isFile())

function read<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new UserError(`cannot read the certificates in ${path} (${code})`, 'check SSL_CERT_FILE and SSL_CERT_DIR')
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

/** Node's code for what went wrong, or its words; never the request, which holds the token. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  // One for each address that the name stands for, and no words of its own.
  if (error instanceof AggregateError && error.message === '')
    return [...new Set(error.errors.map(reasonOf))].join(', ')
  const {code} = error as NodeJS.ErrnoException
  return printable(code ? `${error.message} (${code})` : error.message)
}
