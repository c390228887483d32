import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import { NetError } from '../errors.ts'
import { JOINED, SPLICE_PATH } from './preface.ts'
import { type RoadEnds, type RoadOpener, tcpPartsOf } from './road.ts'

/** Roads over WebSocket, for pages and where plain TCP does not get through. */
export const webSocketRoads: RoadOpener = {
  fits: (address) => urlOf(address) !== undefined,
  open: async (address, ticket, { signal }) => {
    const url = urlOf(address)
    if (url === undefined) throw closedRoad('not an address of a WebSocket')
    signal.throwIfAborted()
    // a page served by https may not even make it: then this throws, and the circuit it is
    const socket = new WebSocket(url)
    try {
      const early = await joined(socket, ticket, signal)
      return {
        connection: (ends) => new WebSocketConnection(early, ends),
        destroy: () => socket.close(),
      }
    } catch (error) {
      socket.close()
      throw error
    }
  },
}

function urlOf(address: Parameters<RoadOpener['fits']>[0]): string | undefined {
  const at = tcpPartsOf(address)
  if (at === undefined) return undefined
  const scheme = SCHEMES.get(at.above.filter((name) => name !== 'sni').join('/'))
  if (scheme === undefined) return undefined
  const host = at.host.includes(':') ? `[${at.host}]` : at.host
  return `${scheme}://${host}:${at.port}${SPLICE_PATH}`
}

const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['ws', 'ws'],
  ['wss', 'wss'],
  ['tls/ws', 'wss'],
])

/** A WebSocket and what came over it before anybody listened. */
interface EarlySocket {
  readonly socket: WebSocket
  /** Hands over what came, in order, then everything that comes. */
  listen(onData: (bytes: Uint8Array) => void): void
}

/** Presents the ticket; resolves when the relay says that the other end is there. */
async function joined(
  socket: WebSocket,
  ticket: Uint8Array,
  signal: AbortSignal,
): Promise<EarlySocket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const early: Uint8Array[] = []
  let isJoined = false
  let onData = (bytes: Uint8Array): void => void early.push(bytes)
  const onBytes = (bytes: Uint8Array): void => {
    if (isJoined) return onData(bytes)
    if (bytes[0] !== JOINED[0]) return reject(closedRoad('it is no relay that splices'))
    isJoined = true
    if (bytes.byteLength > JOINED.byteLength) onData(bytes.subarray(JOINED.byteLength))
    resolve()
  }
  const onClose = (): void => reject(closedRoad('the relay closed it'))
  const onAbort = (): void => reject(signal.reason)
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('open', () => socket.send(Uint8Array.from(ticket)))
  socket.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer) onBytes(new Uint8Array(data))
    else socket.close()
  })
  socket.addEventListener('error', onClose)
  socket.addEventListener('close', onClose)
  signal.addEventListener('abort', onAbort)
  await promise.finally(() => signal.removeEventListener('abort', onAbort))
  return {
    socket,
    listen: (listener) => {
      onData = listener
      for (const bytes of early.splice(0)) listener(bytes)
    },
  }
}

/** Above this we wait before we hand the socket more. */
const HIGH_WATER_BYTES = 1024 * 1024
const LOW_WATER_BYTES = 256 * 1024
/** A WebSocket does not say when it has room: it is asked this often while it is full. */
const LOOK_MS = 5

/** A WebSocket that leads to the other device. It cannot be paused: windows of yamux bound what comes. */
class WebSocketConnection extends AbstractMultiaddrConnection {
  readonly #socket: WebSocket
  #looking: ReturnType<typeof setInterval> | undefined

  constructor({ socket, listen }: EarlySocket, ends: RoadEnds) {
    super(ends)
    this.#socket = socket
    socket.addEventListener('close', ({ wasClean }) => {
      clearInterval(this.#looking)
      if (wasClean) this.onTransportClosed()
      else this.onRemoteReset()
    })
    listen((bytes) => this.onData(bytes))
    if (socket.readyState > WebSocket.OPEN) queueMicrotask(() => this.onTransportClosed())
  }

  override sendData(data: Uint8ArrayList): SendResult {
    this.#socket.send(Uint8Array.from(data.subarray()))
    const canSendMore = this.#socket.bufferedAmount < HIGH_WATER_BYTES
    if (!canSendMore) this.#looking ??= setInterval(() => this.#look(), LOOK_MS)
    return { sentBytes: data.byteLength, canSendMore }
  }

  #look(): void {
    if (this.#socket.bufferedAmount > LOW_WATER_BYTES) return
    clearInterval(this.#looking)
    this.#looking = undefined
    this.safeDispatchEvent('drain')
  }

  override async sendClose(): Promise<void> {
    this.#socket.close()
  }

  override sendReset(): void {
    this.#socket.close()
  }

  override sendPause(): void {}

  override sendResume(): void {}
}

function closedRoad(why: string): NetError {
  return new NetError('ERR_UNREACHABLE', `No spliced road: ${why}`)
}
