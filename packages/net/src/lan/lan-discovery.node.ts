import type { RemoteInfo } from 'node:dgram'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createWaker } from '../backoff.ts'
import { isNetError } from '../errors.ts'
import { createBudget } from '../floods/budget.ts'
import { parsePeer, peerOfPublicKey } from '../identity.ts'
import { isLinkLocalIp6, isPrivateIp4 } from '../ip-address.ts'
import {
  decodeAnnouncement,
  decodeWaiting,
  encodeAnnouncement,
  encodeWaiting,
  isWaitingAnnouncement,
} from './lan-announcement.ts'
import { LAN_PORT, type LanDiscovery, type LanDiscoveryOptions } from './lan-discovery.ts'
import { createLanSockets, isOnLink, type LanSockets } from './lan-sockets.node.ts'
import { createLanTags, type LanTags } from './lan-tags.node.ts'
import { createNearbyList, type NearbyList } from './nearby-list.ts'

/** After something changed an announcement is repeated: datagrams get lost, links take a moment. */
const BURST_MS = [700, 2_000, 6_000]
/** Then this often: a peer that missed all is found within it. */
const PERIOD_MS = 20_000
/** A person waits before the screen; whoever looks hears of the device within this. */
const WAITING_PERIOD_MS = 1_500
/** Changes may come many at a time. */
const SPACING_MS = 300

/**
 * Budgets of what strangers can make us do (rule NET-44, catalogue A10): datagrams looked at per
 * source and in all, and times a recognised peer is dialled because of an announcement.
 */
const FROM_SOURCE = { burst: 40, every: 50, maxKeys: 512 }
const FROM_ALL = { burst: 400, every: 5, maxKeys: 1 }
const DIALS = { burst: 3, every: 10_000, maxKeys: 4_096 }

/** Starts announcing and listening on every interface, loopback too. */
export function startLanDiscovery(options: LanDiscoveryOptions): LanDiscovery {
  const stopped = new AbortController()
  const waker = createWaker()
  const tags = createLanTags(options.peer, options.kept, options.clock)
  const { signal } = stopped
  const nearby = createNearbyList(options.clock, { changed: options.nearbyChanged, signal })
  const sockets = createLanSockets(options.port ?? LAN_PORT, createEar(options, { tags, nearby }))
  const loop = announceForEver(options, { sockets, tags, waker, signal })
  let waiting: AbortController | undefined
  return {
    announce: () => {
      tags.renew()
      waker.wake()
    },
    announceWaiting: (isWaiting) => {
      if (isWaiting === (waiting !== undefined)) return
      waiting?.abort()
      waiting = isWaiting ? new AbortController() : undefined
      if (waiting === undefined) return
      const until = AbortSignal.any([signal, waiting.signal])
      void announceWaiting(options, { sockets, signal: until })
    },
    nearby: nearby.list,
    stop: async () => {
      stopped.abort()
      await loop
      await sockets.close()
    },
  }
}

interface Announcing {
  readonly sockets: LanSockets
  readonly tags: LanTags
  readonly waker: ReturnType<typeof createWaker>
  readonly signal: AbortSignal
}

async function announceForEver(
  options: LanDiscoveryOptions,
  { sockets, tags, waker, signal }: Announcing,
): Promise<void> {
  let sent = 0
  while (!signal.aborted) {
    await sockets.refresh()
    sockets.send((ip) => announcementFor(options, tags, ip))
    const why = await waker.sleep(BURST_MS[sent] ?? PERIOD_MS, { signal })
    sent = why === 'woken' ? 0 : sent + 1
    if (why === 'woken') await waker.sleep(SPACING_MS, { signal })
  }
}

/** Only while a person wants it: everybody who listens learns this device's id by it. */
async function announceWaiting(
  { peer, ports }: LanDiscoveryOptions,
  { sockets, signal }: Pick<Announcing, 'sockets' | 'signal'>,
): Promise<void> {
  const waker = createWaker()
  const publicKey = parsePeer(peer).publicKey?.raw
  while (publicKey !== undefined && !signal.aborted) {
    sockets.send((ip) => {
      const { tcp, ws } = ports(ip)
      return tcp === 0 && ws === 0 ? undefined : encodeWaiting({ publicKey, tcp, ws })
    })
    await waker.sleep(WAITING_PERIOD_MS, { signal })
  }
}

/** Where nobody could dial us there is nothing to announce. */
function announcementFor(
  { ports }: LanDiscoveryOptions,
  tags: LanTags,
  ip: string,
): Uint8Array | undefined {
  const { tcp, ws } = ports(ip)
  return tcp === 0 && ws === 0 ? undefined : encodeAnnouncement(tags.announcementOf({ tcp, ws }))
}

/** What is done with a datagram: as little as can be, until it is recognised. */
export function createEar(
  {
    clock,
    found,
    peer: self,
    logger,
  }: Pick<LanDiscoveryOptions, 'clock' | 'found' | 'peer' | 'logger'>,
  { tags, nearby }: { readonly tags: LanTags; readonly nearby: Pick<NearbyList, 'heard'> },
): (bytes: Uint8Array, from: RemoteInfo) => void {
  const fromSource = createBudget(FROM_SOURCE, clock)
  const fromAll = createBudget(FROM_ALL, clock)
  const dials = createBudget(DIALS, clock)

  return (bytes, from) => {
    if (isFar(from.address)) return
    if (!fromAll.take('') || !fromSource.take(from.address)) return
    // most IPv6 addresses are public, also at home: there it counts that it shares a link with us (NET-45)
    if (isIp6(from.address) && !isOnLink(from.address)) return
    if (isWaitingAnnouncement(bytes)) return hearWaiting(bytes, from.address)
    const announcement = tryDecode(bytes, decodeAnnouncement)
    const said = announcement === undefined ? undefined : tags.read(announcement)
    if (said === undefined || said.peer === self) return
    if (!dials.take(said.peer)) return
    logger.debug('a kept peer was seen on the local network')
    found(said.peer, addressesOf(said, from.address))
  }

  /** Nobody is dialled because of it: a person who looks for devices decides that (rule NET-48). */
  function hearWaiting(bytes: Uint8Array, source: string): void {
    const announcement = tryDecode(bytes, decodeWaiting)
    if (announcement === undefined) return
    const peer = peerOfPublicKey(announcement.publicKey)
    if (peer === self) return
    nearby.heard(source, { peer, addresses: addressesOf(announcement, source).map(String) })
  }
}

function tryDecode<T>(bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T | undefined {
  try {
    return decode(bytes)
  } catch (error) {
    if (isNetError(error, 'ERR_FRAME_MALFORMED')) return undefined
    throw error
  }
}

/** Seen at once; whether an IPv6 address is on our link takes a look at the interfaces. */
function isFar(ip: string): boolean {
  return isIp6(ip) ? isLinkLocalIp6(ip) : !isPrivateIp4(ip)
}

const isIp6 = (ip: string): boolean => ip.includes(':')

/** Only ever at the source: an announcement can name ports and nobody else's address. */
function addressesOf(
  { tcp, ws }: { readonly tcp: number; readonly ws: number },
  ip: string,
): readonly Multiaddr[] {
  const host = isIp6(ip) ? `/ip6/${ip}` : `/ip4/${ip}`
  return [
    ...(tcp === 0 ? [] : [multiaddr(`${host}/tcp/${tcp}`)]),
    ...(ws === 0 ? [] : [multiaddr(`${host}/tcp/${ws}/ws`)]),
  ]
}
