import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { parseAddress, parseRelay, pathOf } from './addresses.ts'
import { peerOfPublicKey } from './identity.ts'
import { createNetRules } from './lan/lan-rule.ts'
import { testIdentity } from './testing/fixtures.ts'
import { stunServersOf } from './transports/stun.ts'
import { createAddressBook, MAX_ADDRESSES_PER_SOURCE } from './ways/address-book.ts'

const relay = peerOfPublicKey(testIdentity('relay').publicKey)
const ben = peerOfPublicKey(testIdentity('ben').publicKey)

describe('NET-30 which way an address is', () => {
  test.for([
    ['/ip4/127.0.0.1/tcp/1', 'lan'],
    ['/ip4/10.1.2.3/tcp/1/ws', 'lan'],
    ['/ip4/172.16.0.1/tcp/1', 'lan'],
    ['/ip4/172.31.255.255/udp/1/webrtc-direct', 'lan'],
    ['/ip4/172.32.0.1/tcp/1', 'direct'],
    ['/ip4/192.168.1.2/tcp/1', 'lan'],
    ['/ip4/192.169.1.2/tcp/1', 'direct'],
    ['/ip4/169.254.1.1/tcp/1', 'lan'],
    ['/ip4/100.64.0.1/tcp/1', 'direct'],
    ['/ip4/203.0.113.4/tcp/1', 'direct'],
    ['/ip6/::1/tcp/1', 'lan'],
    ['/ip6/fe80::1/tcp/1', 'lan'],
    ['/ip6/fd12:3456::1/tcp/1', 'lan'],
    ['/ip6/2001:db8::1/tcp/1', 'direct'],
    ['/ip6/::ffff:192.168.1.2/tcp/1', 'lan'],
    ['/ip6/::ffff:203.0.113.4/tcp/1', 'direct'],
    ['/dns4/relay.example/tcp/443/tls/ws', 'direct'],
    ['/dns4/localhost/tcp/1', 'lan'],
    [`/ip4/127.0.0.1/tcp/1/p2p/${relay}/p2p-circuit/p2p/${ben}`, 'relayed'],
    [`/ip4/127.0.0.1/tcp/1/p2p/${relay}/p2p-circuit/webrtc/p2p/${ben}`, 'direct'],
  ])('NET-30 %s is %s', ([text, path]) => {
    expect(pathOf(multiaddr(text))).toBe(path)
  })
})

describe('NET-31 the address book', () => {
  test('NET-31 keeps so many addresses, each once, and none of another peer', () => {
    const book = createAddressBook()
    const many = Array.from({ length: 100 }, (_, index) => `/ip4/192.0.2.1/tcp/${index + 1}`)
    book.set(ben, 'given', [`/ip4/192.0.2.9/tcp/1/p2p/${relay}`, 'nonsense', ...many, ...many])
    const kept = book.get(ben)
    expect(kept).toHaveLength(MAX_ADDRESSES_PER_SOURCE)
    expect(kept.every((one) => one.toString().endsWith(`/p2p/${ben}`))).toBe(true)
  })

  test('NET-31 says whether something new was learned, and forgets who is not kept', () => {
    const book = createAddressBook()
    expect(book.set(ben, 'told', ['/ip4/192.0.2.1/tcp/1'])).toBe(true)
    expect(book.set(ben, 'told', ['/ip4/192.0.2.1/tcp/1'])).toBe(false)
    expect(book.add(ben, 'seen', multiaddr('/ip4/192.168.1.1/tcp/1'), 2)).toBe(true)
    expect(book.add(ben, 'seen', multiaddr('/ip4/192.168.1.1/tcp/1'), 2)).toBe(false)
    book.add(ben, 'seen', multiaddr('/ip4/192.168.1.2/tcp/1'), 2)
    book.add(ben, 'seen', multiaddr('/ip4/192.168.1.3/tcp/1'), 2)
    expect(book.get(ben).map(String)).not.toContain('/ip4/192.168.1.1/tcp/1')
    book.retain(new Set())
    expect(book.get(ben)).toEqual([])
  })

  test('NET-31 addresses of no sane length and relays without a name are refused', () => {
    expect(() => parseAddress(`/dns4/${'a'.repeat(500)}/tcp/1`)).toThrow(/too long/)
    expect(() => parseRelay('/ip4/192.0.2.1/tcp/1')).toThrow(/peer id/)
    expect(() => parseRelay(`/ip4/192.0.2.1/tcp/1/p2p/${relay}/p2p-circuit/p2p/${ben}`)).toThrow()
  })
})

describe('NET-36 rules without a LAN', () => {
  const rules = createNetRules({ lan: false, refused: new Set(), relays: new Set([relay]) })
  const overRelay = (id: string): string => `/ip4/127.0.0.1/tcp/1/p2p/${id}/p2p-circuit/p2p/${ben}`

  test('NET-36 a private address is dialled over our own relay and not otherwise', () => {
    expect(rules.mayDial(multiaddr('/ip4/192.168.1.2/tcp/1'))).toBe(false)
    expect(rules.mayDial(multiaddr('/ip4/203.0.113.4/tcp/1'))).toBe(true)
    expect(rules.mayDial(multiaddr(overRelay(relay)))).toBe(true)
    expect(rules.mayDial(multiaddr(overRelay(ben)))).toBe(false)
  })
})

test('NET-7 STUN is asked of our own relays', () => {
  const relays = [
    '/ip4/203.0.113.4/tcp/4001',
    '/ip4/203.0.113.4/tcp/4002/ws',
    '/ip6/2001:db8::1/tcp/1',
  ]
  expect(stunServersOf(relays.map((text) => multiaddr(text)))).toEqual([
    'stun:203.0.113.4:3478',
    'stun:[2001:db8::1]:3478',
  ])
})
