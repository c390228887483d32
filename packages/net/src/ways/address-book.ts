import type { Multiaddr } from '@multiformats/multiaddr'
import { addressOf, parseAddress } from '../addresses.ts'
import { isNetError } from '../errors.ts'
import type { PeerIdText } from '../net.ts'

/** Addresses of one source kept for one peer (rule NET-31). */
export const MAX_ADDRESSES_PER_SOURCE = 16

/** Where an address is known from: given by our host, told by the peer itself, seen on the LAN. */
export type AddressSource = 'given' | 'told' | 'seen'

/** What is known of where peers can be dialled; hints only, a connection proves the peer. */
export interface AddressBook {
  /** Replaces what one source says of a peer. Addresses of other peers are left out. */
  set(peer: PeerIdText, source: AddressSource, addresses: readonly (string | Multiaddr)[]): boolean
  /** Adds one address in front, dropping the oldest beyond `max`. */
  add(peer: PeerIdText, source: AddressSource, address: Multiaddr, max: number): boolean
  /** All addresses of a peer, each once. */
  get(peer: PeerIdText): readonly Multiaddr[]
  /** Forgets everything of peers that are not kept, except what was given. */
  retain(peers: ReadonlySet<PeerIdText>): void
}

/** Makes an empty book. */
export function createAddressBook(): AddressBook {
  const books = new Map<PeerIdText, Map<AddressSource, readonly Multiaddr[]>>()

  const write = (
    peer: PeerIdText,
    source: AddressSource,
    addresses: readonly Multiaddr[],
  ): boolean => {
    const book = books.get(peer) ?? new Map<AddressSource, readonly Multiaddr[]>()
    const before = book.get(source) ?? []
    book.set(source, addresses)
    books.set(peer, book)
    return textOf(before) !== textOf(addresses)
  }

  return {
    set: (peer, source, addresses) =>
      write(peer, source, usable(peer, addresses).slice(0, MAX_ADDRESSES_PER_SOURCE)),
    add: (peer, source, address, max) => {
      const before = books.get(peer)?.get(source) ?? []
      const others = before.filter((one) => !one.equals(address))
      if (others.length < before.length) return false
      return write(peer, source, [address, ...others].slice(0, max))
    },
    get: (peer) => unique([...(books.get(peer)?.values() ?? [])].flat()),
    retain: (peers) => {
      for (const [peer, book] of books) {
        if (peers.has(peer)) continue
        book.delete('told')
        book.delete('seen')
        if (book.size === 0) books.delete(peer)
      }
    },
  }
}

/** What somebody else wrote may be anything; what cannot be used is left out without a word. */
function usable(
  peer: PeerIdText,
  addresses: readonly (string | Multiaddr)[],
): readonly Multiaddr[] {
  return unique(
    addresses.slice(0, 4 * MAX_ADDRESSES_PER_SOURCE).flatMap((one) => {
      try {
        return [addressOf(typeof one === 'string' ? parseAddress(one) : one, peer)]
      } catch (error) {
        if (isNetError(error, 'ERR_ADDRESS')) return []
        throw error
      }
    }),
  )
}

function unique(addresses: readonly Multiaddr[]): readonly Multiaddr[] {
  return [...new Map(addresses.map((one) => [one.toString(), one])).values()]
}

function textOf(addresses: readonly Multiaddr[]): string {
  return addresses.map(String).sort().join()
}
