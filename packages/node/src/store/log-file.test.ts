import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codec, text } from '@kithmesh/protocol'
import { afterAll, expect, test } from 'vitest'
import { nodePlatform } from '../platform.node.ts'
import { singleKey, uintPart } from './key-codec.ts'
import { isLogWhole } from './log-file.ts'
import { openStore } from './store.ts'

const { clock, rng } = nodePlatform
const root = await mkdtemp(join(tmpdir(), 'kith-log-file-'))
afterAll(() => rm(root, { recursive: true, force: true }))

/** The log of a store that wrote values of many sizes, over several blocks. */
async function writtenLog(): Promise<Uint8Array> {
  const value = codec(text({ max: 50_000 }), { maxBytes: 50_100 })
  const store = await openStore({ home: root, platform: nodePlatform }, { clock, rng })
  const table = store.table('texts', { key: singleKey(uintPart()), value })
  for (let at = 0; at < 40; at++) await store.commit([table.put(at, 'x'.repeat(at * 997))])
  await store.close()
  const names = (await readdir(join(root, 'data'))).filter((name) => name.endsWith('.log'))
  return readFile(join(root, 'data', names[0] ?? ''))
}

test('STO-46 E2 a log as LevelDB writes it is whole; with a flipped bit or cut short it is not', async () => {
  const log = await writtenLog()
  expect(log.length).toBeGreaterThan(500_000)
  expect(isLogWhole(log)).toBe(true)
  expect(isLogWhole(new Uint8Array())).toBe(true)
  for (let flip = 0; flip < 200; flip++) {
    const at = new DataView(rng.bytes(4).buffer).getUint32(0) % log.length
    const flipped = Uint8Array.from(log)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (flip % 8))
    expect(isLogWhole(flipped), `bit ${flip % 8} of byte ${at}`).toBe(false)
  }
  expect(isLogWhole(log.subarray(0, -1))).toBe(false)
})
