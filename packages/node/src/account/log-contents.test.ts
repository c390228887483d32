import { messageIdFromBytes } from '@kithmesh/protocol'
import { createEpoch, createEpochRing, type RecordContent, type RecordEvent } from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { nodePlatform } from '../platform.node.ts'
import { type MessageRecord, messageRecordsIn, toContent } from './log-contents.ts'

const ring = await createEpochRing([createEpoch(nodePlatform.rng, 1)], nodePlatform.primitives)

function recordOf(contents: readonly RecordContent[], lane: 'messages' | 'data'): RecordEvent {
  const [prev, sealed, signature] = [bytes(32), bytes(64), bytes(64)]
  const record = {
    device: deviceNamed('p'),
    lane,
    seq: 1,
    epoch: ring.current().id,
    prev,
    sealed,
    signature,
  }
  return { record, contents }
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length)
}

const REACHED: MessageRecord = {
  kind: 'reached',
  reached: [{ message: messageIdFromBytes(new Uint8Array(16)), device: deviceNamed('t') }],
}
const ADDRESSED: MessageRecord = {
  kind: 'addressed',
  addressed: [
    { account: accountNamed('b'), device: deviceNamed('t'), author: deviceNamed('p'), from: 7 },
  ],
}
const CONTENT: MessageRecord = { kind: 'content', content: Uint8Array.of(1, 2, 3) }

test('HIS-1 what is written into a record is what is read from it', () => {
  const records = [REACHED, ADDRESSED, CONTENT]
  const contents = records.map(toContent)
  expect(messageRecordsIn([recordOf(contents, 'messages')])).toEqual(records)
})

test('HIS-3 C3 what a record holds besides says nothing, and spoils nothing', () => {
  const strange: readonly RecordContent[] = [
    { kind: 'reached', body: Uint8Array.of(0xff) },
    { kind: 'reached', body: new Uint8Array() },
    { kind: 'addressed', body: Uint8Array.of(0xff) },
    { kind: 'of a newer version', body: Uint8Array.of(1) },
  ]
  const contents = [...strange, toContent(CONTENT)]
  expect(messageRecordsIn([recordOf(contents, 'messages')])).toEqual([CONTENT])
  expect(messageRecordsIn([recordOf([toContent(CONTENT)], 'data')])).toEqual([])
})
