import { describe, expect, test } from 'vitest'
import { relaysOf } from './relays.ts'

const PEER = '/p2p/12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'
const WS = `/ip4/127.0.0.1/tcp/4002/ws${PEER}`
const DIRECT = `/ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/uEiAbc${PEER}`

describe('the list of relays', () => {
  test('WEB-3 keeps what a page can dial', () => {
    const list = [`/ip4/127.0.0.1/tcp/4001${PEER}`, WS, DIRECT, '/dns4/example.org/tcp/443/wss']
    expect(relaysOf(list)).toEqual([WS, DIRECT, '/dns4/example.org/tcp/443/wss'])
  })

  test.each([
    ['no list', { relays: [WS] }],
    ['nothing', null],
    ['something that is no address', ['https://evil.example/']],
    ['a number', [4001]],
    ['an address without end', [`/${'a'.repeat(600)}`]],
    ['too many addresses', Array.from({ length: 65 }, () => WS)],
  ])('WEB-3 refuses %s', (_what, list) => {
    expect(() => relaysOf(list)).toThrow('no list of relays')
  })
})
