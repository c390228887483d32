import {
  type AccountId,
  createSessionSet,
  type DeviceId,
  type Envelope,
  envelopeCodec,
  openFrom,
  type Party,
  type Scope,
  type SealInput,
  type SessionSet,
  sealTo,
  sessionSetCodec,
  startSession,
  withSession,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import type { Staged } from '../staged.ts'

/** What sealing yields: bytes to send once `staged` is durable, never before (SES-11). */
export interface SealedCopy {
  readonly envelope: Uint8Array
  readonly staged: Staged
}

/** What became of an envelope. */
export type OpenedEnvelope =
  | { readonly kind: 'opened'; readonly plaintext: Uint8Array; readonly staged: Staged }
  | { readonly kind: 'cannot-open' }

/**
 * The sessions with every device of every contact. Whoever seals or opens holds the chat of the pair
 * (`Chats.alone`), so that a session takes one step at a time and its batches reach the disk in order.
 */
export interface Sessions {
  /** Undefined while there is neither a session nor a card to start one from. */
  seal(recipient: Party, plaintext: Uint8Array, chat: Scope): Promise<SealedCopy | undefined>
  open(envelope: Envelope): Promise<OpenedEnvelope>
  /** The next seal to the device starts a new session; once an hour at most (Sesame, SES). */
  restart(device: DeviceId): void
  /** Drops every session with a device: it is out of its account (OUT-6). */
  stageForget(device: DeviceId): Staged
}

/** Resets of one device pair (protocol: desync happens; a peer must not make us work for nothing). */
const RESTART_INTERVAL_MS = 60 * 60 * 1000
/** Said of a log we do not hold. */
const NO_HEAD = new Uint8Array(32)

/** The sessions of one account on this device. */
export function openSessions(
  context: DeviceContext,
  parts: { readonly account: AccountId; readonly logs: DeviceLogs; readonly cards: Cards },
): Sessions {
  const { tables, clock } = context
  const { account, logs, cards } = parts
  const self: Party = { account, device: context.device }
  const setsByDevice = new Map<DeviceId, SessionSet>()
  const restarting = new Set<DeviceId>()
  const restartedAt = new Map<DeviceId, number>()

  async function setOf(peer: Party): Promise<SessionSet> {
    const known = setsByDevice.get(peer.device)
    if (known) return known
    const stored = await tables.sessions.get(peer.device)
    return stored ? sessionSetCodec.decode(stored) : createSessionSet({ self, peer })
  }

  /** Used from now on; forgotten if the write fails, so that the disk decides. */
  function stage(set: SessionSet): Staged {
    const { device } = set.peer
    setsByDevice.set(device, set)
    return {
      ops: () => [
        tables.sessions.put(device, sessionSetCodec.encode(setsByDevice.get(device) ?? set)),
      ],
      discard: () => void setsByDevice.delete(device),
    }
  }

  async function seal(
    recipient: Party,
    plaintext: Uint8Array,
    chat: Scope,
  ): Promise<SealedCopy | undefined> {
    const freshness = {
      sender: logs.get(account)?.head ?? NO_HEAD,
      recipient: logs.get(recipient.account)?.head ?? NO_HEAD,
    }
    const input: SealInput = { plaintext, chat, freshness }
    const set = await setOf(recipient)
    const fresh = restarting.delete(recipient.device)
    const current = fresh ? await started(set) : set
    if (!current) return undefined
    const sealed = await sealTo(current, input, context)
    if (sealed.kind === 'sealed') return copy(sealed.set, sealed.envelope)
    const withFirst = await started(set)
    const first = withFirst && (await sealTo(withFirst, input, context))
    return first?.kind === 'sealed' ? copy(first.set, first.envelope) : undefined
  }

  function copy(set: SessionSet, envelope: Envelope): SealedCopy {
    return { envelope: envelopeCodec.encode(envelope), staged: stage(set) }
  }

  async function started(set: SessionSet): Promise<SessionSet | undefined> {
    const peerCard = await cards.get(set.peer.device)
    if (!peerCard) return undefined
    const own = { party: self, ...cards.ownIdentity() }
    return withSession(set, await startSession({ self: own, peer: set.peer, peerCard }, context))
  }

  async function open(envelope: Envelope): Promise<OpenedEnvelope> {
    const set = await setOf(envelope.sender)
    const own = { party: self, ...cards.ownIdentity() }
    const opened = await openFrom(set, { self: own, prekeys: cards.prekeys(), envelope }, context)
    switch (opened.kind) {
      case 'opened':
        return { kind: 'opened', plaintext: opened.plaintext, staged: stage(opened.set) }
      // Its key is gone and its message is not here, or it would not have come this far.
      case 'duplicate':
        return { kind: 'cannot-open' }
      case 'refused':
        context.logger.debug('an envelope does not open', { code: opened.code })
        return { kind: 'cannot-open' }
    }
  }

  function restart(device: DeviceId): void {
    const last = restartedAt.get(device)
    const now = clock.monotonic()
    if (last !== undefined && now - last < RESTART_INTERVAL_MS) return
    restartedAt.set(device, now)
    restarting.add(device)
  }

  function stageForget(device: DeviceId): Staged {
    const forget = (): void => {
      setsByDevice.delete(device)
      restarting.delete(device)
      restartedAt.delete(device)
    }
    // Whoever comes between finds none in memory, and the one on disk until it is gone from there.
    return { ops: () => [tables.sessions.delete(device)], publish: forget }
  }

  return { seal, open, restart, stageForget }
}
