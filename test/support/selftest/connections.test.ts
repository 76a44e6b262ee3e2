import {expect} from 'chai'
import {createSocket} from 'node:dgram'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {connectionsOf} from '../connections.js'
import {listen} from '../listen.js'
import {openSandbox, type Sandbox} from '../sandbox.js'

describe('the connections of a program', function () {
  this.timeout(30_000)
  let sandbox: Sandbox

  before(() => (sandbox = openSandbox()))
  after(() => sandbox.close())

  const node = async (script: string, options = {}) => {
    const {connections, exitCode} = await connectionsOf(sandbox, 'node', ['-e', script], options)
    expect(exitCode).to.equal(0)
    return connections.map(({over, to}) => `${over} ${to}`)
  }

  it('are empty for a program without any', async () => {
    expect(await node('fs.writeFileSync("x", "y")')).to.deep.equal([])
  })

  it('include a server that answers, and one that does not', async () => {
    const {port, stop} = await listen(createServer((socket) => socket.end()))
    expect(await node(`net.connect(${port}, '127.0.0.1').resume()`)).to.deep.equal([`IP 127.0.0.1:${port}`])
    await stop()
    expect(await node(`net.connect(${port}, '127.0.0.1').on('error', () => 0)`)).to.deep.equal([`IP 127.0.0.1:${port}`])
    expect(await node(`net.connect(9, '::1').on('error', () => 0)`)).to.deep.equal(['IP [::1]:9'])
  })

  it('include the receiver of a datagram', async () => {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const {port} = socket.address()
    const script = `const s = require('node:dgram').createSocket('udp4'); s.send('x', ${port}, '127.0.0.1', () => s.close())`
    expect(await node(script)).to.deep.equal([`IP 127.0.0.1:${port}`])
    socket.close()
  })

  it('include the name server of a lookup, even offline', async () => {
    const asked = await node(`dns.lookup('name.example', () => 0)`, {offline: true})
    expect(asked.filter((each) => /^IP \S+:53$/u.test(each))).not.to.deep.equal([])
  })

  it('include a UNIX socket', async () => {
    const path = join(sandbox.root, 'a socket')
    expect(await node(`net.connect(${JSON.stringify(path)}).on('error', () => 0)`)).to.deep.equal([`UNIX ${path}`])
  })

  it('include those of a background process that outlives its parent', async () => {
    const inner = `net.connect(9, '127.0.0.1').on('error', () => 0)`
    const {connections} = await connectionsOf(sandbox, 'sh', ['-c', `(node -e "${inner}" &) ; sh -c 'sleep 0'`])
    expect(connections).to.deep.equal([{over: 'IP', to: '127.0.0.1:9', by: ['node', '-e', inner]}])
  })
})
