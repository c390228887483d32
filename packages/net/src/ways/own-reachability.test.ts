import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { isOutside } from '../addresses.ts'
import { peerOfPublicKey } from '../identity.ts'
import type { Reachable, RelayState } from '../net.ts'
import { testIdentity } from '../testing/fixtures.ts'
import { reachableBy } from './own-reachability.ts'

const relay = peerOfPublicKey(testIdentity('relay').publicKey)
const ada = peerOfPublicKey(testIdentity('ada').publicKey)

const AT_HOME = '/ip4/192.168.0.7/tcp/1'
const PUBLIC = '/ip4/203.0.113.4/tcp/1'
const over = (host: string): string => `${host}/tcp/4001/p2p/${relay}/p2p-circuit/p2p/${ada}`

const relayAt = (host: string, state: RelayState['state'], reason?: string): RelayState => ({
  address: `${host}/tcp/4001/p2p/${relay}`,
  state,
  ...(reason === undefined ? {} : { reason }),
})

const said = (
  addresses: readonly string[],
  relays: readonly RelayState[] = [],
  isVisited = false,
): Reachable =>
  reachableBy({ isVisited, relays, addresses: addresses.map((text) => multiaddr(text)) })

test.each([
  ['a relay on the internet holds a place', [AT_HOME, over('/ip4/198.51.100.2')], 'yes', '198.51'],
  ['a relay with a name', [AT_HOME, over('/dns4/relay.example')], 'yes', 'relay.example'],
  ['a relay of this machine', [AT_HOME, over('/ip4/127.0.0.1')], 'unknown', '127.0.0.1'],
  ['a relay at home', [AT_HOME, over('/ip4/192.168.0.2')], 'unknown', '192.168.0.2'],
  ['a public address', [AT_HOME, PUBLIC], 'unknown', '203.0.113.4 is public, but nobody'],
  ['a carrier address', ['/ip4/100.64.0.7/tcp/1'], 'no', 'No relay, no public address'],
  ['private addresses', [AT_HOME], 'no', 'only its own network'],
  ['nothing, as a page without a relay', [], 'no', 'nobody can dial it'],
] as const)('NET-58 %s: %j is %s', (_name, addresses, reachable, word) => {
  const { reason, ...rest } = said(addresses)
  expect(rest).toEqual({ reachable })
  expect(reason).toContain(word)
})

test('NET-58 whoever came from outside has shown it, whatever the addresses say', () => {
  expect(said([AT_HOME], [], true)).toMatchObject({ reachable: 'yes' })
})

test('NET-58 a relay that is asked is not known yet, one that failed says why', () => {
  const asked = relayAt('/dns4/relay.example', 'connecting', 'Not connected yet')
  expect(said([AT_HOME], [asked])).toMatchObject({
    reachable: 'unknown',
    reason: 'The relay at relay.example is being asked for a place',
  })
  const failed = relayAt('/dns4/relay.example', 'failed', 'The relay does not answer')
  expect(said([AT_HOME], [failed])).toMatchObject({
    reachable: 'no',
    reason: 'No place at its relay relay.example: The relay does not answer',
  })
  expect(said([AT_HOME], [failed, asked])).toMatchObject({ reachable: 'unknown' })
})

test.each([
  ['/ip4/203.0.113.7/tcp/1', true],
  ['/ip6/2001:db8::7/tcp/1', true],
  ['/dns4/relay.example/tcp/1', true],
  ['/ip4/192.168.0.7/tcp/1', false],
  ['/ip4/10.1.2.3/tcp/1', false],
  ['/ip4/100.64.0.7/tcp/1', false],
  ['/ip4/100.128.0.7/tcp/1', true],
  ['/ip4/127.0.0.1/tcp/1', false],
  ['/ip6/fe80::1/tcp/1', false],
  [over('/ip4/203.0.113.7'), false],
  [`/ip4/203.0.113.7/tcp/1/p2p/${relay}/p2p-circuit/webrtc/p2p/${ada}`, false],
])('NET-58 RLY-79 %s is from outside: %j', (text, isIt) => {
  expect(isOutside(multiaddr(text))).toBe(isIt)
})
