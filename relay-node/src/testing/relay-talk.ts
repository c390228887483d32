import { createFrameStream, type FrameStream } from '@kithmesh/net'
import {
  type AccountId,
  entriesInFrames,
  parseDeviceId,
  type RelayAnswer,
  type RelayQuestion,
  relayAnswerCodec,
  relayQuestionCodec,
  relayTag,
  type SignedEntry,
} from '@kithmesh/protocol'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { RELAY_PROTOCOL } from '../ownership/claim-service.ts'

/** A relay, and where it is. */
export interface TalkingRelay {
  readonly peer: string
  readonly address: string
}

/** What a device says over `/kith/relay/1`. */
export interface Talk {
  readonly question: RelayQuestion
  readonly log: readonly SignedEntry[]
}

/** What a device does over the protocol, by hand: it asks, shows the log when it is wanted, and hears the answer. */
export async function talk(
  device: Libp2p,
  { peer, address }: TalkingRelay,
  { question, log }: Talk,
): Promise<RelayAnswer> {
  const stream = await device.dialProtocol(multiaddr(address), RELAY_PROTOCOL.id)
  const frames: FrameStream = createFrameStream({
    stream,
    peer,
    path: 'direct',
    protocol: RELAY_PROTOCOL,
  })
  const answers = frames.incoming[Symbol.asyncIterator]()
  const next = async (): Promise<RelayAnswer> => {
    const { value, done } = await answers.next()
    if (done === true) throw new Error('it said nothing')
    return relayAnswerCodec.decode(value)
  }
  await frames.send(relayQuestionCodec.encode(question))
  const first = await next()
  if (first.kind !== 'want') {
    await frames.close()
    return first
  }
  for (const part of entriesInFrames(log)) await frames.send(relayQuestionCodec.encode(part))
  await frames.close()
  return next()
}

/** What a device says to a relay that may know its account. */
export function show(
  account: AccountId,
  device: Libp2p,
  relay: Pick<TalkingRelay, 'peer'>,
): RelayQuestion {
  const talkers = {
    account,
    device: parseDeviceId(device.peerId.toString()),
    relay: parseDeviceId(relay.peer),
  }
  return { kind: 'show', tag: relayTag(talkers) }
}
