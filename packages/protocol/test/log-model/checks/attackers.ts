/** Whoever holds a key signs anything with it. */

import type { ReadEntry } from '../../../src/identity/log-check.ts'
import type { Place } from '../../../src/identity/log-tree.ts'
import type { DeviceId } from '../../../src/ids.ts'
import { evil, isEvil } from '../attack.ts'
import { accountOf, deviceOf, entryOf, rootOf, strayId } from '../model-entry.ts'
import {
  add,
  decided,
  gist,
  isIn,
  merge,
  readmit,
  reduce,
  revoke,
  standingsIn,
  suspend,
  write,
} from '../model-log.ts'
import { pick, shuffled } from '../random.ts'
import {
  all,
  atTip,
  author,
  type Case,
  type Check,
  companions,
  cut,
  forge,
  isForked,
  isOut,
  keysOf,
  placesOf,
} from './case.ts'

/** A removed key (of a revoked subtree, or of a period that is over) signs anything, of any date. */
export const removedInject: Check = (given) => {
  const standing = keysOf(given)
  const gone = given.entries.flatMap(({ body }) =>
    'device' in body && !standing.has(body.device) ? [body.device] : [],
  )
  if (gone.length === 0) return
  const forged = forge(given, pick(given.random, gone))
  given.check(
    'removedInject',
    all(given, shuffled(given.random, forged)) === gist(given.look.state),
  )
  const merged = merge(given.look.state, shuffled(given.random, forged))
  given.check('removedInjectLater', gist(merged) === gist(given.look.state))
}

/** A suspended key signs anything: nobody new comes in; once revoked, all is as if it had not signed. */
export const suspendedKey: Check = (given) => {
  const { look, entries, account, random } = given
  const { first } = look.state
  const suspended = look.tree.standing.filter(
    (place) =>
      place.device !== first && placesOf(given, place.device).every((its) => isOut(given, its)),
  )
  if (suspended.length === 0) return
  const { device } = pick(random, suspended)
  const forged = forge(given, device)
  const after = reduce(account, [...entries, ...forged])
  const came = standingsIn(after, 'in').filter((its) => isEvil(its.device))
  given.check('suspendedGainsNothing', came.length === 0 && isIn(after, first))
  const revokes = cut(given, device)
  given.check('suspendedUndone', all(given, [...revokes, ...forged]) === all(given, revokes))
  if (!isOutByOthers(given, device)) return
  given.check(
    'suspendedStaysOut',
    !isIn(reduce(account, [...entries, ...accusersRevoked(given, device)]), device),
  )
}

/** Whether every place of a key is out by a leave of its own or by what nobody below the key can withdraw. */
function isOutByOthers(given: Case, device: DeviceId): boolean {
  const { open } = given.look.suspensions
  return placesOf(given, device).every((place) =>
    [place, ...place.ancestors].some((its) =>
      (open.get(its) ?? []).some(
        ({ author: by, reason }) =>
          (by === place && reason === 'left') ||
          ![by, ...by.ancestors].some((elder) => elder.device === device),
      ),
    ),
  )
}

/** It revokes all it took in, and forks each of its chains at the start. */
function accusersRevoked(given: Case, device: DeviceId): readonly ReadEntry[] {
  return placesOf(given, device).flatMap((place) => {
    const own = given.look.tree.standing.filter(({ ancestors }) => ancestors.includes(place))
    const revokes: ReadEntry[] = []
    for (const { id } of own) {
      const prev = revokes.at(-1)?.id ?? given.look.tip(place)
      revokes.push(author(given, place, prev).revoke(id))
    }
    return [...revokes, author(given, place, place.id).add(evil(19))]
  })
}

/** A companion suspends everyone, floods, forks: the first device stays, and its revoke undoes it all. */
export const companionGoneBad: Check = (given) => {
  const others = companions(given)
  if (others.length === 0) return
  const { device } = pick(given.random, others)
  const forged = forge(given, device, 14)
  const revokes = cut(given, device)
  given.check('companionUndone', all(given, [...revokes, ...forged]) === all(given, revokes))
  const after = reduce(given.account, [...given.entries, ...forged])
  given.check('firstStays', isIn(after, given.look.state.first))
  const late = merge(merge(after, revokes), forged)
  given.check('companionUndoneLater', gist(late) === all(given, revokes))
}

/** The parent of a standing device is revoked; then the child, or the parent, signs anything. */
export const revokedSubtreeInject: Check = (given) => {
  const { look, account, entries, random } = given
  const isOnce = ({ device }: Place): boolean =>
    [...look.tree.standing, ...look.tree.revoked].filter((its) => its.device === device).length ===
    1
  const deep = companions(given).filter((place) => {
    const parent = place.ancestors.at(-1)
    return place.ancestors.length > 1 && isOnce(place) && parent !== undefined && isOnce(parent)
  })
  if (deep.length === 0) return
  const child = pick(random, deep)
  const parent = child.ancestors.at(-1) ?? child
  const revokes = cut(given, parent.device)
  const forged = forge(given, random(2) ? child.device : parent.device)
  const before = reduce(account, [...entries, ...revokes])
  given.check(
    'revokedSubtreeInject',
    all(given, shuffled(random, [...revokes, ...forged])) === gist(before),
  )
  given.check('revokedSubtreeInjectLater', gist(merge(before, forged)) === gist(before))
}

export const floodKeepsElders: Check = (given) => {
  const linkers = companions(given).filter(({ rights }) => rights.link)
  if (linkers.length === 0) return
  const linker = pick(given.random, linkers)
  const flood: ReadEntry[] = []
  for (let at = 0; at < 12; at++) {
    const prev = flood.at(-1)?.id ?? given.look.tip(linker)
    flood.push(author(given, linker, prev).add(evil(at)))
  }
  const after = reduce(given.account, [...given.entries, ...flood])
  const depth = linker.ancestors.length
  const elders = standingsIn(given.look.state, 'in').filter((its) => its.depth <= depth)
  given.check(
    'floodKeepsElders',
    elders.every(({ device }) => isIn(after, device)),
  )
}

/** A fork of a companion's chain with an add: the forked addition never comes in, and is proved. */
export const forkAddVoid: Check = (given) => {
  const chained = given.look.tree.placed.filter(
    ({ author: place }) => place.rights.link && place !== given.look.tree.first,
  )
  if (chained.length === 0) return
  const { author: place, entry } = pick(given.random, chained)
  const clone = author(given, place, entry.body.prev).add(evil('fork'))
  const after = reduce(given.account, [...given.entries, clone])
  given.check('forkAddVoid', !after.devices.has(evil('fork')))
  given.check(
    'forkProved',
    after.forks.some(({ device }) => device === place.device),
  )
}

/** Members of other accounts, devices without the link right, and adds in a circle. */
export const strangerNoLinkCycle: Check = (given) => {
  const { look, account, entries, random } = given
  const [z0, z1] = [deviceOf('z0'), deviceOf('z1')]
  const root = rootOf('other')
  const recoveryKey = new Uint8Array(1216)
  const foreign = accountOf('other')
  const genesis = entryOf({ kind: 'genesis', root, recoveryKey, device: z0, at: 0 }, root)
  const of = (who: DeviceId) => ({ author: who, prev: pick(random, entries).id })
  const target = pick(random, look.tree.standing).id
  const injected = [
    write(foreign, { author: z0, prev: genesis.id }, add(z1)),
    write(account, of(z0), add(z1)),
    write(account, of(z1), revoke(target)),
    write(account, of(z0), suspend(target)),
    write(account, of(z1), readmit(target, [strayId('any')])),
    usurped(given, z0),
    forgedInName(given, z1),
  ]
  const alone = look.tree.standing.filter(
    ({ device }) => placesOf(given, device).length === 1 && !isForked(given, device),
  )
  const mute = alone.find(({ rights }) => !rights.link)
  if (mute !== undefined) injected.push(atTip(given, mute).add(evil('mute')))
  const circular = alone.find((place) => place.rights.link && place.ancestors.length > 0)
  if (circular !== undefined) {
    const elder = pick(random, [...circular.ancestors, circular])
    injected.push(atTip(given, circular).add(elder.device))
  }
  const after = reduce(account, shuffled(random, [...entries, ...injected]))
  given.check('strangerNoLinkCycle', decided(after) === decided(look.state))
  given.check('strangerKeepsHead', Buffer.from(after.head).equals(look.state.head))
}

/** A recovery signed by a key that is not the root's. */
function usurped({ account, genesis }: Case, device: DeviceId): ReadEntry {
  const body = { kind: 'recover', account, prev: genesis.id, number: 99, device, keep: [], at: 0 }
  return entryOf({ ...body, kind: 'recover' }, rootOf('other'))
}

/** An add in the first device's name, signed by somebody else. */
function forgedInName({ account, look }: Case, device: DeviceId): ReadEntry {
  const { tree, tip } = look
  const where = { account, author: tree.first.device, prev: tip(tree.first) }
  const body = {
    kind: 'add',
    device,
    rights: { link: true },
    historyAt: 0,
    at: 0,
    ...where,
  } as const
  return entryOf(body, device)
}
