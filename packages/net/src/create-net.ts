import { DeviceNet } from './device-net.ts'
import type { Clock, NetLogger, Rng } from './environment.ts'
import { createHostOn } from './host.ts'
import { createNetRules } from './lan/lan-rule.ts'
import type { Net, NetIdentity, PeerIdText } from './net.ts'
import type { Platform } from './platform.ts'
import type { Introduce } from './relays/relay-keeper.ts'
import { createRelayList } from './relays/relay-list.ts'
import type { HostCertificate } from './transports/certificate.ts'
import { stunServersOf } from './transports/stun.ts'
import { createActivity } from './ways/activity.ts'

/** What {@link createNet} is given. */
export interface NetOptions {
  readonly identity: NetIdentity
  /** Multiaddrs to listen on. Default: TCP, WebSocket and webrtc-direct on every interface. */
  readonly listen?: readonly string[]
  /** Multiaddrs of relays, each with `/p2p/…`, to hold a reservation on. */
  readonly relays?: readonly string[]
  /** Called with each relay that was connected, before a reservation is asked for; it may throw. */
  readonly introduce?: Introduce
  /**
   * Whether this device is found on, dials, announces and answers the local network. Default true.
   * Without it, peers reach each other through relays and public addresses only.
   */
  readonly lan?: boolean
  readonly clock: Clock
  readonly rng: Rng
  /** For webrtc-direct, so that pages on this network can dial this device. */
  readonly certificate?: HostCertificate
  readonly logger?: NetLogger
  /** ms between two questions whether an idle connection still lives. Default 4,000. */
  readonly heartbeat?: number
  /** UDP port of LAN announcements; tests keep apart by it. */
  readonly lanPort?: number
  /** Aborts the start; a net that has started is ended by `stop`. */
  readonly signal?: AbortSignal
}

/** Over a slow relay a handshake, or the signals of WebRTC, take several seconds (rule NET-3). */
const UPGRADE_TIMEOUT = 8_000

/** Starts the network of a device. @throws ERR_ADDRESS when a relay's address cannot be used */
export async function createNetOn(platform: Platform, options: NetOptions): Promise<Net> {
  const relays = createRelayList(options.relays ?? [])
  const refused = new Set<PeerIdText>()
  const lan = options.lan ?? true
  const rules = createNetRules({
    lan,
    refused,
    relays,
  })
  const activity = createActivity(options.clock)
  const host = await createHostOn(platform, {
    identity: options.identity,
    listen: options.listen ?? (lan ? platform.defaultListen(listenKinds(options)) : []),
    announceFilter: rules.announced,
    iceServers: () => stunServersOf(relays.addresses()),
    // ICE offers private addresses by itself, which `lan: false` rules out
    webrtc: lan,
    gate: rules.gate,
    clock: options.clock,
    // our own heartbeat spares busy connections
    limits: { heartbeat: 0, upgradeTimeout: UPGRADE_TIMEOUT },
    onActivity: activity.mark,
    ...(options.certificate === undefined ? {} : { certificate: options.certificate }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  if (options.signal?.aborted) await host.stop()
  options.signal?.throwIfAborted()
  const net = new DeviceNet({ platform, options, host, rules, refused, relays, lan, activity })
  net.start()
  return net
}

function listenKinds({ certificate }: NetOptions): { readonly certificate: boolean } {
  return { certificate: certificate !== undefined }
}
