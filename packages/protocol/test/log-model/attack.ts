/** What the holder of one key can sign: anything, at any place and date, also through devices it takes in. */

import type { ReadEntry } from '../../src/identity/log-check.ts'
import type { DeviceId, EntryId } from '../../src/ids.ts'
import { ROOT } from './history.ts'
import { deviceOf, entryOf } from './model-entry.ts'
import { add, type Look, readmit, revoke, suspend, write } from './model-log.ts'
import { pick, type Random } from './random.ts'

interface Aim {
  readonly look: Look
  readonly entries: readonly ReadEntry[]
  readonly random: Random
}

const KINDS = ['add', 'add', 'revoke', 'suspend', 'suspend', 'readmit', 'leave', 'recover'] as const

/** Devices that only an attacker has. */
export const evil = (name: string | number): DeviceId => deviceOf(`evil ${name}`)
const EVIL = new Set(Array.from({ length: 20 }, (_, at) => evil(at)))
export const isEvil = (device: DeviceId): boolean => EVIL.has(device)

export function attack(
  { look, entries, random }: Aim,
  key: DeviceId,
  count = 10,
): readonly ReadEntry[] {
  const { account } = look.state
  const forged: ReadEntry[] = []
  const keys = [key]
  const places = [...look.tree.standing, ...look.tree.revoked].map(({ id }) => id)
  for (let at = 0; at < count; at++) {
    const author = pick(random, keys)
    const all = [...entries, ...forged]
    const near = all.filter((entry) => concerns(entry, author))
    const there = pick(random, random(3) > 0 && near.length > 0 ? near : all)
    const kept = look.tree.standing.filter(({ device }) => device === author).map(({ id }) => id)
    const prev = random(4) > 0 || kept.length === 0 ? there.id : pick(random, kept)
    const where = { author, prev }
    const target = pick(random, places)
    switch (pick(random, KINDS)) {
      case 'add': {
        const device = random(4) > 0 ? evil(at) : key
        forged.push(write(account, where, add(device)))
        if (device !== key) keys.push(device)
        break
      }
      case 'revoke':
        forged.push(write(account, where, revoke(target)))
        break
      case 'suspend':
        forged.push(write(account, where, suspend(target)))
        break
      case 'readmit':
        forged.push(write(account, where, readmit(target, accusationsIn(all))))
        break
      case 'leave':
        forged.push(write(account, where, { kind: 'leave' }))
        break
      case 'recover':
        forged.push(usurpation(look, author, evil(at)))
    }
  }
  return forged
}

/** A recovery by somebody who has not the root. */
function usurpation(look: Look, author: DeviceId, device: DeviceId): ReadEntry {
  const prev = look.state.entries.length > 0 ? genesisId(look) : look.state.period
  const { account } = look.state
  const body = { kind: 'recover', account, prev, number: 99, device, keep: [], at: 0 } as const
  return entryOf(body, author)
}

/** A recovery by the root. */
export function recovery(
  look: Look,
  { number, device, keep }: Pick<Recovery, 'number' | 'device' | 'keep'>,
): ReadEntry {
  const { account } = look.state
  const prev = genesisId(look)
  const rights = { link: true }
  const kept = keep.map((its) => ({ device: its, rights }))
  return entryOf({ kind: 'recover', account, prev, number, device, keep: kept, at: 0 }, ROOT)
}

interface Recovery {
  readonly number: number
  readonly device: DeviceId
  readonly keep: readonly DeviceId[]
}

function genesisId({ state }: Look): EntryId {
  const genesis = [...state.genuine.values()].find(({ body }) => body.kind === 'genesis')
  if (genesis === undefined) throw new Error('a log has a genesis')
  return genesis.id
}

function concerns({ body }: ReadEntry, device: DeviceId): boolean {
  if ('author' in body && body.author === device) return true
  if ('device' in body && body.device === device) return true
  return body.kind === 'genesis'
}

const accusationsIn = (entries: readonly ReadEntry[]): readonly EntryId[] =>
  entries.filter(({ body }) => body.kind === 'suspend').map(({ id }) => id)
