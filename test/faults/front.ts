// A proxy in front of a loopback Heroku, which injects a fault into one request or its response.
import {createServer, type IncomingMessage, request, type ServerResponse} from 'node:http'
import {listen} from '../support/listen.js'

export const API_FAULTS = [
  ...['401', '403', '404', '429', '500', '500 though it was done', 'garbage', 'garbage though it was done', 'nothing'],
  ...['slowly', 'never', 'a redirect', '10 MB', 'half an answer', 'closes early', 'closes early though it was done'],
  ...['ANSI sequences', 'the wrong account'],
] as const
export type ApiFault = (typeof API_FAULTS)[number]

export interface Front {
  /** `127.0.0.1:PORT`. */
  readonly host: string
  /** The requests so far: method and path. */
  readonly calls: string[]
  /** The number of requests to a host that must get no token, through a redirect for example. */
  strayed(): number
  /** Injects the fault into the request with this index, from 0, or into none at -1; clears `calls`. */
  plan(fault: ApiFault, at: number): void
  /** The hosts that requests are forwarded to. */
  behind: {api: string; login: string}
  stop(): Promise<void>
}

export async function startFront(): Promise<Front> {
  const state: {fault: ApiFault; at: number; strayed: number} = {fault: '500', at: -1, strayed: 0}
  const stray = await listen(
    createServer((_, response) => {
      state.strayed += 1
      response.end('{}')
    }),
  )
  const front = await listen(
    createServer((asked, response) => {
      const index = self.calls.push(`${asked.method ?? ''} ${pathOf(asked)}`) - 1
      const fault = index === state.at ? state.fault : undefined
      serve(asked, response, fault, self.behind, stray.port).catch(() => response.destroy())
    }),
  )
  const self: Front = {
    host: `127.0.0.1:${front.port}`,
    calls: [],
    behind: {api: '', login: ''},
    strayed: () => state.strayed,
    plan(fault, at) {
      Object.assign(state, {fault, at})
      self.calls.length = 0
    },
    async stop() {
      await Promise.all([front.stop(), stray.stop()])
    },
  }
  return self
}

/** The path without random ids. */
const pathOf = ({url = ''}: IncomingMessage) => url.replaceAll(/[0-9a-f-]{36}/gu, '*')

interface Whole {
  status: number
  body: Buffer
}

async function forward(asked: IncomingMessage, body: Buffer, behind: Front['behind']): Promise<Whole> {
  return new Promise((resolve, reject) => {
    const {headers, method = 'GET', url = '/'} = asked
    const host = url.startsWith('/auth') ? behind.login : behind.api
    const onward = request(`http://${host}${url}`, {method, headers}, (answer) => {
      all(answer).then((body) => {
        resolve({status: answer.statusCode ?? 0, body})
      }, reject)
    })
    onward.on('error', reject).end(body)
  })
}

async function all(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function serve(
  asked: IncomingMessage,
  response: ServerResponse,
  fault: ApiFault | undefined,
  behind: Front['behind'],
  strayPort: number,
): Promise<void> {
  const body = await all(asked)
  const give = (status: number, text: string | Buffer, headers = {}) => {
    response.writeHead(status, {'content-type': 'application/json', ...headers})
    response.end(text)
  }
  if (fault === undefined || fault === 'slowly') {
    if (fault) await new Promise((resolve) => setTimeout(resolve, 150))
    const {body: text, status} = await forward(asked, body, behind)
    give(status, text)
    return
  }

  const whole = /done|half/u.test(fault) ? await forward(asked, body, behind) : undefined
  switch (fault) {
    case '401':
    case '403':
    case '404':
    case '429':
    case '500':
      give(Number(fault), JSON.stringify({id: 'planted', message: `A fault of status ${fault}.`}))
      return
    case '500 though it was done':
      give(500, '{"id":"planted","message":"Internal."}')
      return
    case 'garbage':
    case 'garbage though it was done':
      give(200, '<html>{"not": JSON')
      return
    case 'nothing':
      give(200, '')
      return
    case 'never':
      return
    case 'a redirect':
      give(302, '{}', {location: `http://127.0.0.1:${strayPort}/`})
      return
    case '10 MB':
      give(200, JSON.stringify({email: 'x'.repeat(11_000_000)}))
      return
    case 'half an answer':
      response.writeHead(200, {'content-length': String(whole?.body.length ?? 9)})
      response.write(whole?.body.subarray(0, whole.body.length / 2))
      response.destroy()
      return
    case 'closes early':
    case 'closes early though it was done':
      response.destroy()
      return
    case 'ANSI sequences':
      give(422, JSON.stringify({id: 'x\u001B[2J', message: 'no\u001B[2J\r\nError: \u202Eyes\u0007'}))
      return
    case 'the wrong account':
      give(200, '{"email":"ada\\u001b[2J@example.com","user":{"email":"a\\nb"},"access_token":{"token":"x\\ny"}}')
      return
  }
}
