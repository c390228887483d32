import type { FrameStream } from '@kithmesh/net'
import {
  type AccountId,
  deviceLogCodec,
  equalBytes,
  KithError,
  parseDeviceId,
  RECOVERY_NONCE_BYTES,
  verifyRecoveryProof,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { type TypedStream, typedStream } from '../frames.ts'
import { RECOVERY } from '../protocols.ts'
import { commitStaged } from '../staged.ts'
import type { LogIntake } from '../standing/log-intake.ts'
import type { Giving } from './giving.ts'
import type { Shelf } from './shelf.ts'
import { type FrameOf, type RecoveryFrame, recoveryCodec } from './wire.ts'

type RecoveryStream = TypedStream<RecoveryFrame, RecoveryFrame>

/** Answers `/kith/recovery/1`: keeps copies of contacts, and gives back to who proves a root key. */
export function startAnswering(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: DeviceLogs
    readonly intake: LogIntake
    readonly isContact: (account: AccountId) => boolean
    readonly shelf: Shelf
    readonly giving: Giving
    /** What this account calls itself. */
    readonly ownName: () => string
  },
): void {
  const { net, rng, scheduler, store, logger } = context
  const { account: own, logs, intake, isContact, shelf, giving } = parts

  net.handle(RECOVERY, async (stream) => {
    const codecs = { incoming: recoveryCodec, outgoing: recoveryCodec }
    const typed: RecoveryStream = typedStream(stream, codecs, scheduler)
    const first = await typed.read()
    if (first.kind === 'offer') return keepFor(requireContact(stream), typed)
    if (first.kind === 'forget') {
      await shelf.drop(requireContact(stream))
      logger.debug('a recovery copy was dropped')
      return typed.send({ kind: 'done' })
    }
    if (first.kind !== 'ask') throw outOfOrder()
    await answer(stream, typed)
  })

  /** Copies are taken from devices that are in the account of a contact, and from nobody else. */
  function requireContact(stream: FrameStream): AccountId {
    const theirs = logs.accountOf(parseDeviceId(stream.peer))
    if (theirs && theirs !== own && isContact(theirs)) return theirs
    throw new KithError('ERR_STRANGER', 'not a contact')
  }

  async function keepFor(theirs: AccountId, typed: RecoveryStream): Promise<void> {
    const due = shelf.wanted(theirs)
    if (!due) return typed.send({ kind: 'enough' })
    await typed.send({ kind: 'want', above: due.above })
    await shelf.keep(theirs, (await expect(typed, 'copy')).copy)
    logger.debug('a recovery copy was kept')
    await typed.send({ kind: 'done' })
  }

  /** Nothing is said before the root key is proved, for this stream (REC-20). */
  async function answer(stream: FrameStream, typed: RecoveryStream): Promise<void> {
    const nonce = rng.bytes(RECOVERY_NONCE_BYTES)
    await typed.send({ kind: 'challenge', nonce })
    const proof = await expect(typed, 'proof')
    const talk = { asking: parseDeviceId(stream.peer), answering: context.device, nonce }
    if (!verifyRecoveryProof(proof, talk)) {
      throw new KithError('ERR_SIGNATURE', 'a root key that was not proved')
    }
    const account = accountOfRoot(proof.root)
    if (!account) return typed.send({ kind: 'unknown' })
    if (proof.log) return takeLog(account, proof.log, typed)
    await tell(account, typed)
  }

  function accountOfRoot(root: Uint8Array): AccountId | undefined {
    return logs
      .accounts()
      .filter((account) => account === own || isContact(account))
      .find((account) => equalBytes(logs.get(account)?.root ?? EMPTY, root))
  }

  async function tell(account: AccountId, typed: RecoveryStream): Promise<void> {
    await typed.send({ kind: 'account', account, own, name: parts.ownName() })
    await sendLog(account, typed)
    if (account !== own) await sendLog(own, typed)
    const copy = account === own ? await giving.makeCopy(0) : await shelf.get(account)
    if (copy) await typed.send({ kind: 'copy', copy })
    await typed.send({ kind: 'done' })
  }

  async function sendLog(account: AccountId, typed: RecoveryStream): Promise<void> {
    const entries = logs.get(account)?.entries
    if (entries) {
      await typed.send({ kind: 'log', account, entries: deviceLogCodec.encode(entries) })
    }
  }

  /** It was recovered: who is in changes here now, not at the next greeting. */
  async function takeLog(
    account: AccountId,
    log: Uint8Array,
    typed: RecoveryStream,
  ): Promise<void> {
    const entries = deviceLogCodec.decode(log)
    if (account === own) await intake.takeOwn({ entries })
    else await commitStaged(store, await intake.stage(account, entries))
    await typed.send({ kind: 'done' })
  }
}

/** The next frame, which must be of this kind. @throws ERR_MALFORMED */
export async function expect<K extends RecoveryFrame['kind']>(
  typed: RecoveryStream,
  kind: K,
): Promise<FrameOf<K>> {
  const frame = await typed.read()
  if (isOfKind(frame, kind)) return frame
  throw outOfOrder()
}

function isOfKind<K extends RecoveryFrame['kind']>(
  frame: RecoveryFrame,
  kind: K,
): frame is FrameOf<K> {
  return frame.kind === kind
}

function outOfOrder(): KithError {
  return new KithError('ERR_MALFORMED', 'not what comes here in a conversation about recovery')
}

const EMPTY = new Uint8Array()
