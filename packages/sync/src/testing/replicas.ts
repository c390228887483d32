import { type DeviceId, deviceIdFromPublicKey, type Signer } from '@kithmesh/protocol'
import { createAccountData } from '../data/account-data.ts'
import type { AccountLogStore } from '../log/account-log-store.ts'
import { createEpochRing, type EpochKey } from '../log/epochs.ts'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { nobleRecordCrypto, type RecordCrypto } from '../log/record-crypto.ts'
import { type AccountReplica, openAccountReplica } from '../replica/account-replica.ts'
import { ACCOUNT, FIRST_EPOCH, signerNumber } from './devices.ts'
import { createManualTime, createSeededRng, type ManualTime } from './environment.ts'

/** What a test replica is made of. */
export interface TestReplicaOptions {
  readonly store?: AccountLogStore
  readonly time?: ManualTime
  readonly crypto?: RecordCrypto
  /** Differs for each time a device is opened: the client id of its document comes from it. */
  readonly life?: number
  readonly signer?: Signer
  readonly epochs?: readonly EpochKey[]
  readonly mayWrite?: (device: DeviceId) => boolean
  readonly isSibling?: (device: DeviceId) => boolean
  readonly onFailure?: (error: unknown) => void
  readonly onRefused?: Parameters<typeof openAccountReplica>[0]['onRefused']
}

/** A device with account data. */
export interface TestReplica extends AccountReplica {
  readonly id: DeviceId
  readonly store: AccountLogStore
  readonly time: ManualTime
}

/** Opens the replica of device `number` on an empty store, or on the one it is given. */
export async function openReplica(
  number: number,
  options: TestReplicaOptions = {},
): Promise<TestReplica> {
  const { life = 0, crypto = nobleRecordCrypto, time = createManualTime() } = options
  const store = options.store ?? createMemoryAccountLogStore()
  const signer = options.signer ?? signerNumber(number)
  const { onFailure, onRefused } = options
  const replica = await openAccountReplica({
    account: ACCOUNT,
    signer,
    data: createAccountData({ clientId: 1 + number + 1_000 * life, clock: time }),
    epochs: await createEpochRing(options.epochs ?? [FIRST_EPOCH], crypto),
    store,
    rng: createSeededRng(number + 1_000 * life),
    crypto,
    clock: time,
    scheduler: time,
    mayWrite: options.mayWrite ?? (() => true),
    isSibling: options.isSibling ?? (() => true),
    ...(onFailure === undefined ? {} : { onFailure }),
    ...(onRefused === undefined ? {} : { onRefused }),
  })
  return { ...replica, id: deviceIdFromPublicKey(signer.publicKey), store, time }
}

/** Everything in account data, in one order. */
export function contentsOf({ data }: Pick<AccountReplica, 'data'>): unknown {
  const sorted = <T>(items: readonly T[]): readonly T[] =>
    items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return {
    contacts: sorted(data.contacts.list()),
    starred: sorted(data.starred.list()),
    devices: sorted(data.devices.list()),
    settings: sorted([...data.settings.list()]),
  }
}
