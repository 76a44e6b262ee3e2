// The contents of node's own debug output.
import {spawnSync} from 'node:child_process'

/** Sends a request with a header to a loopback server. */
const REQUEST = `
const http = require('node:http')
const server = http.createServer((_, response) => response.end()).listen(0, '127.0.0.1', () => {
  const {port} = server.address()
  http.get({host: '127.0.0.1', port, headers: {authorization: 'the header'}}, (response) => response.resume())
    .on('close', () => server.close())
})`

/**
 * Whether `NODE_DEBUG=http` shows a request's headers: node did, up to some version of 22; 22.23 does not (measured).
 * @throws {Error} if node could not be run
 */
export function httpDebugShowsHeaders(): boolean {
  const env = {...process.env, NODE_DEBUG: 'http', NODE_OPTIONS: ''}
  const {status, stderr} = spawnSync(process.execPath, ['-e', REQUEST], {encoding: 'utf8', env, timeout: 30_000})
  if (status !== 0 || !stderr.includes('createConnection')) throw new Error(`node said nothing of its own:\n${stderr}`)
  return stderr.includes('the header')
}
