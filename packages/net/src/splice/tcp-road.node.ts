import { connect, type Socket } from 'node:net'
import { NetError } from '../errors.ts'
import { JOINED, prefaceOf } from './preface.ts'
import { type Road, type RoadOpener, tcpPartsOf } from './road.ts'
import { SocketConnection } from './socket-connection.node.ts'

/** Roads over plain TCP: nothing stands between Noise and the kernel. */
export const tcpRoads: RoadOpener = {
  fits: (address) => tcpPartsOf(address)?.above.length === 0,
  open: async (address, ticket, { signal }) => {
    const at = tcpPartsOf(address)
    if (at === undefined) throw closedRoad('not an address of TCP')
    const socket = await connectTo(at, signal)
    try {
      socket.write(prefaceOf(ticket))
      await joined(socket, signal)
      return roadOf(socket)
    } catch (error) {
      socket.destroy()
      throw error
    }
  },
}

function roadOf(socket: Socket): Road {
  return {
    connection: (ends) => new SocketConnection(socket, ends),
    destroy: () => socket.destroy(),
  }
}

async function connectTo(
  at: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ host: at.host, port: at.port, noDelay: true, keepAlive: true })
  const onAbort = (): void => reject(signal.reason)
  socket.once('connect', resolve)
  socket.once('error', reject)
  signal.addEventListener('abort', onAbort)
  try {
    await promise
    return socket
  } catch (cause) {
    socket.destroy()
    throw closedRoad('it cannot be connected', cause)
  } finally {
    signal.removeEventListener('abort', onAbort)
    socket.off('error', reject)
    // whoever waits next listens for `close`; an error without a listener would end the process
    socket.on('error', () => {})
  }
}

/** Until the relay says that the other end is there; what comes behind that stays in the socket. */
async function joined(socket: Socket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onReadable = (): void => {
    const first: Uint8Array | null = socket.read(JOINED.byteLength)
    if (first === null) return
    if (first[0] === JOINED[0]) resolve()
    else reject(closedRoad('it is no relay that splices'))
  }
  const onClose = (): void => reject(closedRoad('the relay closed it'))
  const onAbort = (): void => reject(signal.reason)
  socket.on('readable', onReadable)
  socket.on('end', onClose)
  socket.on('close', onClose)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    await promise
  } finally {
    socket.off('readable', onReadable)
    socket.off('end', onClose)
    socket.off('close', onClose)
    signal.removeEventListener('abort', onAbort)
  }
}

function closedRoad(why: string, cause?: unknown): NetError {
  return new NetError('ERR_UNREACHABLE', `No spliced road: ${why}`, { cause })
}
