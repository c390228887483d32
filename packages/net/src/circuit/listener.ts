import {
  type Listener,
  type ListenerEvents,
  type PeerId,
  TypedEventEmitter,
} from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { TransportFactory } from '../platform.ts'

type AddressManager = Parameters<TransportFactory>[0]['addressManager']

/** Where others dial us through relays: the addresses of the reservations that stand. */
export class CircuitListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #addressManager: AddressManager
  readonly #addressesByRelay = new Map<string, readonly Multiaddr[]>()

  constructor(addressManager: AddressManager) {
    super()
    this.#addressManager = addressManager
  }

  add(relay: PeerId, addresses: readonly Multiaddr[]): void {
    this.#addressesByRelay.set(relay.toString(), addresses)
    for (const address of addresses) {
      // unconfirmed public addresses are not announced, and a reservation is the confirmation
      this.#addressManager.confirmObservedAddr(address, { type: 'transport' })
    }
    this.safeDispatchEvent('listening')
  }

  remove(relay: PeerId): void {
    if (this.#addressesByRelay.delete(relay.toString())) this.safeDispatchEvent('listening')
  }

  async listen(): Promise<void> {}

  getAddrs(): Multiaddr[] {
    return [...this.#addressesByRelay.values()].flat()
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    this.#addressesByRelay.clear()
    queueMicrotask(() => this.safeDispatchEvent('close'))
  }
}
