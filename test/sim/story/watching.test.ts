import { contentCodec, type Envelope, envelopeCodec } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { toRecipientCodec } from '../../../packages/node/src/delivery/message-wire.ts'
import { createCast, createSides } from '../../../packages/protocol/test/session-cast.ts'
import { chat, message, party } from '../../fuzz/samples/parts.ts'
import type { Finding } from './invariant-names.ts'
import { isOnDisk, watchKeys } from './watching.ts'

test('SIM-10 a text stands on a disk when its content was written, and no longer one is taken for it', () => {
  const value = contentCodec.encode({
    chat,
    author: party,
    seq: 1,
    parents: [],
    at: 1,
    salt: new Uint8Array(16),
    body: { kind: 'text', text: 'ada/phone 12' },
  })
  expect(isOnDisk({ values: [value] }, 'ada/phone 12')).toBe(true)
  expect(isOnDisk({ values: [value] }, 'ada/phone 1')).toBe(false)
  expect(isOnDisk({ values: [] }, 'ada/phone 12')).toBe(false)
})

test('SIM-10 an envelope may come again as it is; another one of its number is a key used twice', async () => {
  const { ada } = createSides(await createCast())
  const first: Envelope = await ada.say('hello')
  const other: Envelope = {
    ...first,
    message: { ...first.message, commitment: new Uint8Array(32).fill(7) },
  }
  const broken: Finding[] = []
  const see = watchKeys(broken, (peer) => peer)
  const frameOf = (envelope: Envelope): Uint8Array =>
    toRecipientCodec.encode({
      kind: 'envelope',
      id: message,
      envelope: envelopeCodec.encode(envelope),
    })
  see('ada', 'ben', frameOf(first))
  see('ada', 'ben', frameOf(first))
  expect(broken).toEqual([])
  see('ada', 'ben', frameOf(other))
  expect(broken).toMatchObject([{ invariant: 'no message key seals two messages' }])
})
