import { type Clock, createFrameStream, type FrameStream, type NetProtocol } from '@kithmesh/net'
import type {
  AccountId,
  RelayAnswer,
  RelayQuestion,
  RelayRefusal,
  RelayTalkers,
  SignedEntry,
} from '@kithmesh/protocol'
import type { Connection, Stream } from '@libp2p/interface'
import { sourceOf } from '../guard/source-address.ts'
import { createQuota } from '../rate.ts'
import type { ClaimDesk } from './claim-desk.ts'
import type { ServedAccounts } from './served-accounts.ts'

/** `/kith/relay/1`: a device shows whose it is (RLY-70 to RLY-76). */
export const RELAY_PROTOCOL: NetProtocol = {
  id: '/kith/relay/1',
  maxFrameBytes: 32 * 1024,
  maxStreamsPerPeer: 2,
}

/** What the service stands on. */
export interface ClaimParts {
  readonly accounts: ServedAccounts
  readonly desk: ClaimDesk
  readonly clock: Clock
  /** Peer id of the relay. */
  relay(): string
  /** Addresses of the relay, the public ones first. */
  addresses(): readonly string[]
  /** Keeps who owns the relay, before anybody hears of it. */
  keepOwner(account: AccountId): Promise<void>
}

/** The whole talk is over by then, or the stream is reset. */
const TIMEOUT_MS = 10_000
/** A household that comes back at once; then one in two seconds of an address. */
const QUOTA = { perSecond: 0.5, burst: 30, maxSources: 10_000 }
const MAX_LOG_BYTES = 1 << 20
const MAX_ADDRESSES = 16

/** Answers streams of the protocol, each in its own time. */
export function createClaimService(
  parts: ClaimParts,
): (stream: Stream, connection: Connection) => Promise<void> {
  const withinQuota = createQuota(QUOTA, parts.clock)
  return async (stream, connection) => {
    const peer = connection.remotePeer.toString()
    const frames = createFrameStream({ stream, peer, path: 'direct', protocol: RELAY_PROTOCOL })
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    signal.addEventListener('abort', () => frames.abort(new Error('It took too long')))
    try {
      // a device that is known asks for itself: a neighbour cannot spend what is its owner's (RLY-41)
      const isKnown = parts.accounts.isProtected(peer)
      const isBusy = !withinQuota(isKnown ? `peer ${peer}` : sourceOf(connection.remoteAddr))
      await say(frames, isBusy ? refused('busy') : await answer(parts, frames))
      await frames.close({ signal })
    } catch (error) {
      frames.abort(error instanceof Error ? error : new Error('It failed'))
    }
  }
}

type Answer =
  | { readonly kind: 'served'; readonly addresses: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string }

async function answer(parts: ClaimParts, frames: FrameStream): Promise<Answer> {
  const question = await nextQuestion(frames)
  switch (question?.kind) {
    case 'show':
      return answerShow(parts, frames, question.tag)
    case 'claim':
      return answerClaim(parts, frames, question)
    case 'entries':
    case undefined:
      throw new Error('Not the beginning of a talk')
  }
}

async function answerShow(
  { accounts, addresses, relay }: ClaimParts,
  frames: FrameStream,
  tag: Uint8Array,
): Promise<Answer> {
  const { relayTag } = await import('@kithmesh/protocol')
  const talkers = await talkersOf(relay(), frames)
  const account = accounts
    .served()
    .find((one) => Buffer.from(relayTag({ ...talkers, account: one })).equals(tag))
  if (account === undefined) return refused('not-yours')
  const log = await readLog(frames, { ...talkers, account })
  return (await accounts.show(account, log, frames.peer)) ? served(addresses()) : refused('not-in')
}

/** Both ends of a talk, as Noise has proved them. */
async function talkersOf(
  relay: string,
  { peer }: FrameStream,
): Promise<Omit<RelayTalkers, 'account'>> {
  const { parseDeviceId } = await import('@kithmesh/protocol')
  return { relay: parseDeviceId(relay), device: parseDeviceId(peer) }
}

async function answerClaim(
  { accounts, desk, addresses, keepOwner, relay }: ClaimParts,
  frames: FrameStream,
  { account, secret }: Extract<RelayQuestion, { kind: 'claim' }>,
): Promise<Answer> {
  if (desk.current() === undefined) return refused('owned')
  if (!desk.isRight(secret)) return refused('code')
  const log = await readLog(frames, { ...(await talkersOf(relay(), frames)), account })
  // somebody may have been faster while the log came
  if (!desk.isRight(secret)) return refused('code')
  if (!(await isInLog(account, log, frames.peer))) return refused('not-in')
  desk.close()
  await keepOwner(account)
  accounts.setOwner(account)
  const isIn = await accounts.show(account, log, frames.peer)
  return isIn ? served(addresses()) : refused('not-in')
}

/** Nobody becomes owner by a log that does not stand: nothing is kept until it was looked at. */
async function isInLog(
  account: AccountId,
  log: readonly SignedEntry[],
  peer: string,
): Promise<boolean> {
  const { isKithError, parseDeviceId, reduceDeviceLog } = await import('@kithmesh/protocol')
  try {
    const standing = reduceDeviceLog(account, log).devices.get(parseDeviceId(peer))
    // a device that is linked for some hours is a guest in its own account
    return standing?.state === 'in' && standing.expiresAt === undefined
  } catch (error) {
    if (isKithError(error)) return false
    throw error
  }
}

/** Entries until the device ends its half. @throws when they are more than a log holds */
async function readLog(
  frames: FrameStream,
  talkers: RelayTalkers,
): Promise<readonly SignedEntry[]> {
  const { deviceLogCodec, relayProof } = await import('@kithmesh/protocol')
  await say(frames, { kind: 'want', proof: relayProof(talkers) })
  const entries: SignedEntry[] = []
  let bytes = 0
  for (;;) {
    const question = await nextQuestion(frames)
    if (question === undefined) return entries
    if (question.kind !== 'entries') throw new Error('Entries were expected')
    bytes += question.log.length
    if (bytes > MAX_LOG_BYTES) throw new Error('More than a log holds')
    entries.push(...deviceLogCodec.decode(question.log))
  }
}

/** Undefined when the device has ended its half. */
async function nextQuestion(frames: FrameStream): Promise<RelayQuestion | undefined> {
  const { relayQuestionCodec } = await import('@kithmesh/protocol')
  const next = await frames.incoming[Symbol.asyncIterator]().next()
  return next.done === true ? undefined : relayQuestionCodec.decode(next.value)
}

async function say(frames: FrameStream, answered: RelayAnswer): Promise<void> {
  const { relayAnswerCodec } = await import('@kithmesh/protocol')
  await frames.send(relayAnswerCodec.encode(answered))
}

function served(addresses: readonly string[]): Answer {
  return { kind: 'served', addresses: addresses.slice(0, MAX_ADDRESSES) }
}

function refused(reason: RelayRefusal): Answer {
  return { kind: 'refused', reason }
}
