import type { ConnectionGater, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isPrivateAddress, relayOf } from '../addresses.ts'
import type { PeerIdText } from '../net.ts'

/** Which addresses a device uses and which connections it takes. */
export interface NetRules {
  readonly gate: ConnectionGater
  /** Whether an address of a peer may be dialled. */
  mayDial(address: Multiaddr): boolean
  /** Our addresses that others are told. */
  announced(addresses: readonly Multiaddr[]): Multiaddr[]
  isRefused(peer: PeerIdText): boolean
}

/** What the rules depend on. */
export interface NetRuleParts {
  readonly lan: boolean
  readonly refused: ReadonlySet<PeerIdText>
  /** Peer ids of our own relays. */
  readonly relays: Pick<ReadonlySet<PeerIdText>, 'has'>
}

/**
 * With `lan: false` private addresses are neither dialled nor told nor answered, but for our own
 * relays: they were named by the person (rule NET-36). Refused peers are cut off as soon as Noise has
 * proved who they are (rule NET-37).
 */
export function createNetRules({ lan, refused, relays }: NetRuleParts): NetRules {
  const isRefused = (peer: PeerIdText): boolean => refused.has(peer)
  // A device is an Ed25519 key; peers of other kinds have no id here, and nobody to be.
  const deny = (peer: PeerId): boolean => peer.type !== 'Ed25519' || isRefused(peer.toString())
  const mayDial = (address: Multiaddr): boolean => {
    if (lan || !isPrivateAddress(address)) return true
    const relay = relayOf(address)
    return relay !== undefined && relays.has(relay)
  }
  return {
    mayDial,
    isRefused,
    announced: (addresses) => addresses.filter(mayDial),
    gate: {
      denyDialPeer: deny,
      denyDialMultiaddr: () => false,
      denyInboundConnection: ({ remoteAddr }) => !lan && isDirectPrivate(remoteAddr),
      denyInboundEncryptedConnection: deny,
      denyOutboundEncryptedConnection: deny,
      denyInboundRelayedConnection: (_relay, peer) => deny(peer),
    },
  }
}

function isDirectPrivate(address: Multiaddr): boolean {
  return relayOf(address) === undefined && isPrivateAddress(address)
}
