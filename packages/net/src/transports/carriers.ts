import type { Connection } from '@libp2p/interface'
import { isWebRtc, pathOf } from '../addresses.ts'
import type { Reachability } from '../net.ts'
import { isSpliced } from '../splice/spliced.ts'

/** What carries a connection (rule NET-59). A circuit and a splice have the same address: who made it knows. */
export function carrierOf(connection: Connection): NonNullable<Reachability['over']> {
  const { remoteAddr } = connection
  if (isWebRtc(remoteAddr)) return 'webrtc'
  if (pathOf(remoteAddr) === 'relayed') return isSpliced(connection) ? 'splice' : 'circuit'
  const names = new Set(remoteAddr.getComponents().map(({ name }) => name))
  if (names.has('webrtc-direct')) return 'webrtc'
  return names.has('ws') || names.has('wss') ? 'websocket' : 'tcp'
}
