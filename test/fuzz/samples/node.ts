import { epochIdFromBytes } from '../../../packages/sync/src/index.ts'
import {
  account,
  chat,
  device,
  entry,
  filled,
  message,
  otherAccount,
  otherDevice,
  otherMessage,
  type Samples,
} from './parts.ts'

const grant = { epoch: epochIdFromBytes(filled(16, 20)), card: 4, lockbox: filled(90, 26) }
const sealed = filled(92, 40)
const cost = { memoryKiB: 65_536, passes: 3, lanes: 1 }
const wraps = [
  { kind: 'passphrase', salt: filled(16, 41), cost, sealed },
  { kind: 'keyring', name: 'kithmesh', sealed },
  { kind: 'passkey', credential: filled(20, 42), salt: filled(32, 43), sealed },
]
const reached = [
  { message, device },
  { message: otherMessage, device: otherDevice },
]
const bytes = [filled(60, 44)]
const runs = [
  { from: 1, to: 3 },
  { from: 7, to: 70_000 },
]

/** Samples of packages/node. */
export const nodeSamples: Samples = {
  'node/delivery/message-wire.ts toRecipientCodec': [
    { kind: 'ask-card' },
    { kind: 'offer', ids: [message, otherMessage] },
    { kind: 'envelope', id: message, envelope: filled(300, 45) },
  ],
  'node/delivery/message-wire.ts toSenderCodec': [
    { kind: 'want', ids: [message], held: [otherMessage] },
    { kind: 'ack', ids: [message, otherMessage] },
    { kind: 'card', card: filled(90, 64) },
    { kind: 'refuse', id: message, reason: 'cannot-open', control: filled(90, 65) },
  ],
  'node/delivery/repair-wire.ts repairQuestionCodec': [{ authors: [{ device, numbers: runs }] }],
  'node/delivery/repair-wire.ts repairAnswerCodec': [
    { authors: [{ device, coming: runs, past: [{ from: 4, to: 4 }], absent: [] }] },
  ],
  'node/delivery/mending.ts resetCodec': [
    { at: 5, message, ratchetKey: filled(32, 66), control: filled(90, 67) },
  ],
  'node/greeting/hello-wire.ts helloCodec': [
    {
      kind: 'hello',
      account,
      logs: [{ account: otherAccount, head: filled(32, 46) }],
      card: filled(90, 47),
      cards: [{ device: otherDevice, number: 3 }],
      places: [{ device, addresses: ['/ip4/192.0.2.1/tcp/1', '/ip6/2001:db8::1/tcp/1'] }],
      epochs: [grant.epoch],
    },
    { kind: 'unknown' },
    { kind: 'log', account, entries: filled(90, 48) },
    { kind: 'card', card: filled(90, 49) },
    { kind: 'epochs', grants: [grant], head: filled(32, 50) },
    { kind: 'out', entries: filled(90, 51) },
    { kind: 'done' },
  ],
  'node/recovery/wire.ts recoveryCodec': [
    { kind: 'offer' },
    { kind: 'forget' },
    { kind: 'ask' },
    { kind: 'want', above: 4 },
    { kind: 'enough' },
    { kind: 'copy', copy: filled(90, 52) },
    { kind: 'challenge', nonce: filled(32, 53) },
    { kind: 'proof', root: filled(32, 54), signature: filled(64, 55), log: filled(30, 56) },
    { kind: 'unknown' },
    { kind: 'account', account, own: otherAccount, name: 'Ada' },
    { kind: 'log', account, entries: filled(30, 57) },
    { kind: 'done' },
  ],
  'node/recovery/shelf.ts keptCopyCodec': [
    { account, device, number: 2, bytes: 900, keptAt: 5, head: filled(32, 58) },
  ],
  'node/lock/backoff.ts triesCodec': [{ wrong: 3, at: 1_700_000_000_000 }],
  'node/lock/app-lock.ts minutesCodec': [15],
  'node/lock/wraps.ts wrapsCodec': [wraps],
  'node/lock/home-key-seal.ts wrapCodec': wraps,
  'node/lock/lock-place.node.ts keptCodec': [{ wraps }, { plain: filled(32, 59), wraps: [] }],
  'node/account/account.ts accountRecordCodec': [{ account, entropy: filled(16, 60) }, { account }],
  'node/account/log-contents.ts reachedCodec': [reached],
  'node/account/log-contents.ts addressedCodec': [
    [{ account: otherAccount, device: otherDevice, author: device, from: 70_000 }],
  ],
  'node/linking/history-approvals.ts approvalCodec': [{ place: entry }],
  'node/linking/unfinished.ts unfinishedCodec': [{ devices: [device, otherDevice] }],
  'node/standing/watch-days.ts watchedCodec': [[{ day: 20_000, met: [device, otherDevice] }]],
  'node/healing/spare.ts spareShapeCodec': [{ kind: 'spare', account, log: filled(90, 63) }],
  'node/healing/damaged-home.ts mendedCodec': [
    { kind: 'mended', noticed: [1_700_000_000_000], writtenUpTo: 70_000 },
  ],
  'node/transports.ts certificateCodec': [{ privateKey: 'KEY', pem: 'PEM', certhash: 'uEi' }],
  'node/store/store-compliance.ts textCodec': ['a note'],
  'node/store/store-compliance.ts countCodec': [70_000],
  'node/store/ledger.ts wholeCodec': [
    {
      commits: 9,
      tables: [{ name: 'sessions', entries: 2, sum: filled(16, 61) }],
      damage: [
        { kind: 'table', table: 'sessions', expected: 2, found: 1, noticedAt: 3 },
        { kind: 'commits', lost: 1, noticedAt: 4 },
        { kind: 'ledger', noticedAt: 5 },
      ],
    },
  ],
  'node/tables.ts table "device"': bytes,
  'node/tables.ts table "settings"': [{ name: 'phone', relays: ['/dns4/relay.example/tcp/1'] }],
  'node/tables.ts table "cards"': bytes,
  'node/tables.ts table "prekeys"': bytes,
  'node/tables.ts table "addresses"': [['/ip4/192.0.2.1/tcp/1']],
  'node/tables.ts table "last seen"': [1_700_000_000_000],
  'node/tables.ts table "sessions"': bytes,
  'node/tables.ts table "chats"': [{ nextSeq: 4, heads: [message], lastAt: 1_700_000_000_000 }],
  'node/tables.ts table "contents"': bytes,
  'node/tables.ts table "content places"': [{ chat, at: 1_700_000_000_000 }],
  'node/tables.ts table "numbers"': [{ message, at: 1_700_000_000_000 }],
  'node/tables.ts table "awaited"': [true],
  'node/tables.ts table "author counts"': [
    { settled: 9, first: 4, past: runs, gone: [{ from: 8, to: 8 }] },
  ],
  'node/tables.ts table "outbox"': [{ message }, { message, envelope: filled(90, 62) }],
  'node/tables.ts table "undelivered"': [{ author: device, seq: 3, isReceipt: false }],
  'node/tables.ts table "first seen"': [1_700_000_000_000],
  'node/tables.ts table "addressed"': [70_000],
  'node/tables.ts table "reached"': [true],
  'node/tables.ts table "reads"': [1_700_000_000_000],
  'node/tables.ts table "unread"': [{ at: 1_700_000_000_000, author: device, number: 7 }],
  'node/tables.ts table "untold reads"': [true],
  'node/tables.ts table "owed receipts"': [true],
  'node/tables.ts table "own places"': [70_000],
  'node/tables.ts table "sibling holdings"': [runs],
  'node/tables.ts table "covered"': [true],
  'node/tables.ts table "alerts"': [{ account, at: 5, proof: filled(40, 63) }],
  'node/tables.ts table "recovery copies"': bytes,
}
