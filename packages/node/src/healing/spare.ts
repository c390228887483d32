/** What a device needs to find its siblings again, kept apart from the store (STO-50). */

import {
  type AccountId,
  accountId,
  bytes,
  type Codec,
  codec,
  deviceLogCodec,
  isKithError,
  record,
  type SignedEntry,
  variants,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'

/** The account of a device, and the log by which it is in. */
export interface Spare {
  readonly account: AccountId
  /** As they were when it was first kept: later ones come from siblings. */
  readonly entries: readonly SignedEntry[]
}

const NAME = 'account.spare'
/** The platform of a context has one home, and asks for none. */
const THIS_HOME = ''

/** As the codec of a device log has it. */
const MAX_LOG_BYTES = 1 << 20

const spareShapeCodec = codec(
  variants('kind', {
    spare: record({ account: accountId, log: bytes({ max: MAX_LOG_BYTES }) }),
  }),
  { maxBytes: MAX_LOG_BYTES + 128 },
)

/** A spare's way to bytes and back. */
const spareCodec: Codec<Spare> = {
  encode: ({ account, entries }) =>
    spareShapeCodec.encode({ kind: 'spare', account, log: deviceLogCodec.encode(entries) }),
  decode: (encoded) => {
    const { account, log } = spareShapeCodec.decode(encoded)
    return { account, entries: deviceLogCodec.decode(log) }
  },
}

/** Keeps what this device knows of its account now, once: beside its keys, and sealed as they are. */
export async function keepSpare(
  { platform, logger }: DeviceContext,
  { account, logs }: { readonly account: AccountId; readonly logs: DeviceLogs },
): Promise<void> {
  const entries = logs.get(account)?.entries
  if (entries === undefined) return
  try {
    await platform.loadOrCreate(THIS_HOME, NAME, () => spareCodec.encode({ account, entries }))
  } catch (error) {
    // It is for bad days only: a device runs without it.
    if (!isKithError(error)) throw error
    logger.warn('a spare of the account is not kept', { code: error.code })
  }
}

/** What was kept; undefined when there is none. Makes nothing. */
export async function readSpare({ platform, logger }: DeviceContext): Promise<Spare | undefined> {
  try {
    return spareCodec.decode(await platform.loadOrCreate(THIS_HOME, NAME, noSpare))
  } catch (error) {
    if (error !== NONE) logger.warn('there is no spare of the account')
    return undefined
  }
}

const NONE = new Error('no spare')

function noSpare(): never {
  throw NONE
}
