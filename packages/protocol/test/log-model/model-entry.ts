/**
 * Entries of a device log without cryptography: a signature here is a label that says whose it is, so
 * that thousands of histories run through the real reducer in minutes. What real signatures hold is
 * tested beside the reducer.
 */

import { createHash } from 'node:crypto'
import type { ReadEntry, SignatureCheck } from '../../src/identity/log-check.ts'
import type { EntryBody, SignedEntry } from '../../src/identity/log-entry.ts'
import {
  type AccountId,
  accountIdFromBytes,
  type DeviceId,
  deviceIdFromPublicKey,
  type EntryId,
  entryIdFromBytes,
} from '../../src/ids.ts'

const digest = (text: string): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(text).digest())

const devices = new Map<string, DeviceId>()

/** The device of a name. */
export function deviceOf(name: string): DeviceId {
  const known = devices.get(name)
  if (known !== undefined) return known
  const device = deviceIdFromPublicKey(digest(name))
  devices.set(name, device)
  return device
}

/** Who signs: a device, or a root by its key. */
export type Label = DeviceId | Uint8Array

const labels = new Map<Label, Uint8Array>()

/** The one signature of a signer. */
function labelOf(signer: Label): Uint8Array {
  const known = labels.get(signer)
  if (known !== undefined) return known
  const label = new Uint8Array(64)
  label.set(typeof signer === 'string' ? digest(signer) : signer)
  labels.set(signer, label)
  return label
}

/** The reducer's check of signatures, for labels. */
export const labelFault: SignatureCheck = ({ body, signed }, root) => {
  const isRoots = body.kind === 'genesis' || body.kind === 'recover'
  const author = body.kind === 'genesis' ? body.root : isRoots ? root : body.author
  const isAgreed = !('device' in body) || signed.countersignature === labelOf(body.device)
  const isSigned = author !== undefined && signed.signature === labelOf(author)
  return isAgreed && isSigned ? undefined : 'ERR_SIGNATURE'
}

/** Stands for the bytes of any body; about as long as one. */
const BYTES = new Uint8Array(170)
const readBySigned = new WeakMap<SignedEntry, ReadEntry>()

/** An entry with the signature of `signer` and the agreement of the device it takes in. */
export function entryOf(body: EntryBody, signer: Label): ReadEntry {
  const id = entryIdFromBytes(digest(plain(body)))
  const signed: SignedEntry = {
    body: BYTES,
    signature: labelOf(signer),
    ...('device' in body ? { countersignature: labelOf(body.device) } : {}),
  }
  const entry = { id, signed, body }
  readBySigned.set(signed, entry)
  return entry
}

/** The entry that was signed. */
export function readOf(signed: SignedEntry): ReadEntry {
  const entry = readBySigned.get(signed)
  if (entry === undefined) throw new Error('not an entry of the model')
  return entry
}

/** The key of a root. */
export const rootOf = (name: string): Uint8Array => digest(`root ${name}`)

/** An account of the model. */
export function accountOf(name: string): AccountId {
  return accountIdFromBytes(digest(`account ${name}`))
}

/** An id that no entry has. */
export function strayId(name: string): EntryId {
  return entryIdFromBytes(digest(`stray ${name}`))
}

function plain(body: EntryBody): string {
  return JSON.stringify(body, (_, value: unknown) =>
    value instanceof Uint8Array ? value.length : value,
  )
}
