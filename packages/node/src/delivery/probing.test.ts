/** Probes that no person would see (B5): a stranger that sends them learns nothing, not even that they came. */

import { messageIdFromBytes } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { accountOf, createDevices } from '../../test/devices.ts'
import { MESSAGE } from '../protocols.ts'
import { toRecipientCodec } from './message-wire.ts'

const PROBES = 1_000
const NOTHING = messageIdFromBytes(new Uint8Array(16))
/** A question, an offer of what is not there, and an envelope that is none. */
const SILENT: readonly Uint8Array[] = [
  toRecipientCodec.encode({ kind: 'ask-card' }),
  toRecipientCodec.encode({ kind: 'offer', ids: [NOTHING] }),
  toRecipientCodec.encode({ kind: 'envelope', id: NOTHING, envelope: new Uint8Array(300) }),
]

test('B5 DEL-9 a thousand probes of a stranger are not answered once, and leave no trace', async () => {
  const devices = createDevices()
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  // Ben is here, and was seen last at this moment.
  const withoutTime = (name: string, value: unknown): unknown => (name === 'lastSeen' ? 0 : value)
  const picture = async () =>
    JSON.stringify([await ada.status(), await ada.messages.list(accountOf(ben))], withoutTime)
  const before = await picture()
  const stranger = devices.stranger()
  const answers: Uint8Array[] = []
  for (let probe = 0; probe < PROBES; probe++) {
    const stream = await stranger.open(ada.device, MESSAGE)
    await stream.send(SILENT[probe % SILENT.length] ?? new Uint8Array()).catch(() => undefined)
    try {
      for await (const frame of stream.incoming) answers.push(frame)
    } catch {
      // As it should be: the stream was reset.
    }
  }
  expect(answers).toEqual([])
  expect(await picture()).toEqual(before)
})
