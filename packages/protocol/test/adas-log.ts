import { isKithError } from '../src/errors.ts'
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
import type { EntryId } from '../src/ids.ts'
import { idOf, signerOf } from './log-signers.ts'

/** Ada's phone makes the account, takes in her laptop; the laptop takes in her tablet. */
export async function adasLog() {
  const [root, phone, laptop, tablet] = [1, 2, 3, 4].map(signerOf)
  if (!root || !phone || !laptop || !tablet) throw new Error('four signers')
  const recoveryKey = new Uint8Array(1216).fill(1)
  const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 1 })
  const account = accountIdOfGenesis(genesis)
  const empty = reduceDeviceLog(account, [genesis])
  const withLaptop = await take(empty, phone, laptop)
  const withTablet = await take(withLaptop, laptop, tablet)
  return { account, root, phone, laptop, tablet, genesis, empty, withLaptop, withTablet }
}

/** The add of a device, signed by both, behind the last entry of its author. */
export async function addOf(
  state: DeviceLogState,
  author: Signer,
  device: Signer,
  changes: Partial<AddBody> = {},
): Promise<SignedEntry> {
  const body = draftAdd({
    account: state.account,
    author: idOf(author),
    prev: state.devices.has(idOf(author)) ? lastEntryOf(state, idOf(author)) : firstEntry(state),
    device: idOf(device),
    rights: { link: true },
    historyAt: 2,
    at: 2,
    ...changes,
  })
  return signAdd(body, author, await countersignAdd(body, device))
}

/** The log with such an add. */
export async function take(
  state: DeviceLogState,
  author: Signer,
  device: Signer,
  changes: Partial<AddBody> = {},
): Promise<DeviceLogState> {
  return mergeDeviceLogs(state, [await addOf(state, author, device, changes)])
}

/** The revoke of an add, behind the last entry of its author. */
export async function revokeOf(
  state: DeviceLogState,
  author: Signer,
  target: EntryId,
): Promise<SignedEntry> {
  const prev = lastEntryOf(state, idOf(author))
  return createRevoke({ account: state.account, author: idOf(author), prev, target, at: 3 }, author)
}

/** The id of the genesis. */
export function firstEntry(state: DeviceLogState): EntryId {
  const [genesis] = state.entries
  if (genesis === undefined) throw new Error('a log has a genesis')
  return entryIdOfBody(genesis.body)
}

/** The add by which a device is in. */
export const addedBy = (state: DeviceLogState, device: Signer): EntryId => {
  const standing = state.devices.get(idOf(device))
  if (standing === undefined) throw new Error('not in the log')
  return standing.addedBy
}

/** How devices stand in a log. */
export const states = (state: DeviceLogState, ...devices: readonly Signer[]): readonly string[] =>
  devices.map((device) => state.devices.get(idOf(device))?.state ?? 'unknown')

/** Why an entry was refused. */
export const refusals = (state: DeviceLogState, entry: SignedEntry): readonly string[] =>
  state.refused.filter(({ id }) => id === entryIdOfBody(entry.body)).map(({ reason }) => reason)

type Part = 'body' | 'signature' | 'countersignature'

/** An entry with one bit of a part changed. */
export function bentEntry(entry: SignedEntry, part: Part, bit: number): SignedEntry {
  const bytes = Uint8Array.from(entry[part] ?? [])
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return { ...entry, [part]: bytes }
}

/** The error code a call ends with. */
export function codeOf(run: () => unknown): string {
  try {
    run()
    return 'no error'
  } catch (error) {
    return isKithError(error) ? error.code : `not a KithError: ${error}`
  }
}
