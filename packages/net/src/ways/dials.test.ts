import type { Connection } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import type { Host } from '../host.ts'
import { peerOfPublicKey } from '../identity.ts'
import { createNetRules } from '../lan/lan-rule.ts'
import { testIdentity } from '../testing/fixtures.ts'
import type { Connections } from './connections.ts'
import { createDials, type Dials } from './dials.ts'

const ben = peerOfPublicKey(testIdentity('ben').publicKey)
const ours = peerOfPublicKey(testIdentity('our relay').publicKey)
const theirs = peerOfPublicKey(testIdentity('their relay').publicKey)

const near = multiaddr(`/ip4/192.168.1.2/tcp/1/p2p/${ben}`)
const circuit = (relay: string, way: string, rest = ''): Multiaddr =>
  multiaddr(`/ip4/203.0.113.1/${way}/p2p/${relay}/p2p-circuit${rest}/p2p/${ben}`)

const NOBODY: Connections = {
  best: () => undefined,
  path: () => undefined,
  all: (): readonly Connection[] => [],
  peers: () => [],
  prune: async () => {},
  closeAll: async () => {},
}

/** Dials of a host whose transports do what the test says. */
function dialsOf(
  known: readonly Multiaddr[],
  dial: (address: string, signal: AbortSignal) => Promise<Connection>,
): Dials {
  const host = {
    services: {
      transports: {
        dial: (address: Multiaddr, { signal }: { signal: AbortSignal }) =>
          dial(address.toString(), signal),
      },
    },
  } as unknown as Host
  return createDials({
    host,
    connections: NOBODY,
    rules: createNetRules({ lan: true, refused: new Set(), relays: new Set([ours]) }),
    known: () => known,
    relays: () => [multiaddr(`/ip4/203.0.113.1/tcp/4001/p2p/${ours}`)],
    stopped: new AbortController().signal,
  })
}

describe('NET-53 ways to a peer', () => {
  test('NET-53 of several addresses of a relay one is dialled, and WebRTC is tried at one', () => {
    const known = [
      near,
      circuit(ours, 'tcp/4001'),
      circuit(ours, 'tcp/4002/ws'),
      circuit(theirs, 'tcp/4001'),
      circuit(theirs, 'tcp/4001', '/webrtc'),
      circuit(ours, 'tcp/4002/ws', '/webrtc'),
      circuit(ours, 'tcp/4001', '/webrtc'),
    ]
    const dials = dialsOf(known, () => Promise.reject(new Error('not in this test')))
    expect(dials.addresses(ben).map(String)).toEqual(
      [
        near,
        circuit(theirs, 'tcp/4001'),
        circuit(ours, 'tcp/4001'),
        circuit(ours, 'tcp/4002/ws', '/webrtc'),
      ].map(String),
    )
  })
})

describe('NET-25 dials of one peer', () => {
  const signal = new AbortController().signal

  test('NET-25 one that knows more ways does not wait for one that knows fewer', async () => {
    const connection = { remoteAddr: near } as unknown as Connection
    const dialled: string[] = []
    const dials = dialsOf([], (address, { aborted }) => {
      dialled.push(address)
      // the address on the LAN swallows everything
      return address === near.toString() || aborted
        ? new Promise(() => {})
        : Promise.resolve(connection)
    })
    void dials.dial(ben, [near], signal).catch(() => undefined)
    const found = await dials.dial(ben, [near, circuit(ours, 'tcp/4001')], signal)
    expect(found).toBe(connection)
    expect(dialled.filter((one) => one === near.toString())).toHaveLength(2)
  })

  test('NET-25 one that knows no more joins the one under way', async () => {
    const connection = { remoteAddr: near } as unknown as Connection
    let answer = (_: Connection): void => undefined
    let count = 0
    const dials = dialsOf([], () => {
      count += 1
      return new Promise((resolve) => {
        answer = resolve
      })
    })
    const both = [dials.dial(ben, [near], signal), dials.dial(ben, [near], signal)]
    await expect.poll(() => count).toBe(1)
    answer(connection)
    expect(await Promise.all(both)).toEqual([connection, connection])
    expect(count).toBe(1)
  })
})
