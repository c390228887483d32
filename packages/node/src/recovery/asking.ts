import {
  type AccountId,
  type AccountRoot,
  type DeviceId,
  deviceLogCodec,
  KithError,
  parseDeviceId,
  parseInviteCode,
  proveRecovery,
  type SignedEntry,
} from '@kithmesh/protocol'
import type { DeviceContext } from '../context.ts'
import { type TypedStream, typedStream } from '../frames.ts'
import { overStream } from '../over-stream.ts'
import { RECOVERY } from '../protocols.ts'
import { expect } from './answering.ts'
import { type FrameOf, type RecoveryFrame, recoveryCodec } from './wire.ts'

/** A surviving device, and where it is. */
export interface RecoverySource {
  readonly device: DeviceId
  readonly addresses: readonly string[]
}

/** What one source has of an account. Nothing of it is believed yet. */
export interface SourceAnswer {
  readonly device: DeviceId
  readonly account: AccountId
  /** The account the source is in: the same for a device of one's own. */
  readonly own: AccountId
  readonly name: string
  readonly logs: readonly {
    readonly account: AccountId
    readonly entries: readonly SignedEntry[]
  }[]
  readonly copies: readonly Uint8Array[]
}

/** Logs and copies one source may give: the account's, its own, and a copy; with room for later ones. */
const MAX_PARTS = 8

type RecoveryStream = TypedStream<RecoveryFrame, RecoveryFrame>

/**
 * Sources as a person gives them: multiaddrs that end in `/p2p/<peer id>`, several of one device
 * taken together, or invite codes, of which only device and addresses are used.
 *
 * @throws ERR_ADDRESS, ERR_CODE_…
 */
export function parseSources(
  { net }: Pick<DeviceContext, 'net'>,
  from: readonly string[],
): readonly RecoverySource[] {
  const addressesByDevice = new Map<DeviceId, string[]>()
  for (const text of from) {
    const { device, addresses } = text.startsWith('/') ? placeOf(text) : placeOfCode(text)
    const known = addressesByDevice.get(device) ?? []
    // Read and written once: whatever is no address is refused here, not when it is dialled.
    known.push(...addresses.map((one) => net.addressFromBytes(net.addressToBytes(one))))
    addressesByDevice.set(device, known)
  }
  return [...addressesByDevice].map(([device, addresses]) => ({ device, addresses }))

  function placeOfCode(text: string): RecoverySource {
    const code = parseInviteCode(text)
    const addresses = code.addresses.map((bytes) => net.addressFromBytes(bytes))
    return { device: code.device, addresses }
  }
}

/** The last peer id counts: an earlier one is that of a relay. */
function placeOf(address: string): RecoverySource {
  const [, peer] = /\/p2p\/([^/]+)$/.exec(address) ?? []
  if (peer === undefined) {
    throw new KithError('ERR_ADDRESS', 'an address without the device it belongs to', {
      hint: 'It ends in /p2p/ and the id of the device. An invite code made there will do, too.',
    })
  }
  return { device: parseDeviceId(peer), addresses: [address] }
}

/**
 * Asks one source for what it has; undefined when it does not know the account of these words.
 *
 * @throws ERR_UNREACHABLE, ERR_TIMEOUT, ERR_STREAM_ENDED, ERR_MALFORMED
 */
export function askSource(
  context: DeviceContext,
  asked: { readonly device: DeviceId; readonly root: AccountRoot },
  options: { readonly signal?: AbortSignal },
): Promise<SourceAnswer | undefined> {
  return converse(context, { ...asked, options }, async (typed) => {
    const first = await typed.read()
    if (first.kind === 'unknown') return undefined
    if (first.kind !== 'account') throw new KithError('ERR_MALFORMED', 'an account comes first')
    return readAnswer(asked.device, first, typed)
  })
}

/** Shows a source the device log as it is since the recovery. */
export async function tellSource(
  context: DeviceContext,
  told: {
    readonly device: DeviceId
    readonly root: AccountRoot
    readonly entries: readonly SignedEntry[]
  },
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  const log = deviceLogCodec.encode(told.entries)
  await converse(context, { ...told, options, log }, (typed) => expect(typed, 'done'))
}

interface Conversation {
  readonly device: DeviceId
  readonly root: AccountRoot
  readonly options: { readonly signal?: AbortSignal }
  readonly log?: Uint8Array
}

async function converse<T>(
  context: DeviceContext,
  { device, root, options, log }: Conversation,
  goOn: (typed: RecoveryStream) => Promise<T>,
): Promise<T> {
  const to = { peer: device, protocol: RECOVERY, ...options }
  return overStream(context, to, async (stream) => {
    const codecs = { incoming: recoveryCodec, outgoing: recoveryCodec }
    const typed: RecoveryStream = typedStream(stream, codecs, context.scheduler)
    await prove(context, typed, { device, root, log })
    return goOn(typed)
  })
}

async function prove(
  context: DeviceContext,
  typed: RecoveryStream,
  { device, root, log }: { device: DeviceId; root: AccountRoot; log: Uint8Array | undefined },
): Promise<void> {
  await typed.send({ kind: 'ask' })
  const { nonce } = await expect(typed, 'challenge')
  const talk = { asking: context.device, answering: device, nonce }
  const signature = await proveRecovery(root.signer, talk)
  const proof = { kind: 'proof', root: root.signer.publicKey, signature } as const
  await typed.send(log === undefined ? proof : { ...proof, log })
}

async function readAnswer(
  device: DeviceId,
  { account, own, name }: FrameOf<'account'>,
  typed: RecoveryStream,
): Promise<SourceAnswer> {
  const logs: SourceAnswer['logs'][number][] = []
  const copies: Uint8Array[] = []
  for (let parts = 0; parts <= MAX_PARTS; parts++) {
    const frame = await typed.read()
    if (frame.kind === 'done') return { device, account, own, name, logs, copies }
    if (frame.kind === 'copy') copies.push(frame.copy)
    else if (frame.kind === 'log') {
      logs.push({ account: frame.account, entries: deviceLogCodec.decode(frame.entries) })
    } else throw new KithError('ERR_MALFORMED', 'neither a log nor a copy')
  }
  throw new KithError('ERR_MALFORMED', 'too many parts of an account')
}
