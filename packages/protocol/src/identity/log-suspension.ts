/**
 * Who is suspended, by whom, and what was answered (LOG-7, LOG-14). Suspends are bare accusations: any
 * device may write one, only an ancestor of the accused can answer it.
 */

import type { ErrorCode } from '../errors.ts'
import type { DeviceId, EntryId } from '../ids.ts'
import type { Accusation, LogTree, Place, Readmission } from './log-tree.ts'

/** What keeps a place out until it is answered. */
export interface OpenSuspension {
  /** The entry that a readmit must name. */
  readonly id: EntryId
  readonly author: Place
  readonly reason: Accusation['reason'] | 'revoked'
  /** By its author's clock, ms since 1970 UTC. */
  readonly at: number
}

/** What the accusations of a tree come to. */
export interface Suspensions {
  /** What nobody answered yet, by accused place. */
  readonly open: ReadonlyMap<Place, readonly OpenSuspension[]>
  /** Suspends, leaves and readmits that count, answered or not (LOG-9). */
  readonly decisive: ReadonlySet<EntryId>
  /** Why others never will. */
  readonly faults: ReadonlyMap<EntryId, ErrorCode>
}

/** Weighs all accusations against the standing places of a tree. */
export function suspensionsOf(tree: LogTree): Suspensions {
  const placesById = new Map(tree.standing.map((place) => [place.id, place]))
  const decisive = new Set<EntryId>()
  const faults = new Map<EntryId, ErrorCode>()
  const note = (id: EntryId, counts: boolean): void => {
    if (counts) decisive.add(id)
    else faults.set(id, 'ERR_ENTRY_RIGHT')
  }

  const answers = new Map<Place, Set<EntryId>>()
  for (const { id, author, body } of tree.readmissions) {
    const place = placesById.get(body.target)
    if (place === undefined) continue
    note(id, place.ancestors.includes(author))
    if (place.ancestors.includes(author)) addAnswers(answers, place, body)
  }

  const accused = new Map<Place, OpenSuspension[]>()
  const accuse = (place: Place, { id, author, reason, at }: OpenSuspension): void => {
    if (answers.get(place)?.has(id)) return
    const others = accused.get(place)
    if (others === undefined) accused.set(place, [{ id, author, reason, at }])
    else others.push({ id, author, reason, at })
  }
  for (const accusation of tree.accusations) {
    const place = placesById.get(accusation.target)
    if (place === undefined) continue
    const counts = mayBeSuspended(tree.first, place, accusation.author)
    note(accusation.id, counts)
    if (counts) accuse(place, accusation)
  }
  const open = new Map<Place, readonly OpenSuspension[]>(accused)
  const ofKeys = suspensionsOfRevokedKeys(tree)
  for (const place of tree.standing) {
    const answered = answers.get(place)
    const ofKey = ofKeys.get(place.device) ?? []
    const left = answered ? ofKey.filter(({ id }) => !answered.has(id)) : ofKey
    const others = open.get(place)
    if (left.length > 0) open.set(place, others ? [...others, ...left] : left)
  }
  return { open, decisive, faults }
}

/** Never the first device, nor a key above the author: those could undo it by revoking the author. */
function mayBeSuspended(first: Place, place: Place, author: Place): boolean {
  return place !== first && !author.ancestors.some(({ device }) => device === place.device)
}

/** Exactly what it names, so that nobody answers for what he has not seen. */
function addAnswers(
  answers: Map<Place, Set<EntryId>>,
  place: Place,
  body: Readmission['body'],
): void {
  const named = answers.get(place) ?? new Set()
  for (const id of body.answers) named.add(id)
  answers.set(place, named)
}

/**
 * LOG-7: whoever revokes a place also suspends the other places of its key. None of them is the first or
 * above the revoker, since no add takes in a key from above (LOG-4). One list for all places of a key: a
 * hostile log has thousands of places and thousands of revokes of one key.
 */
function suspensionsOfRevokedKeys(tree: LogTree): ReadonlyMap<DeviceId, readonly OpenSuspension[]> {
  const byDevice = new Map<DeviceId, OpenSuspension[]>()
  for (const gone of tree.revoked) {
    const ofKey = byDevice.get(gone.device) ?? []
    byDevice.set(gone.device, ofKey)
    for (const { id, author, at } of tree.revocationsByTarget.get(gone.id) ?? []) {
      if (gone.ancestors.includes(author)) ofKey.push({ id, author, reason: 'revoked', at })
    }
  }
  return byDevice
}
