import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { reachableBy } from './reachable.ts'

const addresses = (...texts: readonly string[]) => texts.map((text) => multiaddr(text))

test.each([
  [true, ['/ip4/127.0.0.1/tcp/1'], 'yes'],
  [false, ['/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1'], 'no'],
  [false, ['/ip4/127.0.0.1/tcp/1', '/ip4/192.168.0.7/tcp/1'], 'unknown'],
  [false, ['/ip4/203.0.113.7/tcp/1'], 'unknown'],
] as const)(
  'RLY-79 visited from outside %j, listening on %j: %s',
  (isVisited, texts, reachable) => {
    expect(reachableBy({ isVisited, addresses: addresses(...texts) })).toMatchObject({ reachable })
  },
)
