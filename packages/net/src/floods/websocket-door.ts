import type { EventEmitter } from 'node:events'
import type { Listener } from '@libp2p/interface'
import type { Admit, NewSocket } from './new-socket.ts'

/**
 * What the part before libp2p's own limits may take (rule NET-82). The stock listener hands sockets to an HTTP server
 * that never listens itself, and so never looks for requests that do not end; and one that sends nothing is waited for
 * for ever.
 */
const HTTP_TIMEOUT_MS = 3_000
/** A browser's upgrade is about 600 bytes. */
export const MAX_HTTP_HEADER_BYTES: number = 8 * 1024
/** A message is a record of Noise or a few (rule NET-19), each of at most 64 KiB; the stock limit is 100 MiB. */
const MAX_MESSAGE_BYTES = 256 * 1024

/** A WebSocket listener of libp2p on Node that cuts off whoever does not come to the point. */
export function guardedListener(listener: Listener, admit: Admit = () => () => {}): Listener {
  const server: unknown = Reflect.get(listener, 'server')
  // in a page there is no listener to guard
  if (!isEmitter(server)) return listener
  limitMessages(listener)
  const waiting = new WeakMap<object, () => void>()
  server.prependListener('connection', (socket: NewSocket & EventEmitter) =>
    watch(socket, { admit, waiting }),
  )
  const listen = listener.listen.bind(listener)
  listener.listen = async (address) => {
    await listen(address)
    const http: unknown = Reflect.get(listener, 'http')
    if (!isEmitter(http)) return
    // libp2p's own time for a handshake begins here
    http.on('upgrade', (_request: unknown, socket: object) => waiting.get(socket)?.())
  }
  return listener
}

function watch(
  socket: NewSocket & EventEmitter,
  { admit, waiting }: { readonly admit: Admit; readonly waiting: WeakMap<object, () => void> },
): void {
  const left = admit(socket)
  if (left === undefined) {
    socket.destroy()
    return
  }
  const timer = setTimeout(() => socket.destroy(), HTTP_TIMEOUT_MS)
  const done = (): void => {
    clearTimeout(timer)
    if (waiting.delete(socket)) left()
  }
  waiting.set(socket, done)
  // its listener only hears errors once a byte has come: before that one would end the process
  socket.on('error', done)
  socket.once('close', done)
}

function limitMessages(listener: Listener): void {
  const server: unknown = Reflect.get(listener, 'wsServer')
  if (typeof server !== 'object' || server === null) return
  const options: unknown = Reflect.get(server, 'options')
  if (typeof options !== 'object' || options === null) return
  Reflect.set(options, 'maxPayload', MAX_MESSAGE_BYTES)
}

function isEmitter(value: unknown): value is EventEmitter {
  return typeof value === 'object' && value !== null && 'prependListener' in value && 'on' in value
}
