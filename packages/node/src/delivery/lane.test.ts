import { decoded, type Envelope, envelopeCodec } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { accountOf, createDevices, type SeenFrame } from '../../test/devices.ts'
import type { KithNode } from '../api/node.ts'
import { MESSAGE } from '../protocols.ts'
import { toRecipientCodec, toSenderCodec } from './message-wire.ts'

const WAIT = { timeout: 5_000, interval: 10 } as const

/** What stands in a frame of `/kith/message/1`, as `kind: how many ids`. */
function wordOf({ bytes }: SeenFrame): string {
  const frame = decoded(toRecipientCodec, bytes) ?? toSenderCodec.decode(bytes)
  return 'ids' in frame ? `${frame.kind} ${frame.ids.length}` : frame.kind
}

async function textsOf(node: KithNode, of: KithNode): Promise<readonly string[]> {
  return (await node.messages.list(accountOf(of))).map(({ text }) => text)
}

test('DEL-3 B1 when an ack is lost the next stream asks by id: no envelope is sent twice', async () => {
  const said: string[] = []
  let losesAcks = true
  const devices = createDevices((frame) => {
    if (frame.protocol !== MESSAGE.id) return
    const word = wordOf(frame)
    said.push(`${frame.from}: ${word}`)
    if (losesAcks && word.startsWith('ack')) {
      devices.hub.partition([[ada.device], [ben.device]])
      throw new Error('lost')
    }
  })
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben')]
  await devices.acquaint(ada, ben)

  await ada.messages.send(accountOf(ben), { text: 'once' })
  await expect.poll(() => textsOf(ben, ada), WAIT).toEqual(['once'])
  expect((await ada.status()).pending).toBe(1)
  losesAcks = false
  devices.hub.heal()

  await expect.poll(async () => (await ada.status()).pending, WAIT).toBe(0)
  expect(await textsOf(ben, ada)).toEqual(['once'])
  expect(said.filter((word) => word === 'ada: envelope')).toHaveLength(1)
  expect(said.slice(-2)).toEqual(['ada: offer 1', 'ben: want 0'])
})

test('DEL-2 E2 nothing is acknowledged, shown or sent on before it is on the disk', async () => {
  const devices = createDevices((frame) => {
    if (frame.protocol === MESSAGE.id && wordOf(frame).startsWith('ack')) acked.resolve()
  })
  const acked = Promise.withResolvers<void>()
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  const shown: string[] = []
  ben.addEventListener('message:received', ({ detail }) => void shown.push(detail.text))
  await ada.messages.send(accountOf(ben), { text: 'durable' })
  await acked.promise
  // Read in the very turn in which the ack goes out.
  expect(await textsOf(ben, ada)).toEqual(['durable'])
  await expect.poll(() => shown, WAIT).toEqual(['durable'])
})

test('MSG-7 an envelope says the heads its sender knows: its own log, and the one of who it is for', async () => {
  const envelopes: Envelope[] = []
  const devices = createDevices(({ protocol, bytes }) => {
    const frame = protocol === MESSAGE.id ? decoded(toRecipientCodec, bytes) : undefined
    if (frame?.kind === 'envelope') envelopes.push(envelopeCodec.decode(frame.envelope))
  })
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  await ada.messages.send(accountOf(ben), { text: 'hello' })
  await expect.poll(() => textsOf(ben, ada), WAIT).toEqual(['hello'])
  await ben.messages.send(accountOf(ada), { text: 'hi' })
  await expect.poll(() => textsOf(ada, ben), WAIT).toHaveLength(2)
  const headsOf = (node: KithNode): Envelope['freshness'] | undefined =>
    envelopes.find(({ sender }) => sender.device === node.device)?.freshness
  const [there, back] = [headsOf(ada), headsOf(ben)]
  expect([back?.recipient, back?.sender]).toEqual([there?.sender, there?.recipient])
  for (const head of [there?.sender, there?.recipient]) expect(head?.some(Boolean)).toBe(true)
  expect(there?.sender).not.toEqual(there?.recipient)
})
