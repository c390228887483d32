import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { sourceOf, sourceOfIp } from './source-address.ts'

describe('RLY-7 whom limits per address count as one', () => {
  test.each([
    ['/ip4/192.0.2.7/tcp/4001', '192.0.2.7'],
    ['/ip4/192.0.2.7/udp/9/webrtc-direct', '192.0.2.7'],
    ['/ip6/2001:db8:1:2:3:4:5:6/tcp/1', '2001:db8:1:2::/64'],
    ['/ip6/2001:db8:1:2::9/tcp/1/ws', '2001:db8:1:2::/64'],
    ['/ip6/::ffff:192.0.2.7/tcp/1', '192.0.2.7'],
    ['/ip6zone/eth0/ip6/fe80::1/tcp/1', 'fe80:0:0:0::/64'],
    ['/dns4/example.org/tcp/1', 'other'],
  ])('RLY-7 %s is %s', (address, source) => {
    expect(sourceOf(multiaddr(address))).toBe(source)
  })

  test('RLY-7 a socket and a multiaddr of one machine are the same', () => {
    expect(sourceOfIp('2001:db8:1:2::9')).toBe(sourceOf(multiaddr('/ip6/2001:db8:1:2::9/tcp/1')))
    expect(sourceOfIp('fe80::1%eth0')).toBe('fe80:0:0:0::/64')
  })
})
