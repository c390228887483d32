/** A history of the model written again with real keys, hashes and signatures. */

import { domainBytes, type Purpose } from '../../src/identity/domain.ts'
import { type Signer, signerFromSeed } from '../../src/identity/keys.ts'
import type { ReadEntry } from '../../src/identity/log-check.ts'
import {
  accountIdOfGenesis,
  type EntryBody,
  entryBodyCodec,
  entryIdOfBody,
  keptPlaceId,
  type SignedEntry,
} from '../../src/identity/log-entry.ts'
import {
  type AccountId,
  type DeviceId,
  deviceIdFromPublicKey,
  type EntryId,
  publicKeyOfDevice,
} from '../../src/ids.ts'
import { type History, ROOT } from './history.ts'
import { shuffled } from './random.ts'

/** The entries, in the order they were written and in another. */
export interface SignedHistory {
  readonly account: AccountId
  readonly entries: readonly SignedEntry[]
  readonly shuffled: readonly SignedEntry[]
}

export async function signedHistory({ entries, random }: History): Promise<SignedHistory> {
  const root = signerFromSeed(ROOT)
  const ids = new Map<EntryId, EntryId>()
  const signed: SignedEntry[] = []
  let account: AccountId | undefined

  for (const entry of entries) {
    const body = entryBodyCodec.encode(rewritten(entry.body, { account, root, ids }))
    const made = await signedBody(entry, body, root)
    account ??= accountIdOfGenesis(made)
    noteIds(ids, entry, entryIdOfBody(body))
    signed.push(made)
  }
  if (account === undefined) throw new Error('a history has a genesis')
  return { account, entries: signed, shuffled: shuffled(random, signed) }
}

/** The real device of a device of the model. */
const signerOf = (device: DeviceId): Signer => signerFromSeed(publicKeyOfDevice(device))
const deviceOf = (device: DeviceId): DeviceId => deviceIdFromPublicKey(signerOf(device).publicKey)

interface Rewriting {
  readonly account: AccountId | undefined
  readonly root: Signer
  readonly ids: ReadonlyMap<EntryId, EntryId>
}

function rewritten(body: EntryBody, { account = NO_ACCOUNT, root, ids }: Rewriting): EntryBody {
  const idOf = (id: EntryId): EntryId => ids.get(id) ?? id
  switch (body.kind) {
    case 'genesis':
      return { ...body, root: root.publicKey, device: deviceOf(body.device) }
    case 'recover': {
      const keep = body.keep.map(({ device, rights }) => ({ device: deviceOf(device), rights }))
      return { ...body, account, prev: idOf(body.prev), device: deviceOf(body.device), keep }
    }
    default: {
      const { author, prev } = body
      const written = { ...body, account, author: deviceOf(author), prev: idOf(prev) }
      if (written.kind === 'add') return { ...written, device: deviceOf(written.device) }
      if (written.kind === 'leave') return written
      const target = idOf(written.target)
      if (written.kind !== 'readmit') return { ...written, target }
      return { ...written, target, answers: written.answers.map(idOf) }
    }
  }
}

const NO_ACCOUNT = accountIdOfGenesis({ body: new Uint8Array(), signature: new Uint8Array() })

const PURPOSES: Readonly<Partial<Record<EntryBody['kind'], Purpose>>> = {
  genesis: 'device log root',
  recover: 'device log recovery',
}

async function signedBody(
  { body: plan }: ReadEntry,
  body: Uint8Array,
  root: Signer,
): Promise<SignedEntry> {
  const author = 'author' in plan ? signerOf(plan.author) : root
  const purpose = PURPOSES[plan.kind] ?? 'device log entry'
  const signature = await author.sign(domainBytes(purpose, body))
  if (!('device' in plan)) return { body, signature }
  const agreed = domainBytes('device log countersignature', body)
  return { body, signature, countersignature: await signerOf(plan.device).sign(agreed) }
}

function noteIds(ids: Map<EntryId, EntryId>, { id, body }: ReadEntry, real: EntryId): void {
  ids.set(id, real)
  if (body.kind !== 'recover') return
  for (const { device } of body.keep) {
    ids.set(keptPlaceId(id, device), keptPlaceId(real, deviceOf(device)))
  }
}
