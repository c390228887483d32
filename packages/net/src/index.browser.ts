import { createNetOn, type NetOptions } from './create-net.ts'
import { createHostOn, type Host, type HostOptions } from './host.ts'
import type { Net } from './net.ts'
import { browserPlatform } from './platform.browser.ts'

export { isLoopback, isOutside, pathOf } from './addresses.ts'
export {
  CIRCUIT_STATUS,
  type CircuitCodec,
  type CircuitLimit,
  type CircuitStatus,
  HOP_PROTOCOL,
  type HopMessage,
  hopMessageCodec,
  MAX_CIRCUIT_MESSAGE_BYTES,
  type Reservation,
  STOP_PROTOCOL,
  type StopMessage,
  stopMessageCodec,
} from './circuit/messages.ts'
export { sealVoucher, type Voucher } from './circuit/voucher.ts'
export type { NetComplianceCase, NetWorld } from './compliance/case.ts'
export { netCompliance } from './compliance/suite.ts'
export type { NetOptions } from './create-net.ts'
export type { Clock, NetLogger, Rng } from './environment.ts'
export { isNetError, NetError, type NetErrorCode } from './errors.ts'
export type { Admit, NewSocket } from './floods/new-socket.ts'
export { createFrameStream } from './framing/frame-stream.ts'
export { encodeFrame, type FirstFrame, firstFrame } from './framing/framing.ts'
export {
  DEFAULT_HOST_LIMITS,
  type Host,
  type HostLimits,
  type HostOptions,
  type HostServices,
} from './host.ts'
export { parsePeer, peerOfMultihash, peerOfPublicKey, privateKeyOf } from './identity.ts'
export { ip6Groups, isLinkLocalIp6, isLoopbackHost, mappedIp4 } from './ip-address.ts'
export type { MemoryHub } from './memory/hub.ts'
export { createMemoryHub, createMemoryNet } from './memory/net.ts'
export type {
  FrameStream,
  NearbyPeer,
  Net,
  NetEvents,
  NetIdentity,
  NetProtocol,
  PeerIdText,
  Reachability,
  Reachable,
  RelayState,
} from './net.ts'
export {
  MAX_USAGE_BYTES,
  openUsage,
  sealUsage,
  USAGE_PROTOCOL,
  type UsageRecord,
} from './relays/usage.ts'
export {
  SPLICE_PROTOCOL,
  type SpliceMessage,
  type SpliceTicket,
  spliceMessageCodec,
  spliceStatus,
} from './splice/messages.ts'
export { JOINED, SPLICE_PATH, TICKET_BYTES } from './splice/preface.ts'
export type { Present, RawRoad } from './splice/raw-road.ts'
export { createCertificate, type HostCertificate } from './transports/certificate.ts'
export { STUN_PORT } from './transports/stun.ts'

/** Starts a libp2p node set up for this mesh; a device's net and the relay both stand on it. */
export function createHost(options: HostOptions): Promise<Host> {
  return createHostOn(browserPlatform, options)
}

/** Starts the network of a device. @throws ERR_ADDRESS when a relay's address cannot be used */
export function createNet(options: NetOptions): Promise<Net> {
  return createNetOn(browserPlatform, options)
}
