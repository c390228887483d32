import { expect, test } from 'vitest'
import { nodePrimitives } from '../primitives.node.ts'
import { createNodeMac } from './store-mac.node.ts'

const KEY = Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + 5) & 0xff)

test('STO-20 the hash of the store is HMAC-SHA-256, whatever the length and whatever was hashed before', async () => {
  const { mac } = createNodeMac(KEY)
  for (const length of [0, 1, 55, 64, 300, 2_048, 2_049, 70_000, 17]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 13 + length) & 0xff)
    expect(await mac(bytes), `${length} bytes`).toEqual(await nodePrimitives.hmacSha256(KEY, bytes))
  }
})

test('STO-20 LOCK-1 a key that was dropped hashes nothing any more', async () => {
  const { mac, drop } = createNodeMac(KEY)
  const bytes = new Uint8Array(300)
  const before = await mac(bytes)
  drop()
  expect(await mac(bytes)).not.toEqual(before)
})
