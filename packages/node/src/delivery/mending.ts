import {
  type AccountId,
  bytes,
  type Codec,
  cannotOpenCodec,
  codec,
  type DeviceId,
  decoded,
  directChatId,
  type Envelope,
  envelopeCodec,
  equalBytes,
  isCannotOpenOf,
  isSameParty,
  type MessageId,
  messageId,
  type Party,
  record,
  signCannotOpen,
  uint,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Chats } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { commitStaged, type Staged } from '../staged.ts'
import { MAX_CONTROL_BYTES } from './message-wire.ts'
import type { Outbox } from './outbox.ts'
import { commitSealed, type OpenedEnvelope, type Sessions } from './sessions.ts'

/**
 * Sessions that broke, as after a backup was put back (protocol.md §4). Who cannot open an envelope says so
 * by a signed word on a session it starts anew; who sealed it goes on from there.
 */
export interface Mending {
  /**
   * The word to the sender that its envelope cannot be opened here, sealed and with its session on the disk.
   * Undefined without a card of the sender, or when the hour since the last time is not over. Whoever calls
   * holds the chat of the pair.
   *
   * @throws ERR_STORE_WRITE
   */
  report(envelope: Envelope, message: MessageId): Promise<Uint8Array | undefined>
  /**
   * Whether the word is genuine and about that very envelope. If so the session it came on is on the disk,
   * and what waits for the device is unsealed there: it was sealed before, and is sealed anew.
   */
  hear(control: Uint8Array, about: Sent): Promise<boolean>
  /** A device that is in gave its word within the hour: what else it cannot open was sealed before. */
  isBroken(recipient: Party): boolean
}

/** An envelope of this device that is under way. */
export interface Sent {
  readonly recipient: Party
  readonly message: MessageId
  readonly envelope: Uint8Array
}

/** Resets of one device pair (protocol.md §4): a peer must not make us work for nothing. */
const RESET_INTERVAL_MS = 60 * 60 * 1000

/** The last time this device began anew with another, and what it said then. */
export interface Reset {
  /** Ms since 1970 UTC. */
  readonly at: number
  readonly message: MessageId
  readonly ratchetKey: Uint8Array
  /** The sealed word. */
  readonly control: Uint8Array
}

/** Mending for one account on this device. */
export function createMending(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: Pick<DeviceLogs, 'accountOf'>
    readonly chats: Pick<Chats, 'alone'>
    readonly sessions: Sessions
    readonly outbox: Pick<Outbox, 'allFor' | 'stageSealed'>
  },
): Mending {
  const { tables, store, clock, signer, logger } = context
  const { account, logs, chats, sessions, outbox } = parts
  const self: Party = { account, device: context.device }
  /** By the monotonic clock: when this device last began anew with another, and when another said so. */
  const resetAt = new Map<DeviceId, number>()
  const brokenAt = new Map<DeviceId, number>()

  async function report(envelope: Envelope, message: MessageId): Promise<Uint8Array | undefined> {
    const to = envelope.sender
    const { ratchetKey } = envelope.header
    const last = await tables.resets.get(to.device)
    if (last && isWithinHour(to.device, last)) {
      // The word may not have arrived: what comes again as it was is answered as it was.
      const isAgain = last.message === message && equalBytes(last.ratchetKey, ratchetKey)
      return isAgain ? last.control : undefined
    }
    await sessions.handedOver(to.device)
    const said = await signCannotOpen({ by: self, to, message, ratchetKey }, signer)
    const sealed = await sessions.sealAnew(to, cannotOpenCodec.encode(said), 'control')
    if (!sealed) return undefined
    logger.warn('an envelope cannot be opened: a session begins anew')
    return commitSealed(store, sealed, (control) =>
      stageReset(to.device, { at: clock.now(), message, ratchetKey, control }),
    )
  }

  /** Over a restart the wall clock has to do; one that was put back says nothing. */
  function isWithinHour(device: DeviceId, { at }: Reset): boolean {
    const last = resetAt.get(device)
    const since = last === undefined ? clock.now() - at : clock.monotonic() - last
    return since >= 0 && since < RESET_INTERVAL_MS
  }

  function stageReset(device: DeviceId, reset: Reset): Staged {
    return {
      ops: () => [tables.resets.put(device, reset)],
      publish: () => void resetAt.set(device, clock.monotonic()),
    }
  }

  /** Nothing is kept of a word that does not hold: not even the step of the session it came on (SES-27). */
  async function hear(control: Uint8Array, about: Sent): Promise<boolean> {
    const { recipient } = about
    return chats.alone(directChatId(account, recipient.account), async () => {
      await sessions.handedOver(recipient.device)
      const unsealed = await stageUnsealed(about)
      const opened = await genuine(control, about)
      if (!opened) {
        logger.warn('the word of a device that it cannot open an envelope does not hold')
        return false
      }
      // In one batch: a restart before they are sealed anew would send again what cannot be opened (SES-28).
      await commitStaged(store, [opened.stage(), ...unsealed])
      brokenAt.set(recipient.device, clock.monotonic())
      return true
    })
  }

  /** All that waits, at the first word within the hour; later ones must not cost as much (B4). */
  async function stageUnsealed({ recipient, message }: Sent): Promise<readonly Staged[]> {
    const waiting = await outbox.allFor(recipient.device)
    return waiting
      .filter((entry) => entry.message === message || !isBroken(recipient))
      .map((entry) => outbox.stageSealed(entry, undefined))
  }

  async function genuine(
    control: Uint8Array,
    { recipient, message, envelope: sent }: Sent,
  ): Promise<Extract<OpenedEnvelope, { readonly kind: 'opened' }> | undefined> {
    const envelope = decoded(envelopeCodec, control)
    const ratchetKey = decoded(envelopeCodec, sent)?.header.ratchetKey
    if (!envelope || !ratchetKey || envelope.chat !== 'control') return undefined
    const isFromThem = isSameParty(envelope.sender, recipient)
    if (!isFromThem || !isIn(recipient) || !isSameParty(envelope.recipient, self)) return undefined
    const opened = await sessions.open(envelope)
    if (opened.kind !== 'opened') return undefined
    const said = decoded(cannotOpenCodec, opened.plaintext)
    const expected = { by: recipient, to: self, message, ratchetKey }
    return said && isCannotOpenOf(said, expected) ? opened : undefined
  }

  function isIn({ account: of, device }: Party): boolean {
    return logs.accountOf(device) === of
  }

  function isBroken(recipient: Party): boolean {
    const last = brokenAt.get(recipient.device) ?? Number.NEGATIVE_INFINITY
    return isIn(recipient) && clock.monotonic() - last < RESET_INTERVAL_MS
  }

  return { report, hear, isBroken }
}

/** Resets as they are kept on the disk. */
export const resetCodec: Codec<Reset> = codec(
  record({
    at: uint(),
    message: messageId,
    ratchetKey: bytes({ length: 32 }),
    control: bytes({ max: MAX_CONTROL_BYTES }),
  }),
  { maxBytes: MAX_CONTROL_BYTES + 128 },
)
