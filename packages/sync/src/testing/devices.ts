import {
  type AccountId,
  type DeviceId,
  deviceIdFromPublicKey,
  type Rng,
  type Signer,
  signerFromSeed,
} from '@kithmesh/protocol'
import { createExchanges, type Exchanges, type ExchangesOptions } from '../exchange/exchanges.ts'
import type { Prepare } from '../log/accepting.ts'
import { type AccountLog, openAccountLog } from '../log/account-log.ts'
import type { AccountLogStore } from '../log/account-log-store.ts'
import { createEpoch, createEpochRing, type EpochKey } from '../log/epochs.ts'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { nobleRecordCrypto, type RecordCrypto } from '../log/record-crypto.ts'
import { createManualTime, createSeededRng, type ManualTime } from './environment.ts'
import { accountNumber } from './ids.ts'

/** The account of every test device that does not say otherwise. */
export const ACCOUNT: AccountId = accountNumber(0xada)
/** Its first epoch. */
export const FIRST_EPOCH: EpochKey = createEpoch(createSeededRng(1), 1)

/** What a test device is made of. */
export interface TestDeviceOptions {
  readonly account?: AccountId
  /** Of device `number`, when something else than noble is to sign. */
  readonly signer?: Signer
  readonly epochs?: readonly EpochKey[]
  readonly store?: AccountLogStore
  readonly rng?: Rng
  readonly crypto?: RecordCrypto
  readonly mayWrite?: (device: DeviceId) => boolean
  readonly writtenUpTo?: number
  readonly prepare?: Prepare<never>
  readonly time?: ManualTime
  readonly exchanges?: Partial<Omit<ExchangesOptions, 'log'>>
}

/** A device with a log and its exchanges. */
export interface TestDevice {
  readonly id: DeviceId
  readonly signer: Signer
  readonly log: AccountLog
  readonly store: AccountLogStore
  readonly exchanges: Exchanges
  readonly time: ManualTime
}

/** The secret of device `number`. */
export function seedNumber(number: number): Uint8Array {
  return createSeededRng(0x5eed + number).bytes(32)
}

/** The key of device `number`; made once, since noble takes its time. */
export function signerNumber(number: number): Signer {
  const signer = signers.get(number) ?? signerFromSeed(seedNumber(number))
  signers.set(number, signer)
  return signer
}

const signers = new Map<number, Signer>()

/** Opens device `number` on an empty store, or on the one it is given. */
export async function openDevice(
  number: number,
  options: TestDeviceOptions = {},
): Promise<TestDevice> {
  const { crypto = nobleRecordCrypto, time = createManualTime() } = options
  const signer = options.signer ?? signerNumber(number)
  const store = options.store ?? createMemoryAccountLogStore()
  const log = await openAccountLog({
    account: options.account ?? ACCOUNT,
    signer,
    epochs: await createEpochRing(options.epochs ?? [FIRST_EPOCH], crypto),
    store,
    rng: options.rng ?? createSeededRng(number),
    crypto,
    mayWrite: options.mayWrite ?? (() => true),
    writtenUpTo: options.writtenUpTo ?? 0,
    ...(options.prepare === undefined ? {} : { prepare: options.prepare }),
  })
  const exchanges = createExchanges({
    log,
    clock: time,
    scheduler: time,
    isSibling: () => true,
    ...options.exchanges,
  })
  return { id: deviceIdFromPublicKey(signer.publicKey), signer, log, store, exchanges, time }
}

/** Some bytes that say who wrote them. */
export function note(text: string): { readonly kind: string; readonly body: Uint8Array } {
  return { kind: 'note', body: new TextEncoder().encode(text) }
}

/** Writes notes one after the other, each in a record of its own. */
export async function writeNotes(
  { log }: TestDevice,
  texts: readonly string[],
  lane: 'data' | 'messages' = 'messages',
): Promise<void> {
  for (const text of texts) await log.append({ lane, contents: [note(text)] })
}

/** Every note a device holds of one lane, by device and place. */
export async function notesOf(
  { log }: TestDevice,
  lane: 'data' | 'messages' = 'messages',
): Promise<readonly string[]> {
  const notes: string[] = []
  for (const held of log.holdings().toSorted((a, b) => (a.device < b.device ? -1 : 1))) {
    if (held.lane !== lane) continue
    const span = { device: held.device, lane, from: 1, to: Number.MAX_SAFE_INTEGER }
    for await (const { contents } of log.readOpened(span)) {
      notes.push(...contents.map(({ body }) => new TextDecoder().decode(body)))
    }
  }
  return notes
}
