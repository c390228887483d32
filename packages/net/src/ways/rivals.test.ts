import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { peerOfPublicKey } from '../identity.ts'
import { testIdentity } from '../testing/fixtures.ts'
import { createRivals } from './rivals.ts'

const ben = peerOfPublicKey(testIdentity('ben').publicKey)
const relayed = `/ip4/203.0.113.1/tcp/1/p2p/${ben}/p2p-circuit/p2p/${ben}`
const near = `/ip4/192.168.1.2/tcp/1/p2p/${ben}`

/** Connections of Ben at these addresses; the test says which are doubted. */
function rivalsOf(addresses: readonly string[], doubted: ReadonlySet<number>) {
  const said: string[] = []
  const all = addresses.map(
    (address, at) =>
      ({
        remoteAddr: multiaddr(address),
        remotePeer: { toString: () => ben },
        abort: () => said.push(`end ${at}`),
      }) as unknown as Connection,
  )
  const isDoubted = (one: Connection): boolean => doubted.has(all.indexOf(one))
  const rivals = createRivals({
    connections: { all: () => all, path: () => (all.every(isDoubted) ? undefined : 'relayed') },
    doubts: { isDoubted, suspect: (one) => said.push(`suspect ${all.indexOf(one)}`) },
    lookAgain: () => said.push('look again'),
  })
  const at = (index: number): Connection => {
    const one = all[index]
    if (one === undefined) throw new Error('no such connection')
    return one
  }
  return {
    said,
    opened: (index: number) => rivals.opened(at(index)),
    doubted: (index: number) => rivals.doubted(at(index)),
  }
}

describe('NET-52 several connections to one peer', () => {
  test('NET-52 one that is no better makes the others suspect', () => {
    const { said, opened } = rivalsOf([near, relayed], new Set())
    opened(1)
    expect(said).toEqual(['suspect 0'])
  })

  test('NET-35 NET-52 one that is better says nothing against the others', () => {
    const { said, opened } = rivalsOf([relayed, near], new Set())
    opened(1)
    expect(said).toEqual([])
  })

  test('NET-52 one that is doubted ends when another stands, whichever came first', () => {
    const before = rivalsOf([near, relayed], new Set([0]))
    before.opened(1)
    expect(before.said).toEqual(['end 0'])
    const after = rivalsOf([near, relayed], new Set([0]))
    after.doubted(0)
    expect(after.said).toEqual(['end 0'])
  })

  test('NET-52 the only one is kept while it is doubted, and others are looked for', () => {
    const { said, doubted } = rivalsOf([near], new Set([0]))
    doubted(0)
    expect(said).toEqual(['look again'])
  })
})
