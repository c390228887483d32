import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ContenderName } from './contenders/contenders.ts'
import type { Way } from './contenders/session-pair.ts'
import { startParty } from './party.ts'
import { inScope } from './scope.ts'

const RECORDS = 50
const start = { records: RECORDS, where: '', home: '' }

describe.each<ContenderName>([
  'raw TCP',
  'Yjs over WebSocket',
  'libp2p and Yjs',
  'hocuspocus',
  'cojson',
])('%s', (name) => {
  test('a sibling gets the backlog, then sees each edit after it was begun', () =>
    inScope(async (keep) => {
      const origin = keep(await startParty(name, 'origin'))
      const sibling = keep(await startParty(name, 'sibling'))
      const where = await origin.call('start', start)
      const { first, all } = await sibling.call('start', { ...start, where })
      expect(first).toBeGreaterThan(0)
      expect(all).toBeGreaterThanOrEqual(first)

      const seen: number[] = []
      for (const n of [1, 2, 3]) {
        const sight = sibling.call('seen', n)
        origin.post('edit', n)
        seen.push(await sight)
      }
      const begun = await origin.call('editTimes')
      expect(begun).toHaveLength(3)
      for (const [index, at] of begun.entries()) expect(seen[index]).toBeGreaterThan(at)
    }))

  test('of a burst every edit is told, and what went over the wire is counted', () =>
    inScope(async (keep) => {
      const origin = keep(await startParty(name, 'origin'))
      const sibling = keep(await startParty(name, 'sibling'))
      const where = await origin.call('start', start)
      await sibling.call('start', { ...start, where })
      const before = await origin.call('wireBytes')
      const seen = sibling.call('seenAll', { from: 1, to: RECORDS })
      const began = await origin.call('burst', { from: 1, to: RECORDS })
      expect(await seen).toBeGreaterThan(began)
      // No encoding says which of 50 was set to what in less than a byte each.
      expect((await origin.call('wireBytes')) - before).toBeGreaterThan(RECORDS)
    }))
})

test('hocuspocus with two clients: the edit goes through the server between them', () =>
  inScope(async (keep) => {
    const name = 'hocuspocus, two clients'
    const server = keep(await startParty(name, 'server'))
    const origin = keep(await startParty(name, 'origin'))
    const sibling = keep(await startParty(name, 'sibling'))
    const served = await server.call('start', start)
    const where = await origin.call('start', { ...start, where: served })
    await sibling.call('start', { ...start, where })
    const sight = sibling.call('seen', 1)
    origin.post('edit', 1)
    const [begun] = await origin.call('editTimes')
    expect(await sight).toBeGreaterThan(begun ?? Number.POSITIVE_INFINITY)
  }))

test.each<ContenderName>(['raw TCP', 'libsignal over a socket'])(
  '%s: every question is answered and every statement acknowledged',
  (name) =>
    inScope(async (keep) => {
      const answerer = keep(await startParty(name, 'answerer'))
      const asker = keep(await startParty(name, 'asker'))
      await asker.call('start', { ...start, where: await answerer.call('start', start) })
      const trips = await asker.call('roundTrips', 5)
      expect(trips.every((ms) => ms > 0)).toBe(true)
      expect(trips).toHaveLength(5)
      expect(await asker.call('stream', 200)).toBeGreaterThan(0)
    }),
)

test.each<ContenderName>(['a sealed log', 'one snapshot', 'Kithmesh'])(
  '%s: account data is read again, with every contact',
  (name) =>
    inScope(async (keep) => {
      const archive = keep(await startParty(name, 'archive'))
      expect(await archive.call('fill', { contacts: 20, edits: 100 })).toBeGreaterThan(0)
      expect(await archive.call('load')).toEqual({ contacts: 20, took: expect.any(Number) })
    }),
)

test('one stream and SQLite: the whole history arrives', () =>
  inScope(async (keep) => {
    const home = await mkdtemp(join(tmpdir(), 'kith-bench-test-'))
    keep({ [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) })
    const name = 'one stream and SQLite'
    const newcomer = keep(await startParty(name, 'newcomer'))
    const linker = keep(await startParty(name, 'linker'))
    await linker.call('start', { ...start, records: 1_200, home })
    const code = await newcomer.call('start', { ...start, home })
    const told = newcomer.call('told', 1_200)
    await linker.call('link', code)
    const { first, all } = await told
    expect(all).toBeGreaterThan(first)
  }))

/** Enough for the clock of a page's process, which counts in hundredths of a second. */
const SOME: readonly (readonly [Way, number])[] = [
  ['burst', 300],
  ['ping-pong', 60],
  ['set-up', 10],
]

describe.each<ContenderName>(['libsignal', 'Kithmesh in Chromium', 'Kithmesh'])(
  'a pair of %s',
  (name) => {
    test('seals and opens in every way, and tells what it cost', { timeout: 60_000 }, () =>
      inScope(async (keep) => {
        const pair = keep(await startParty(name, 'pair'))
        await pair.call('start')
        for (const [way, count] of SOME) {
          const { wall, cpu } = await pair.call('run', { way, count })
          expect(wall).toBeGreaterThan(0)
          expect(cpu).toBeGreaterThan(0)
        }
      }),
    )
  },
)

test('a process that fails says why, and whoever waits for it hears of it', () =>
  inScope(async (keep) => {
    const origin = keep(await startParty('Kithmesh', 'origin'))
    await expect(origin.call('start', { ...start, home: '/nowhere' })).rejects.toThrow(
      /origin of Kithmesh: .*ENOENT/s,
    )
    await expect(origin.call('editTimes')).rejects.toThrow(/ENOENT/)
  }))
