import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Libp2p } from '@libp2p/interface'
import { createRelay } from '../relay.ts'
import type { Relay, RelayOptions } from '../relay-options.ts'
import { createStockPeer, type StockPeerOptions } from './stock-peer.ts'

/** The address of a relay over plain TCP. */
export function tcpAddressOf(relay: { readonly addresses: readonly string[] }): string {
  return relay.addresses.find((address) => !address.includes('/ws/')) ?? ''
}

/** What a test started; stopped and removed, last first, by {@link World.stop}. */
export interface World {
  home(): Promise<string>
  relay(options?: Partial<RelayOptions>): Promise<Relay>
  peer(options?: StockPeerOptions): Promise<Libp2p>
  stop(): Promise<void>
}

/** A relay on loopback TCP and WebSocket with any ports, and stock peers around it. */
export function createWorld(): World {
  const closers: (() => unknown)[] = []
  const home = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'kith-relay-'))
    closers.push(() => rm(folder, { recursive: true, force: true }))
    return folder
  }
  return {
    home,
    async relay(options = {}) {
      const relay = await createRelay({
        home: options.home ?? (await home()),
        listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
        admin: 'off',
        stun: 'off',
        open: true,
        ...options,
      })
      closers.push(() => relay.stop())
      return relay
    },
    async peer(options = {}) {
      const peer = await createStockPeer(options)
      closers.push(() => peer.stop())
      return peer
    },
    async stop() {
      for (const close of closers.splice(0).toReversed()) await close()
    },
  }
}
