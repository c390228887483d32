import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/**
 * Counts what this process sends and receives over all its sockets, in bytes, from now on: on the wire, with what
 * every layer above TCP adds. To be called before the first socket is made.
 */
export function watchWire(): () => number {
  const sockets = new Set<Socket>()
  const add = (message: unknown): void => {
    if (isSocketMessage(message)) sockets.add(message.socket)
  }
  for (const channel of ['net.client.socket', 'net.server.socket']) subscribe(channel, add)
  return () => [...sockets].reduce((sum, socket) => sum + bytesOf(socket), 0)
}

const bytesOf = ({ bytesRead, bytesWritten }: Socket): number => bytesRead + bytesWritten

/** Of Node's built-in channels: https://nodejs.org/api/diagnostics_channel.html#net */
function isSocketMessage(message: unknown): message is { readonly socket: Socket } {
  return typeof message === 'object' && message !== null && 'socket' in message
}
