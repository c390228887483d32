import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { ip6Groups } from './ip-address.ts'
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

  test('every way to write an address means the same groups', () => {
    expect(ip6Groups('::')).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
    expect(ip6Groups('1::')).toEqual([1, 0, 0, 0, 0, 0, 0, 0])
    expect(ip6Groups('::1')).toEqual([0, 0, 0, 0, 0, 0, 0, 1])
    expect(ip6Groups('2001:DB8::0a:1')).toEqual([0x2001, 0xdb8, 0, 0, 0, 0, 10, 1])
    expect(ip6Groups('::ffff:192.0.2.1')).toEqual([0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201])
  })
})
