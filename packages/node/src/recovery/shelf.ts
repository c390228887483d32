import {
  type AccountId,
  accountId,
  bytes,
  type Codec,
  codec,
  type DeviceId,
  deviceId,
  equalBytes,
  KithError,
  MAX_COPY_BYTES,
  type RecoveryCopy,
  readRecoveryCopy,
  record,
  type Shape,
  uint,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { createSerial } from '../serial.ts'
import { commitStaged } from '../staged.ts'

/** Recovery copies kept here for contacts, at most one for each (REC-13). */
export interface Shelf {
  /** Whether a copy is due, and above which number; undefined when the one here is good enough. */
  wanted(account: AccountId): { readonly above: number } | undefined
  get(account: AccountId): Promise<Uint8Array | undefined>
  /** Keeps a copy in place of an older one. @throws ERR_RECOVERY_SOURCE, ERR_SIGNATURE, ERR_MALFORMED */
  keep(account: AccountId, copy: Uint8Array): Promise<void>
  drop(account: AccountId): Promise<void>
}

/** One copy a day for each contact (REC-14). */
const DAY_MS = 86_400_000
/** Copies are made every so often by clocks that are apart; a day less an hour is a day. */
const DUE_AFTER_MS: number = DAY_MS - 3_600_000
/** All copies together (REC-13): 64 of the largest, thousands of common ones. */
const MAX_SHELF_BYTES: number = 64 * MAX_COPY_BYTES

/** What is known of a kept copy without reading it. */
export interface KeptCopy {
  readonly account: AccountId
  /** Who made it. */
  readonly device: DeviceId
  readonly number: number
  /** How long it is. */
  readonly bytes: number
  /** ms since 1970 UTC, by this device's clock. */
  readonly keptAt: number
  /** Head of the account's device log when it came: another one makes the copy old. */
  readonly head: Uint8Array
}

const keptShape: Shape<KeptCopy> = record({
  account: accountId,
  device: deviceId,
  number: uint(),
  bytes: uint({ max: MAX_COPY_BYTES }),
  keptAt: uint(),
  head: bytes({ length: 32 }),
})

/** What stands beside a copy. */
export const keptCopyCodec: Codec<KeptCopy> = codec(keptShape, { maxBytes: 256 })

/** Opens the shelf; copies of who is no contact any more go. */
export async function openShelf(
  context: DeviceContext,
  parts: { readonly logs: DeviceLogs; readonly isContact: (account: AccountId) => boolean },
): Promise<Shelf> {
  const { store, tables, clock } = context
  const { logs, isContact } = parts
  const kept = new Map<AccountId, KeptCopy>()
  const inTurn = createSerial<AccountId>()
  for await (const [account, one] of tables.keptCopies.entries()) kept.set(account, one)
  for (const account of kept.keys()) if (!isContact(account)) await drop(account)

  function wanted(account: AccountId): { readonly above: number } | undefined {
    if (!isContact(account)) return undefined
    const held = kept.get(account)
    if (!held) return hasRoom(MAX_COPY_BYTES, account) ? { above: 0 } : undefined
    // Whoever is out says nothing of this account any more: not even which number comes next.
    if (!isIn(account, held.device)) return { above: 0 }
    return isOld(account, held) ? { above: held.number } : undefined
  }

  function isOld(account: AccountId, { keptAt, head }: KeptCopy): boolean {
    const age = clock.now() - keptAt
    const now = logs.get(account)?.head
    return age >= DUE_AFTER_MS || age < 0 || (now !== undefined && !equalBytes(now, head))
  }

  function isIn(account: AccountId, device: DeviceId): boolean {
    return logs.accountOf(device) === account
  }

  function hasRoom(size: number, account: AccountId): boolean {
    const others = [...kept.values()].filter((one) => one.account !== account)
    return others.reduce((sum, one) => sum + one.bytes, size) <= MAX_SHELF_BYTES
  }

  async function put(account: AccountId, bytes: Uint8Array): Promise<void> {
    const copy = readRecoveryCopy(bytes)
    const head = logs.get(account)?.head
    // Whoever was let in with a small one may come with a large one later.
    if (!head || !mayKeep(account, copy) || !hasRoom(bytes.length, account)) throw notKept()
    const { device, number } = copy
    const one = { account, device, number, bytes: bytes.length, keptAt: clock.now(), head }
    await commitStaged(store, [
      {
        ops: () => [tables.keptCopies.put(account, one), tables.copies.put(account, bytes)],
        publish: () => void kept.set(account, one),
      },
    ])
  }

  function mayKeep(account: AccountId, copy: RecoveryCopy): boolean {
    const due = wanted(account)
    return (
      due !== undefined &&
      copy.account === account &&
      isIn(account, copy.device) &&
      copy.number > due.above
    )
  }

  async function drop(account: AccountId): Promise<void> {
    if (!kept.has(account)) return
    await commitStaged(store, [
      {
        ops: () => [tables.keptCopies.delete(account), tables.copies.delete(account)],
        publish: () => void kept.delete(account),
      },
    ])
  }

  return {
    wanted,
    get: (account) => tables.copies.get(account),
    keep: (account, copy) => inTurn(account, () => put(account, copy)),
    drop: (account) => inTurn(account, () => drop(account)),
  }
}

function notKept(): KithError {
  return new KithError('ERR_RECOVERY_SOURCE', 'a recovery copy that is not kept here')
}
