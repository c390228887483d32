import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import { nodePlatform } from '../platform.node.ts'
import { MEMORY_HOME } from '../platform.ts'
import { openStore } from './store.ts'
import { storeCases } from './store-compliance.ts'

const root = await mkdtemp(join(tmpdir(), 'kith-store-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const { clock, rng } = nodePlatform

describe('on a disk', () => {
  for (const [at, { name, run }] of storeCases.entries()) {
    const place = { home: join(root, `${at}`), platform: nodePlatform }
    test(name, () => run({ isKept: true, open: () => openStore(place, { clock, rng }) }))
  }
})

describe('in memory', () => {
  for (const { name, run } of storeCases) {
    const place = { home: MEMORY_HOME, platform: nodePlatform }
    test(name, () => run({ isKept: false, open: () => openStore(place, { clock, rng }) }))
  }
})
