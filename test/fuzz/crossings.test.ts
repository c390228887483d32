import { isKithError } from '@kithmesh/protocol'
import { expect, test, vi } from 'vitest'
import { type FoundCodec, findCodecs } from './recorded-codecs.ts'
import { nodeSamples } from './samples/node.ts'
import type { Samples } from './samples/parts.ts'
import { protocolSamples } from './samples/protocol.ts'
import { syncSamples } from './samples/sync.ts'

vi.mock('../../packages/protocol/src/codec/codec.ts', async (original) => {
  const { recording } = await import('./recorded-codecs.ts')
  return recording(await original())
})

const SAMPLES: Samples = { ...(await protocolSamples()), ...syncSamples, ...nodeSamples }
const found = [
  ...(await findCodecs('protocol')),
  ...(await findCodecs('sync')),
  ...(await findCodecs('node')),
]

/**
 * What two decoders read alike, and what tells it apart. Whoever adds a line here says why it does no harm.
 */
const TWINS: readonly (readonly [from: string, into: string, why: string])[] = [
  // Each protocol has streams of its own, and no frame passes from one to another.
  ['node/delivery/message-wire.ts toSenderCodec', 'node/greeting/hello-wire.ts helloCodec', 'NET'],
  ['node/greeting/hello-wire.ts helloCodec', 'node/delivery/message-wire.ts toSenderCodec', 'NET'],
  ['node/greeting/hello-wire.ts helloCodec', 'node/recovery/wire.ts recoveryCodec', 'NET'],
  ['node/recovery/wire.ts recoveryCodec', 'node/greeting/hello-wire.ts helloCodec', 'NET'],
  // A relay refuses in clear over its own protocol (RLY-70), a device sealed to who links (LNK-8).
  [
    'protocol/link/relay-talk.ts relayAnswerCodec',
    'protocol/link/sealed-channel.ts saidCodec',
    'NET',
  ],
  [
    'protocol/link/sealed-channel.ts saidCodec',
    'protocol/link/relay-talk.ts relayAnswerCodec',
    'NET',
  ],
  // An answer stands in a frame of its kind, a proposal in the first sealed message of who takes in (LNK-8).
  ['protocol/link/channel.ts answerCodec', 'protocol/link/link-messages.ts proposalCodec', 'LNK-8'],
  // A reveal is the first sealed message of a dialler (LNK-8); the others never leave the store.
  ['protocol/session/device-card.ts keyPairCodec', 'protocol/link/meeting.ts revealCodec', 'LNK-8'],
  ['node/account/account.ts accountRecordCodec', 'protocol/link/meeting.ts revealCodec', 'LNK-8'],
]

/** Values of tables are sealed to the place they lie in (STO-20), so bytes come to no table but their own. */
const isOfStore = ({ name }: FoundCodec): boolean => /^node\/(tables|store\/)/.test(name)

function isReadBy(from: FoundCodec, into: FoundCodec): boolean {
  return (SAMPLES[from.name] ?? []).some((value) => reads(into, from.codec.encode(value)))
}

function reads({ codec }: FoundCodec, bytes: Uint8Array): boolean {
  try {
    codec.decode(bytes)
    return true
  } catch (error) {
    if (isKithError(error, 'ERR_MALFORMED') || isKithError(error, 'ERR_SUITE_UNKNOWN')) return false
    throw error
  }
}

test('A4 MSG-5 STO-20 whatever one decoder writes no other reads, or something else tells them apart', () => {
  expect(Object.keys(SAMPLES).toSorted()).toEqual(found.map(({ name }) => name).toSorted())
  const pairs = found.flatMap((from) =>
    found
      .filter((into) => into.name !== from.name && !isOfStore(into) && isReadBy(from, into))
      .map((into) => `${from.name} -> ${into.name}`),
  )
  expect(pairs.toSorted()).toEqual(TWINS.map(([from, into]) => `${from} -> ${into}`).toSorted())
})
