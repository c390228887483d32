import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { ip6Groups, isLinkLocalIp6, isLoopbackHost } from '../ip-address.ts'
import { LAN_GROUP, LAN_GROUP_IP6 } from './lan-discovery.ts'

/** Multicast sockets for each own address; the default route's interface alone is not enough. */
export interface LanSockets {
  /** Opens sockets of addresses that came and closes those of addresses that went. */
  refresh(): Promise<void>
  /** Sends on every interface what `make` gives for its address. */
  send(make: (ip: string) => Uint8Array | undefined): void
  close(): Promise<void>
}

/** Addresses beyond this many are those of virtual interfaces. */
const MAX_ADDRESSES = 16
/** IPv6 addresses of one interface that announce: a lasting one and a temporary one are enough. */
const MAX_IP6_EACH = 2

type Heard = (bytes: Uint8Array, from: RemoteInfo) => void

/** An address of this machine, and the interface that has it. */
interface OwnAddress {
  readonly ip: string
  readonly family: 4 | 6
  readonly device: string
}

/** What stands for one address. */
interface Line {
  readonly send: (bytes: Uint8Array) => void
  readonly sockets: readonly Socket[]
}

/** Makes the sockets; none is open before the first refresh. */
export function createLanSockets(port: number, heard: Heard): LanSockets {
  const lines = new Map<string, Line>()

  const open = async (own: OwnAddress): Promise<void> => {
    const opening = own.family === 4 ? openIp4(own, port, heard) : openIp6(own, port, heard)
    // an interface that cannot do multicast now is tried again at the next refresh
    const line = await opening.catch(() => undefined)
    if (line !== undefined) lines.set(own.ip, line)
  }
  return {
    refresh: async () => {
      const own = ownAddresses()
      const ips = new Set(own.map(({ ip }) => ip))
      for (const [ip, line] of lines) {
        if (ips.has(ip)) continue
        lines.delete(ip)
        await Promise.all(line.sockets.map(closeSocket))
      }
      await Promise.all(own.filter(({ ip }) => !lines.has(ip)).map(open))
    },
    send: (make) => {
      for (const [ip, line] of lines) {
        const bytes = make(ip)
        if (bytes !== undefined) line.send(bytes)
      }
    },
    close: async () => {
      const sockets = [...lines.values()].flatMap((line) => line.sockets)
      lines.clear()
      await Promise.all(sockets.map(closeSocket))
    },
  }
}

/** A link-local IPv6 address is left out: nobody could dial it without knowing his own name of the link. */
function ownAddresses(): readonly OwnAddress[] {
  return Object.entries(networkInterfaces())
    .flatMap(([device, addresses = []]) => {
      const all = addresses.map(({ address: ip, family }) => ({
        ip,
        family: family === 'IPv4' ? (4 as const) : (6 as const),
        device,
      }))
      const ip6 = all.filter(
        ({ ip, family }) => family === 6 && !isLinkLocalIp6(ip) && !isLoopbackHost(ip),
      )
      return [...all.filter(({ family }) => family === 4), ...ip6.slice(0, MAX_IP6_EACH)]
    })
    .slice(0, MAX_ADDRESSES)
}

async function openIp4({ ip }: OwnAddress, port: number, heard: Heard): Promise<Line> {
  const socket = await openSocket({ family: 4, port, heard }, (made) => {
    made.addMembership(LAN_GROUP, ip)
    made.setMulticastInterface(ip)
  })
  return { send: sender(socket, port, LAN_GROUP), sockets: [socket] }
}

/**
 * One socket hears the group, another sends to it: what is dialled is the source of a datagram, and without a
 * socket bound to it the system would choose the link-local address.
 */
async function openIp6({ ip, device }: OwnAddress, port: number, heard: Heard): Promise<Line> {
  const link = `::%${device}`
  const hearing = await openSocket({ family: 6, port, heard }, (made) => {
    made.addMembership(LAN_GROUP_IP6, link)
  })
  try {
    const sending = await openSocket({ family: 6, port: 0, ip, heard: () => {} }, (made) => {
      made.setMulticastInterface(link)
    })
    return { send: sender(sending, port, LAN_GROUP_IP6), sockets: [hearing, sending] }
  } catch (error) {
    await closeSocket(hearing)
    throw error
  }
}

/** An interface that went down in this moment is closed at the next refresh. */
function sender(socket: Socket, port: number, group: string): Line['send'] {
  return (bytes) => socket.send(bytes, port, group, () => {})
}

/** Shared with every other device on this machine, so the port is reused and sends are looped back. */
async function openSocket(
  { family, port, ip, heard }: { family: 4 | 6; port: number; ip?: string; heard: Heard },
  prepare: (socket: Socket) => void,
): Promise<Socket> {
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    reuseAddr: true,
    ipv6Only: family === 6,
  })
  try {
    const bound = Promise.withResolvers<void>()
    socket.once('error', bound.reject)
    socket.bind({ port, ...(ip === undefined ? {} : { address: ip }) }, () => bound.resolve())
    await bound.promise
    socket.off('error', bound.reject)
    prepare(socket)
    socket.setMulticastTTL(1)
    socket.setMulticastLoopback(true)
  } catch (error) {
    socket.close()
    throw error
  }
  // a later error concerns one datagram that could not be sent
  socket.on('error', () => {})
  socket.on('message', (bytes, from) => heard(Uint8Array.from(bytes), from))
  return socket
}

function closeSocket(socket: Socket): Promise<void> {
  const closed = Promise.withResolvers<void>()
  socket.close(() => closed.resolve())
  return closed.promise
}

/** Whether an address is on one of this machine's own links: it shares their first 64 bits (RFC 4291 §2.5.4). */
export function isOnLink(ip: string, own: readonly string[] = ownIp6()): boolean {
  const prefix = (text: string): string => ip6Groups(text).slice(0, 4).join()
  return own.some((one) => prefix(one) === prefix(ip))
}

function ownIp6(): readonly string[] {
  return ownAddresses().flatMap(({ ip, family }) => (family === 6 ? [ip] : []))
}
