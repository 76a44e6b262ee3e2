import type {AddressInfo, Server, Socket} from 'node:net'

export interface Listening {
  port: number
  /** The number of open connections. */
  connections: () => number
  /** Ends every connection and stops listening. */
  stop: () => Promise<void>
}

/** Starts a server on a free port of 127.0.0.1. It does not keep the process alive. */
export async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    socket.unref()
    socket.on('error', () => undefined)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.size,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/**
 * Waits until a condition is true, without a fixed pause.
 * @throws {Error} if it is still false after ten seconds
 */
export async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await reached())) {
    if (Date.now() > end) throw new Error('it did not happen within ten seconds')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
