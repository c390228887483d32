/**
 * Random histories of an account: devices that hear of each other by gossip with losses, take in, remove,
 * suspend, leave, readmit, are cloned, and recovered by the root, each by what it knows at the time.
 */

import type { DeviceLogState } from '../../src/identity/device-log.ts'
import type { ReadEntry } from '../../src/identity/log-check.ts'
import type { DeviceStanding } from '../../src/identity/log-standing.ts'
import type { AccountId, DeviceId } from '../../src/ids.ts'
import { accountOf, deviceOf, entryOf, rootOf } from './model-entry.ts'
import {
  type Act,
  add,
  merge,
  readmit,
  reduce,
  revoke,
  startWriting,
  suspend,
  write,
} from './model-log.ts'
import { pick, type Random, randomOf } from './random.ts'

/** A history, and what each device knew at its end. */
export interface History {
  readonly account: AccountId
  readonly genesis: ReadEntry
  /** In the order they were written. */
  readonly entries: readonly ReadEntry[]
  /** What each device has merged, by its device. */
  readonly views: ReadonlyMap<DeviceId, DeviceLogState>
  readonly random: Random
}

/** The root of the account; its devices are `k0`, `k1`, … */
export const ROOT: Uint8Array = rootOf('own')

export function historyOf(seed: number): History {
  startWriting()
  const random = randomOf(seed)
  const account = accountOf('own')
  const genesis = genesisEntry()
  const entries = [genesis]
  const views = new Map([[deviceOf('k0'), reduce(account, [genesis])]])
  let devices = 0
  let recoveries = 0

  const viewOf = (device: DeviceId): DeviceLogState =>
    views.get(device) ?? reduce(account, [genesis])
  const learn = (device: DeviceId, news: readonly ReadEntry[]): void => {
    views.set(device, merge(viewOf(device), news))
  }
  const someone = (): DeviceId => pick(random, [...views.keys()])
  const stranger = (): DeviceId => deviceOf(`k${++devices}`)

  const gossip = (to: DeviceId): void => {
    const held = [...viewOf(someone()).genuine.values()]
    learn(
      to,
      held.filter(() => random(8) > 0),
    )
  }

  const recover = (self: DeviceId): void => {
    const known = [...viewOf(self).devices.values()]
    const device = random(2) ? stranger() : self
    const others = known.filter((its) => its.device !== device && its.state !== 'revoked')
    const keep = others
      .filter(() => random(3) > 0)
      .slice(0, 7)
      .map(({ device: kept, rights }) => ({ device: kept, rights }))
    recoveries += random(5) > 0 ? 1 : 0
    const number = Math.max(1, recoveries)
    const prev = genesis.id
    const at = entries.length
    const entry = entryOf({ kind: 'recover', account, prev, number, device, keep, at }, ROOT)
    entries.push(entry)
    learn(device, [...viewOf(self).genuine.values(), entry])
  }

  const act = (self: DeviceId): void => {
    const view = viewOf(self)
    const me = view.devices.get(self)
    if (me?.state !== 'in') return
    const own = [...view.genuine.values()].filter(
      ({ body }) => 'author' in body && body.author === self,
    )
    // A clone, or a backup brought back: it goes on from an entry that was followed already.
    const from =
      random(25) === 0 ? pick(random, [me.addedBy, ...own.map(({ id }) => id)]) : undefined
    const chosen = chooseAct({ view, me, random, stranger, someone })
    if (chosen === undefined) return
    const entry = write(account, { author: self, prev: from ?? me.lastEntry }, chosen)
    entries.push(entry)
    const known = [...view.genuine.values()]
    learn(self, [entry])
    if (chosen.kind === 'add') learn(chosen.device, [...known, entry])
  }

  for (let step = 8 + random(45); step > 0; step--) {
    const self = someone()
    if (random(2) === 0) gossip(self)
    if (random(90) === 0) recover(self)
    else act(self)
  }
  return { account, genesis, entries, views, random }
}

function genesisEntry(): ReadEntry {
  const device = deviceOf('k0')
  const recoveryKey = new Uint8Array(1216)
  // The account of the model is no hash: nothing here reads a genesis from bytes.
  const body = { kind: 'genesis', root: ROOT, recoveryKey, device, at: 0 } as const
  return entryOf(body, ROOT)
}

interface Moment {
  readonly view: DeviceLogState
  readonly me: DeviceStanding
  readonly random: Random
  stranger(): DeviceId
  someone(): DeviceId
}

function chooseAct({ view, me, random, stranger, someone }: Moment): Act | undefined {
  const known = [...view.devices.values()].filter(({ state }) => state !== 'revoked')
  const below = known.filter(({ ancestorPlaces }) => ancestorPlaces.includes(me.addedBy))
  const others = known.filter(({ device }) => device !== me.device && device !== view.first)
  const isFull = known.filter(({ state }) => state === 'in').length >= 8
  const chance = random(20)
  if (chance < 9) {
    if (!me.rights.link || (isFull && random(4) > 0)) return undefined
    const device = random(25) > 0 ? stranger() : someone()
    return add(device, {
      rights: { link: random(4) > 0 },
      historyAt: random(5),
      ...(random(6) === 0 ? { expiresAt: random(1000) } : {}),
    })
  }
  if (chance < 12) return onOne(below, ({ addedBy }) => revoke(addedBy))
  if (chance < 16) return onOne(others, ({ addedBy }) => suspend(addedBy))
  if (chance < 19) {
    const suspended = below.filter(({ suspensions }) => suspensions.length > 0)
    return onOne(suspended, ({ addedBy, suspensions }) =>
      readmit(
        addedBy,
        suspensions.map(({ entry }) => entry),
      ),
    )
  }
  return { kind: 'leave' }

  function onOne(
    devices: readonly DeviceStanding[],
    make: (device: DeviceStanding) => Act,
  ): Act | undefined {
    return devices.length > 0 ? make(pick(random, devices)) : undefined
  }
}

/** Entries of which a recovery reaches nobody without: those in which its kept devices agreed. */
export function agreementsOf(
  { entries }: Pick<History, 'entries'>,
  { body }: ReadEntry,
): readonly ReadEntry[] {
  if (body.kind !== 'recover') return []
  const kept = new Set(body.keep.map(({ device }) => device))
  return entries.filter((entry) => 'device' in entry.body && kept.has(entry.body.device))
}
