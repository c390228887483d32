import type { AccountId, Content, DeviceId } from '@kithmesh/protocol'
import type { DeviceContext } from '../context.ts'
import type { Staged } from '../staged.ts'
import type { Op } from '../store/store-types.ts'

/** From which number on what an own device writes to an account is for one of its devices (DEL-67). */
export interface Addressed {
  readonly account: AccountId
  /** The device of that account. */
  readonly device: DeviceId
  /** The own device that writes. */
  readonly author: DeviceId
  readonly from: number
}

/** Who wrote a content, and which number it has among what that device wrote in the chat. */
export interface Numbered {
  readonly author: DeviceId
  readonly seq: Content['seq']
}

/**
 * What the dates of contents do not tell: that they were written for a device, since its author knew it then.
 * There is a note only where a clock went back behind the linking of a device; so there are few or none.
 */
export interface AddressBook {
  has(device: DeviceId, one: Numbered): boolean
  /** Counts from now on, and no longer if it is not written. */
  stage(notes: readonly Addressed[]): Staged
  forgetOps(account: AccountId, device: DeviceId): readonly Op[]
  forget(device: DeviceId): void
}

/** One for each pair of a device of ours and one of a contact; of a hostile sibling's no more are kept. */
const MAX_NOTES = 4096

/** Reads the notes from the disk. */
export async function openAddressBook({
  tables,
}: Pick<DeviceContext, 'tables'>): Promise<AddressBook> {
  const known = new Map<DeviceId, Map<DeviceId, Addressed>>()
  let count = 0
  for await (const [[account, device, author], from] of tables.addressed.entries()) {
    set({ account, device, author, from })
  }

  function get({ device, author }: Pick<Addressed, 'device' | 'author'>): Addressed | undefined {
    return known.get(device)?.get(author)
  }

  function set(note: Addressed): void {
    const byAuthor = known.get(note.device) ?? new Map<DeviceId, Addressed>()
    known.set(note.device, byAuthor)
    if (!byAuthor.has(note.author)) count += 1
    byAuthor.set(note.author, note)
  }

  function drop(note: Addressed): void {
    if (get(note) !== note) return
    known.get(note.device)?.delete(note.author)
    count -= 1
  }

  /** Lower than what is noted: it was written for the device before we heard of it. */
  function isNews(note: Addressed): boolean {
    const before = get(note)
    return before ? note.from < before.from : count < MAX_NOTES
  }

  function stage(notes: readonly Addressed[]): Staged {
    const taken: { readonly note: Addressed; readonly before: Addressed | undefined }[] = []
    for (const note of notes) {
      if (!isNews(note)) continue
      taken.push({ note, before: get(note) })
      set(note)
    }
    return {
      ops: () =>
        taken.map(({ note: { account, device, author, from } }) =>
          tables.addressed.put([account, device, author], from),
        ),
      discard: () => {
        for (const { note, before } of taken.splice(0)) {
          drop(note)
          if (before && !get(before)) set(before)
        }
      },
    }
  }

  function forgetOps(account: AccountId, device: DeviceId): readonly Op[] {
    const authors = [...(known.get(device)?.keys() ?? [])]
    return authors.map((author) => tables.addressed.delete([account, device, author]))
  }

  function forget(device: DeviceId): void {
    count -= known.get(device)?.size ?? 0
    known.delete(device)
  }

  return {
    has: (device, { author, seq }) => {
      const note = get({ device, author })
      return note !== undefined && seq >= note.from
    },
    stage,
    forgetOps,
    forget,
  }
}
