import {
  type AccountId,
  accountId,
  accountIdOfGenesis,
  bytes,
  type Codec,
  codec,
  createGenesis,
  deriveAccountRoot,
  ENTROPY_BYTES,
  entryIdOfBody,
  optional,
  record,
  type SignedEntry,
} from '@kithmesh/protocol'
import { createEpoch, type EpochKey, epochKeysCodec } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import type { Op } from '../store/store-types.ts'

/** What a device knows of its account beside the device log. */
interface AccountRecord {
  readonly account: AccountId
  /** What the recovery words say; on the first device only, until the words are written down. */
  readonly entropy?: Uint8Array
}

const accountRecordCodec: Codec<AccountRecord> = codec(
  record({ account: accountId, entropy: optional(bytes({ length: ENTROPY_BYTES })) }),
  { maxBytes: 64 },
)

const ACCOUNT = 'account'
/** Name of the epoch keys among the single values of a device. */
export const EPOCHS = 'epochs'
const SEED = 'seed'

/** The account this device belongs to; undefined while it is still to be linked. */
export async function readAccount({ tables }: DeviceContext): Promise<AccountId | undefined> {
  const stored = await tables.device.get(ACCOUNT)
  return stored && accountRecordCodec.decode(stored).account
}

/** The account data this device was linked with; empty when it was not. */
export async function readSeed({ tables }: DeviceContext): Promise<Uint8Array> {
  return (await tables.device.get(SEED)) ?? new Uint8Array()
}

/** What the recovery words say; undefined where it is not, or is not any more. */
export async function readEntropy({ tables }: DeviceContext): Promise<Uint8Array | undefined> {
  const stored = await tables.device.get(ACCOUNT)
  return stored && accountRecordCodec.decode(stored).entropy
}

/** Overwrites the entropy: the account goes on without it. */
export async function eraseEntropyOps({ tables }: DeviceContext): Promise<readonly Op[]> {
  const stored = await tables.device.get(ACCOUNT)
  if (!stored) return []
  const { account } = accountRecordCodec.decode(stored)
  return [tables.device.put(ACCOUNT, accountRecordCodec.encode({ account }))]
}

/** A new account with this device as its first (protocol: identity). One batch: all of it or none. */
export async function writeNewAccount(context: DeviceContext): Promise<AccountId> {
  const { rng, clock, signer, store } = context
  const entropy = rng.bytes(ENTROPY_BYTES)
  const root = deriveAccountRoot(entropy)
  const genesis = await createGenesis({
    root: root.signer,
    recoveryKey: root.recoveryPublicKey,
    device: signer,
    at: clock.now(),
  })
  const account = accountIdOfGenesis(genesis)
  const epochs = [createEpoch(rng, 1, { at: clock.now() })]
  await store.commit([
    ...membershipOps(context, { account, entries: [genesis], epochs, seed: new Uint8Array() }),
    context.tables.device.put(ACCOUNT, accountRecordCodec.encode({ account, entropy })),
  ])
  return account
}

/** Says on the disk which account this device belongs to. */
export function accountOp({ tables }: DeviceContext, account: AccountId): Op {
  return tables.device.put(ACCOUNT, accountRecordCodec.encode({ account }))
}

/** What a device that joins an account writes, before it opens the account. */
export function membershipOps(
  context: DeviceContext,
  membership: {
    readonly account: AccountId
    readonly entries: readonly SignedEntry[]
    readonly epochs: readonly EpochKey[]
    /** The account data as a sibling had it, one update; empty for a new account. */
    readonly seed: Uint8Array
  },
): readonly Op[] {
  const { tables } = context
  const { account, entries, epochs, seed } = membership
  return [
    ...entries.map((entry) => tables.logEntries.put([account, entryIdOfBody(entry.body)], entry)),
    accountOp(context, account),
    tables.device.put(EPOCHS, epochKeysCodec.encode(epochs)),
    tables.device.put(SEED, seed),
  ]
}
