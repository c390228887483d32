import { connect, type Socket } from 'node:net'

/** A TCP connection that stands. Rejects with the system's error, or the signal's reason. */
export async function openSocket(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ host, port, signal })
  socket.once('connect', () => resolve(socket))
  socket.on('error', reject)
  return promise
}

const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: relay',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: a2l0aG1lc2gtcHJvYmUtMQ==',
  '\r\n',
].join('\r\n')

/** What a web server answers to a WebSocket: `101` when it is one. */
export function statusOfUpgrade(socket: Socket, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  socket.once('data', (data) =>
    resolve(/^HTTP\/1\.1 (\d{3})/.exec(data.toString('latin1'))?.[1] ?? 'nothing of HTTP'),
  )
  socket.once('close', () => reject(new Error('It hung up')))
  signal.addEventListener('abort', () => reject(new Error('It does not answer')))
  socket.write(UPGRADE)
  return promise
}
