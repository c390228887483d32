import { epochIdFromBytes } from '../../../packages/sync/src/index.ts'
import { device, entry, filled, otherDevice, otherEntry, type Samples } from './parts.ts'

const epoch = epochIdFromBytes(filled(16, 20))
const epochKey = {
  number: 2,
  key: filled(32, 21),
  at: 5,
  removals: [entry, otherEntry],
  after: [epoch],
}
const body = {
  seq: 3,
  epoch,
  prev: filled(32, 22),
  sealed: filled(60, 23),
  signature: filled(64, 24),
}
const stored = [
  { from: 1, to: 4 },
  { from: 9, to: 9 },
]
const held = {
  device,
  lane: 'messages',
  stored,
  covered: [],
  tip: { seq: 9, hash: filled(32, 25) },
}
const pack = { epoch, places: stored, sealed: filled(60, 32) }
const span = { device, lane: 'data', from: 2, to: 7 }

/** Samples of packages/sync. */
export const syncSamples: Samples = {
  'sync/log/epoch-grant.ts epochGrantCodec': [{ epoch, card: 4, lockbox: filled(1200, 26) }],
  'sync/log/vouches.ts vouchCodec': [{ device, places: [{ seq: 7, hash: filled(32, 27) }] }],
  'sync/log/record.ts recordCodec': [{ device, lane: 'messages', ...body }],
  'sync/log/pack.ts packCodec': [
    [
      {
        nonce: filled(12, 33),
        signature: filled(64, 34),
        prev: filled(32, 35),
        contents: [{ kind: 'content', back: 0, shared: 0, rest: filled(30, 36) }],
      },
      {
        nonce: filled(12, 37),
        signature: filled(64, 38),
        contents: [{ back: 1, shared: 20, rest: filled(10, 39) }],
      },
    ],
  ],
  'sync/log/record.ts contentsCodec': [
    [
      { kind: 'update', body: filled(30, 28) },
      { kind: 'content', body: filled(3, 29) },
    ],
  ],
  'sync/log/epochs.ts epochKeyCodec': [epochKey],
  'sync/log/epochs.ts epochKeysCodec': [[epochKey, { ...epochKey, number: 3, removals: [] }]],
  'sync/exchange/frames.ts frameCodec': [
    { kind: 'holds', lanes: [held, { ...held, device: otherDevice }], last: true, snapshot: span },
    { kind: 'held', lanes: [held] },
    { kind: 'want', id: 1, device, lane: 'data', ranges: stored },
    { kind: 'records', id: 1, records: [body, { ...body, seq: 4 }], last: false, absent: stored },
    { kind: 'records', id: 1, records: [], pack, last: true, absent: [] },
    { kind: 'live', id: 2, lane: 'messages', records: [body] },
    { kind: 'done', id: 2 },
    { kind: 'ask-snapshot' },
  ],
  'sync/replica/noted-shares.ts sharesCodec': [[{ source: device, count: 60_000 }]],
  'sync/replica/snapshot.ts partCodec': [
    {
      id: filled(8, 30),
      number: 0,
      of: 2,
      covers: [{ device, from: 1, to: 9 }],
      state: filled(80, 31),
    },
  ],
}
