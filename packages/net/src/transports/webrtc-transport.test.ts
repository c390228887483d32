import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { describe, expect, test } from 'vitest'
import { webRtcTransport } from './webrtc-transport.ts'

/** A transport whose inbound side upgrades whatever it is given, as @libp2p/webrtc does. */
function upgradesOf(upgraded: unknown[]): {
  inbound(connection: object): Promise<unknown>
  outbound(connection: object): Promise<unknown>
} {
  const upgrader = {
    upgradeInbound: async (connection: unknown) => upgraded.push(connection),
    upgradeOutbound: async (connection: unknown) => upgraded.push(connection),
  } as unknown as Upgrader
  let inside: { readonly upgrader: Upgrader } | undefined
  const factory = webRtcTransport((components) => {
    inside = components
    return {
      dial: async (connection: unknown, options: { upgrader: Upgrader }) =>
        options.upgrader.upgradeOutbound(connection as MultiaddrConnection, { signal: NEVER }),
    } as unknown as Transport
  })
  const transport = factory({ upgrader } as Parameters<typeof factory>[0])
  return {
    inbound: async (connection) =>
      inside?.upgrader.upgradeInbound(connection as MultiaddrConnection, { signal: NEVER }),
    outbound: (connection) =>
      transport.dial(connection as never, { upgrader, signal: NEVER } as never),
  }
}

const NEVER = new AbortController().signal

describe('NET-51 WebRTC', () => {
  test.each(['inbound', 'outbound'] as const)(
    'NET-51 an %s connection whose ICE failed is none',
    async (side) => {
      const upgraded: unknown[] = []
      const upgrade = upgradesOf(upgraded)[side]
      for (const connectionState of ['new', 'connecting', 'failed', 'closed', 'disconnected']) {
        await expect(upgrade({ peerConnection: { connectionState } })).rejects.toMatchObject({
          code: 'ERR_UNREACHABLE',
        })
      }
      await expect(upgrade({})).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
      expect(upgraded).toEqual([])
      const good = { peerConnection: { connectionState: 'connected' } }
      await upgrade(good)
      expect(upgraded).toEqual([good])
    },
  )
})
