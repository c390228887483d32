import { setMaxListeners } from 'node:events'
import type { Listener, Upgrader } from '@libp2p/interface'
import type { TransportFactory } from '../platform.ts'
import { isProcessIdle } from '../process-idle.node.ts'
import { methodOf } from './method-of.ts'

/**
 * webrtc-direct whose UDP sockets outlive their listeners (rule NET-9).
 *
 * `IceUdpMuxListener.stop()` of node-datachannel 0.33.4 is not safe. libdatachannel 0.24.5 beneath it
 * asks a flag that nothing ever set (`mStopped`) whether it was stopped already, so as chance has it
 * it unregisters nothing, and then the object is freed. The thread of libjuice goes on reading the
 * socket and calls the freed object at the next STUN request from somebody new, such as a peer that
 * dials again: SIGSEGV, `std::system_error` or a failed mutex assertion, at once or at the exit. The
 * port stays taken too.
 *
 * So a closed listener only falls silent here. Its socket is kept, for the next listener of this
 * process on the same host, and given back when the process has nothing else to do: the native
 * listener holds the event loop, and a program whose nets were stopped must end by itself (NET-18).
 */
export function lastingSockets(create: TransportFactory): TransportFactory {
  return (components) => {
    const transport = create(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options) => withLastingSocket(createListener(options), components)
    return transport
  }
}

/** A UDP socket as @libp2p/webrtc holds it; closing it is the unsafe part. */
interface Socket {
  close(): Promise<void>
  address(): { readonly port: number }
}

/** A socket of this process, from its first use on. */
interface Line {
  readonly host: string
  readonly socket: Socket
  readonly seat: Seat
}

/** Where STUN requests go: to a listener, or between two listeners to nobody. */
interface Seat {
  user?: LineUser
}

interface LineUser {
  signal(): InboundSignal
  answer(request: readonly unknown[]): unknown
}

type InboundSignal = ReturnType<Upgrader['createInboundAbortSignal']>
type Components = Parameters<TransportFactory>[0]

const WEBRTC = '@libp2p/webrtc'
const lines: Line[] = []

/** Takes the place of the listener's own way to a socket, which would close it with the listener. */
function withLastingSocket(listener: Listener, components: Components): Listener {
  const start = methodOf(listener, 'startUDPMuxServer', WEBRTC)
  const answer = methodOf(listener, 'incomingConnection', WEBRTC)
  const open = async (seat: Seat, host: string, port: number, family: number): Promise<Line> => {
    const { server } = Reflect.apply(start, opener(seat, components), [host, port, family])
    return { host, socket: await server, seat }
  }
  const value = (host: string, port: number, family: number) => {
    const closed = new AbortController()
    setMaxListeners(Number.POSITIVE_INFINITY, closed.signal)
    const user: LineUser = {
      signal: () => components.upgrader.createInboundAbortSignal(closed.signal),
      answer: (request) => Reflect.apply(answer, listener, request),
    }
    const line = keptLine(host, port, user) ?? open({ user }, host, port, family).then(keep)
    return {
      ...{ peerId: components.peerId, owner: listener, port },
      ...{ isIPv4: family === 4, isIPv6: family === 6 },
      server: Promise.resolve(line).then((taken) => untilClosed(taken, closed)),
    }
  }
  return Object.defineProperty(listener, 'startUDPMuxServer', { value })
}

/** What a socket is opened by in the listener's stead, since it calls back its opener for ever. */
function opener(seat: Seat, { peerId, logger }: Components): object {
  return {
    components: { peerId, upgrader: { createInboundAbortSignal: () => signalOf(seat) } },
    log: logger.forComponent('kithmesh:webrtc-direct'),
    shutdownController: new AbortController(),
    incomingConnection: async (...request: readonly unknown[]) => seat.user?.answer(request),
  }
}

function signalOf({ user }: Seat): InboundSignal {
  return user?.signal() ?? Object.assign(new AbortController().signal, { clear: () => {} })
}

/** A silent socket that fits, in use again from now on. Port 0 takes any of the host's. */
function keptLine(host: string, port: number, user: LineUser): Line | undefined {
  const line = lines.find(
    (one) =>
      one.seat.user === undefined &&
      one.host === host &&
      (port === 0 || one.socket.address().port === port),
  )
  if (line !== undefined) line.seat.user = user
  return line
}

function keep(line: Line): Line {
  lines.push(line)
  return line
}

function untilClosed({ socket, seat }: Line, closed: AbortController): Socket {
  return {
    address: () => socket.address(),
    close: async () => {
      if (closed.signal.aborted) return
      delete seat.user
      closed.abort()
      closeSocketsWhenIdle()
    },
  }
}

/** ms between two looks; a program that is otherwise done ends this much later. */
const LOOK_MS = 100
let looking: NodeJS.Timeout | undefined

function closeSocketsWhenIdle(): void {
  looking ??= setInterval(() => {
    if (lines.some(({ seat }) => seat.user !== undefined) || !isProcessIdle()) return
    clearInterval(looking)
    looking = undefined
    for (const { socket } of lines.splice(0)) socket.close().catch(() => {})
  }, LOOK_MS).unref()
}
