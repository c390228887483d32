import { describe, expect, test } from 'vitest'
import { ip6Groups, isLinkLocalIp6, isPrivateIp6, mappedIp4 } from './ip-address.ts'

describe('RFC 4291 addresses in text', () => {
  test.for([
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['1::', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['2001:DB8::0a:1', [0x2001, 0xdb8, 0, 0, 0, 0, 10, 1]],
    ['fe80::1%eth0', [0xfe80, 0, 0, 0, 0, 0, 0, 1]],
    ['::ffff:192.0.2.1', [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201]],
  ] as const)('every way to write an address means the same groups: %s', ([ip, groups]) => {
    expect(ip6Groups(ip)).toEqual(groups)
  })

  test('IPv4 inside IPv6 is told from what only looks like it', () => {
    expect(mappedIp4('::ffff:c000:201')).toBe('192.0.2.1')
    expect(mappedIp4('0:0:0:0:0:ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(mappedIp4('1::ffff:192.0.2.1')).toBeUndefined()
    expect(mappedIp4('::192.0.2.1')).toBeUndefined()
  })

  test.for([
    ['::1', true],
    ['0:0:0:0:0:0:0:1', true],
    ['1::1', false],
    ['fe80::1%eth0', true],
    ['fd00::1', true],
    ['fe00::1', false],
    ['0:0:0:0:0:ffff:10.0.0.1', true],
    ['::ffff:203.0.113.4', false],
  ] as const)('NET-30 %s is private: %s', ([ip, isPrivate]) => {
    expect(isPrivateIp6(ip)).toBe(isPrivate)
  })

  test('a link has fe80::/10 for itself', () => {
    expect(['fe80::1', 'FEBF::1', 'fec0::1', 'fd00::1'].map(isLinkLocalIp6)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
