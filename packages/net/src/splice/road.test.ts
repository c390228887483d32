import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { type RoadOpener, waysTo } from './road.ts'
import { tcpRoads } from './tcp-road.node.ts'
import { webSocketRoads } from './websocket-road.ts'

const RELAY = '12D3KooWRYphYdiFXJzLTBHJgRGHMxsn1QWSmfXU3UFSYqUYVSCN'
const node = { openers: [tcpRoads, webSocketRoads], usesTold: true }
const page = { openers: [webSocketRoads], usesTold: false }

/** Where a ticket of a relay that is reached at an address is presented. */
function ways(
  reached: string,
  { told = [] as readonly string[], roads = node, direction = 'outbound' as const } = {},
): readonly string[] {
  const relay = { remoteAddr: multiaddr(reached), direction }
  const bytes = told.map((one) => multiaddr(one).bytes)
  return waysTo(relay, bytes, roads).map(({ address }) => address.toString())
}

describe('NET-72 where a ticket is presented', () => {
  test.each([
    `/ip4/203.0.113.7/tcp/4001/p2p/${RELAY}`,
    `/ip6/2001:db8::7/tcp/4001/p2p/${RELAY}`,
    `/dns/relay.example/tcp/4001/p2p/${RELAY}`,
    `/ip4/203.0.113.7/tcp/4002/ws/p2p/${RELAY}`,
    `/dns4/relay.example/tcp/443/tls/ws/p2p/${RELAY}`,
    `/dns4/relay.example/tcp/443/wss/p2p/${RELAY}`,
  ])('NET-72 at the very address the relay was reached at: %s', (reached) => {
    expect(ways(reached, { told: ['/ip4/198.51.100.1/tcp/9'] })).toEqual([reached])
  })

  test('NET-72 else at the port it tells, TCP first, and never on another host', () => {
    const reached = `/ip4/203.0.113.7/udp/4001/webrtc-direct/p2p/${RELAY}`
    const told = [
      '/ip4/10.0.0.1/tcp/4002/ws',
      '/ip4/127.0.0.1/tcp/4001',
      '/ip4/192.168.1.1/udp/4001/webrtc-direct',
      '/ip4/192.168.1.1/tcp/22',
    ]
    expect(ways(reached, { told })).toEqual([
      '/ip4/203.0.113.7/tcp/4001',
      '/ip4/203.0.113.7/tcp/22',
    ])
    expect(ways(reached, { told: told.slice(0, 2) })).toEqual([
      '/ip4/203.0.113.7/tcp/4001',
      '/ip4/203.0.113.7/tcp/4002/ws',
    ])
  })

  test('NET-72 C1 told bytes that are no address lead nowhere', () => {
    const relay = {
      remoteAddr: multiaddr('/ip4/203.0.113.7/udp/1/webrtc-direct'),
      direction: 'outbound' as const,
    }
    expect(waysTo(relay, [Uint8Array.of(0xff, 0xff), new Uint8Array(0)], node)).toEqual([])
  })

  test('NET-72 a page presents a ticket by WebSocket, and only where it is connected by one', () => {
    const told = ['/ip4/203.0.113.7/tcp/4002/ws']
    expect(
      ways(`/ip4/203.0.113.7/udp/4001/webrtc-direct/p2p/${RELAY}`, { told, roads: page }),
    ).toEqual([])
    const reached = `/ip4/203.0.113.7/tcp/4002/ws/p2p/${RELAY}`
    expect(ways(reached, { told, roads: page })).toEqual([reached])
  })

  test.each([
    [tcpRoads, `/ip4/203.0.113.7/tcp/4001/ws`],
    [tcpRoads, `/ip4/203.0.113.7/udp/4001/quic-v1`],
    [tcpRoads, `/ip4/203.0.113.7/tcp/4001/p2p/${RELAY}/p2p-circuit`],
    [webSocketRoads, `/ip4/203.0.113.7/tcp/4001`],
    [webSocketRoads, `/ip4/203.0.113.7/tcp/4001/tls`],
  ])('NET-71 a road fits only its own kind of address', (opener: RoadOpener, address) => {
    expect(opener.fits(multiaddr(address))).toBe(false)
  })
})
