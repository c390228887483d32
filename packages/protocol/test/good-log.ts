import {
  type DeviceLogState,
  lastEntryOf,
  mergeDeviceLogs,
  reduceDeviceLog,
} from '../src/identity/device-log.ts'
import type { Signer } from '../src/identity/keys.ts'
import {
  countersignAdd,
  createGenesis,
  createRecover,
  createRevoke,
  draftAdd,
  signAdd,
} from '../src/identity/log-authoring.ts'
import {
  type AddBody,
  accountIdOfGenesis,
  entryIdOfBody,
  type SignedEntry,
} from '../src/identity/log-entry.ts'
import { deviceLogFileCodec } from '../src/identity/log-file.ts'
import type { EntryId } from '../src/ids.ts'
import { idOf, signerOf } from './log-signers.ts'

/** The id of an entry. */
export const entryId = ({ body }: SignedEntry): EntryId => entryIdOfBody(body)

/** The root key of the account. */
export const root = signerOf(1)
/** The first device. */
export const phone = signerOf(2)
/** Taken in by the phone. */
export const laptop = signerOf(3)
/** Taken in by the laptop. */
export const tablet = signerOf(4)
/** Taken in by the laptop; may not link. */
export const watch = signerOf(5)
/** In no log. */
export const ghost = signerOf(6)

/** The add of a device by another, behind what that wrote last. */
export async function take(
  state: DeviceLogState,
  [author, device]: readonly [Signer, Signer],
  changes: Partial<AddBody> = {},
): Promise<SignedEntry> {
  const own = state.devices.get(idOf(author))
  const body = draftAdd({
    account: state.account,
    author: idOf(author),
    prev: own?.lastEntry ?? state.period,
    device: idOf(device),
    rights: { link: true },
    historyAt: 2,
    at: 2,
    ...changes,
  })
  return signAdd(body, author, await countersignAdd(body, device))
}

/** The phone takes in a laptop, which takes in a tablet and a watch that may not link. */
export async function goodLog() {
  const recoveryKey = new Uint8Array(1216).fill(1)
  const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 1 })
  const account = accountIdOfGenesis(genesis)
  const empty = reduceDeviceLog(account, [genesis])
  const ofLaptop = await take(empty, [phone, laptop])
  const withLaptop = mergeDeviceLogs(empty, [ofLaptop])
  const ofTablet = await take(withLaptop, [laptop, tablet])
  const withTablet = mergeDeviceLogs(withLaptop, [ofTablet])
  const ofWatch = await take(withTablet, [laptop, watch], { rights: { link: false } })
  const state = mergeDeviceLogs(withTablet, [ofWatch])
  const entries = [genesis, ofLaptop, ofTablet, ofWatch]
  return { account, genesis, empty, withLaptop, ofLaptop, ofTablet, ofWatch, entries, state }
}

/** That log, its entries, and how it grew. */
export type Good = Awaited<ReturnType<typeof goodLog>>

/** The file of these entries; the head is the good log's, unless another is given. */
export const fileOf = (
  { account, state }: Good,
  entries: readonly SignedEntry[],
  head = state.head,
): Uint8Array => deviceLogFileCodec.encode({ account, head, entries })

/** Bytes with one bit changed. */
export function bent(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

/** The revoke of an add. */
export const revokeBy = (state: DeviceLogState, author: Signer, target: EntryId, at = 3) =>
  createRevoke(
    {
      account: state.account,
      author: idOf(author),
      prev: lastEntryOf(state, idOf(author)),
      target,
      at,
    },
    author,
  )

/** A recovery to `device` that keeps nobody. */
export const recoverBy = ({ account, genesis }: Good, by: Signer, number: number, device = ghost) =>
  createRecover({ account, genesis: entryId(genesis), root: by, number, device, keep: [], at: 9 })
