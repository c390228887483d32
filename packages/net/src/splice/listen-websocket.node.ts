import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import type { Listener } from '@libp2p/interface'
import type { TransportFactory } from '../platform.ts'
import { methodOf } from '../transports/method-of.ts'
import { PREFACE_TIMEOUT_MS } from './listen.node.ts'
import { SPLICE_PATH, TICKET_BYTES } from './preface.ts'
import type { Present } from './raw-road.ts'

/** WebSocket whose listeners hand over what is opened at {@link SPLICE_PATH} (rule RLY-51). */
export function splicingWebSockets(create: TransportFactory, present: Present): TransportFactory {
  return (components) => {
    const transport = create(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options) => splicingListener(createListener(options), present)
    return transport
  }
}

function splicingListener(listener: Listener, present: Present): Listener {
  const onUpgrade = methodOf(listener, 'onUpgrade', WEBSOCKETS)
  const sockets: unknown = Reflect.get(listener, 'wsServer')
  if (typeof sockets !== 'object' || sockets === null) throw new TypeError(`${WEBSOCKETS} changed`)
  const handleUpgrade = methodOf(sockets, 'handleUpgrade', WEBSOCKETS)
  const roads = new Set<WebSocketRoad>()
  const accept = (socket: unknown): void => {
    if (!isServerSocket(socket)) throw new TypeError(`${WEBSOCKETS} changed`)
    const road = new WebSocketRoad(socket)
    roads.add(road)
    road.once('close', () => roads.delete(road))
    readTicket(road, present)
  }
  Reflect.set(listener, 'onUpgrade', (request: IncomingMessage, ...rest: readonly unknown[]) =>
    request.url === SPLICE_PATH
      ? Reflect.apply(handleUpgrade, sockets, [request, ...rest, accept])
      : Reflect.apply(onUpgrade, listener, [request, ...rest]),
  )
  const close = listener.close.bind(listener)
  listener.close = async () => {
    for (const road of roads) road.destroy()
    await close()
  }
  return listener
}

const WEBSOCKETS = '@libp2p/websockets'

/** The ticket is the whole of the first message. */
function readTicket(road: WebSocketRoad, present: Present): void {
  road.on('error', () => {})
  const timer = setTimeout(() => road.destroy(), PREFACE_TIMEOUT_MS)
  const leave = (): void => {
    clearTimeout(timer)
    road.off('readable', onReadable)
    road.off('close', leave)
  }
  const onReadable = (): void => {
    const ticket: Uint8Array | null = road.read(TICKET_BYTES)
    if (ticket === null) return
    leave()
    present(Uint8Array.from(ticket), road)
  }
  road.on('readable', onReadable)
  road.on('close', leave)
}

/** The part of a WebSocket of `ws` that a road needs (https://github.com/websockets/ws/blob/master/doc/ws.md). */
interface ServerSocket {
  on(event: string, listener: (...given: readonly unknown[]) => void): unknown
  send(data: Uint8Array, done: (error?: Error | null) => void): void
  pause(): void
  resume(): void
  close(): void
  terminate(): void
}

function isServerSocket(value: unknown): value is ServerSocket {
  if (typeof value !== 'object' || value === null) return false
  return ['on', 'send', 'pause', 'resume', 'close', 'terminate'].every(
    (name) => typeof Reflect.get(value, name) === 'function',
  )
}

/** The messages of a WebSocket as a stream of bytes, with the back-pressure of the TCP socket below. */
class WebSocketRoad extends Duplex {
  readonly #socket: ServerSocket

  constructor(socket: ServerSocket) {
    super()
    this.#socket = socket
    socket.on('message', (data, isBinary) => {
      if (isBinary !== true || !(data instanceof Uint8Array)) this.destroy()
      else if (!this.push(data)) socket.pause()
    })
    socket.on('close', () => {
      this.push(null)
      this.end()
    })
    socket.on('error', (error) => this.destroy(error instanceof Error ? error : undefined))
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.send(chunk, done)
  }

  override _final(done: () => void): void {
    this.#socket.close()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.terminate()
    done(error)
  }
}
