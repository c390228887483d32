import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKithError } from '../errors.ts'
import { forkProofCodec } from '../identity/fork-proof.ts'
import { deviceLogCodec, entryBodyCodec, signedEntryCodec } from '../identity/log-entry.ts'
import { deviceLogFileCodec } from '../identity/log-file.ts'
import {
  accountIdFromBytes,
  deviceIdFromPublicKey,
  entryIdFromBytes,
  messageIdFromBytes,
} from '../ids.ts'
import { readFrame, writeFrame } from '../link/frame.ts'
import { introductionCodec } from '../link/introduction.ts'
import {
  agreementCodec,
  descriptionCodec,
  grantCodec,
  proposalCodec,
} from '../link/link-messages.ts'
import { recoveryContentsCodec, recoveryCopyCodec } from '../recovery/recovery-copy.ts'
import { cannotOpenCodec } from '../session/cannot-open.ts'
import { equalBytes } from './bytes.ts'

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const device = deviceIdFromPublicKey(filled(32, 1))
const account = accountIdFromBytes(filled(32, 2))
const prev = entryIdFromBytes(filled(32, 3))
const body = entryBodyCodec.encode({
  kind: 'revoke',
  account,
  author: device,
  prev,
  target: prev,
  at: 300,
})
const add = entryBodyCodec.encode({
  kind: 'add',
  account,
  author: device,
  prev,
  device,
  rights: { link: true },
  historyAt: 70_000,
  expiresAt: 1,
  at: 2 ** 40,
})
const chained = { account, author: device, prev, at: 300 } as const
const suspend = entryBodyCodec.encode({
  kind: 'suspend',
  ...chained,
  target: prev,
  reason: 'idle',
})
const leave = entryBodyCodec.encode({ kind: 'leave', ...chained })
const readmit = entryBodyCodec.encode({
  kind: 'readmit',
  ...chained,
  target: prev,
  answers: [prev, entryIdFromBytes(filled(32, 9))],
})
const recover = entryBodyCodec.encode({
  kind: 'recover',
  account,
  prev,
  number: 2,
  device,
  keep: [{ device: deviceIdFromPublicKey(filled(32, 8)), rights: { link: false } }],
  at: 4,
})
const entry = { body, signature: filled(64, 4) }
const log = deviceLogCodec.encode([
  entry,
  { body: add, signature: filled(64, 5), countersignature: filled(64, 6) },
])

/** A decoder of each kind of record, and one record of it. */
const RECORDS: Readonly<Record<string, readonly [(bytes: Uint8Array) => Uint8Array, Uint8Array]>> =
  {
    'revoke body': [recoded(entryBodyCodec), body],
    'add body': [recoded(entryBodyCodec), add],
    'suspend body': [recoded(entryBodyCodec), suspend],
    'leave body': [recoded(entryBodyCodec), leave],
    'readmit body': [recoded(entryBodyCodec), readmit],
    'recover body': [recoded(entryBodyCodec), recover],
    'exported log': [
      recoded(deviceLogFileCodec),
      deviceLogFileCodec.encode({ account, head: filled(32, 4), entries: [entry] }),
    ],
    entry: [recoded(signedEntryCodec), signedEntryCodec.encode(entry)],
    log: [recoded(deviceLogCodec), log],
    fork: [
      recoded(forkProofCodec),
      forkProofCodec.encode({ account, device, prev, one: entry, other: entry }),
    ],
    description: [
      recoded(descriptionCodec),
      descriptionCodec.encode({ name: 'Lärche', kind: 'cli' }),
    ],
    proposal: [recoded(proposalCodec), proposalCodec.encode({ account, log, add })],
    agreement: [
      recoded(agreementCodec),
      agreementCodec.encode({ countersignature: filled(64, 7), card: body }),
    ],
    grant: [
      recoded(grantCodec),
      grantCodec.encode({
        signature: filled(64, 8),
        epochKeys: filled(9, 9),
        snapshot: filled(20, 10),
      }),
    ],
    introduction: [
      recoded(introductionCodec),
      introductionCodec.encode({
        account,
        name: 'Ada',
        log,
        cards: [filled(30, 11)],
        peers: [{ device, addresses: [filled(8, 12)] }],
      }),
    ],
    'cannot open': [
      recoded(cannotOpenCodec),
      cannotOpenCodec.encode({
        suite: 1,
        by: { account, device },
        to: { account, device: deviceIdFromPublicKey(filled(32, 8)) },
        message: messageIdFromBytes(filled(16, 15)),
        ratchetKey: filled(32, 16),
        signature: filled(64, 17),
      }),
    ],
    'recovery copy': [
      recoded(recoveryCopyCodec),
      recoveryCopyCodec.encode({
        account,
        device,
        number: 3,
        madeAt: 1_000,
        box: filled(40, 13),
        signature: filled(64, 14),
      }),
    ],
    'recovery contents': [
      recoded(recoveryContentsCodec),
      recoveryContentsCodec.encode({
        log,
        epochs: filled(20, 15),
        data: filled(20, 16),
        people: [{ account, log }],
        places: [{ device, addresses: ['/ip4/192.0.2.1/tcp/1'] }],
      }),
    ],
  }

function recoded<T>(codec: { encode(value: T): Uint8Array; decode(bytes: Uint8Array): T }) {
  return (bytes: Uint8Array): Uint8Array => codec.encode(codec.decode(bytes))
}

/** Whether a decoder refuses as it should; false when it accepts. Anything else is thrown on. */
function refuses(decode: () => Uint8Array, input: Uint8Array): boolean {
  try {
    if (!equalBytes(decode(), input)) throw new Error('two encodings of one value')
    return false
  } catch (error) {
    if (isKithError(error, 'ERR_MALFORMED') || isKithError(error, 'ERR_SUITE_UNKNOWN')) return true
    throw error
  }
}

/** Lengths that break readers (proof C3), as CBOR byte string heads. */
const HEADS = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 64n - 1n].map((length) => {
  const head = new Uint8Array(9)
  new DataView(head.buffer).setBigUint64(1, length)
  head[0] = 0x5b
  return head
})

describe('ID-4 every record of ids, log and linking', () => {
  test.each(Object.keys(RECORDS))('C1 C3 4,000 mutated inputs of a %s', (name) => {
    const [decode, sample] = RECORDS[name] ?? raise()
    const at = fc.nat(sample.length - 1)
    const change = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 6 }),
      fc.constantFrom(...HEADS),
    )
    fc.assert(
      fc.property(at, change, fc.constantFrom('over', 'in', 'cut'), (place, bytes, kind) => {
        const rest = sample.subarray(kind === 'over' ? place + bytes.length : place)
        const input = Uint8Array.from(
          kind === 'cut'
            ? sample.subarray(0, place)
            : [...sample.subarray(0, place), ...bytes, ...rest],
        )
        refuses(() => decode(input), input)
      }),
      { numRuns: 4000 },
    )
  })

  test('A3 A4 a record of one kind is read as no other', () => {
    for (const [name, [decode]] of Object.entries(RECORDS)) {
      for (const [other, [, sample]] of Object.entries(RECORDS)) {
        if (name.endsWith('body') && other.endsWith('body')) continue
        expect([name, other, refuses(() => decode(sample), sample)]).toEqual([
          name,
          other,
          name !== other,
        ])
      }
    }
  })

  test('C1 frames: 20,000 mutated inputs never throw', () => {
    const frame = writeFrame({ kind: 'sealed', nonce: filled(24, 1), sealed: filled(100, 2) })
    fc.assert(
      fc.property(fc.nat(frame.length - 1), fc.uint8Array({ maxLength: 9 }), (place, bytes) => {
        const input = [
          ...frame.subarray(0, place),
          ...bytes,
          ...frame.subarray(place + bytes.length),
        ]
        expect(typeof readFrame(Uint8Array.from(input)).kind).toBe('string')
      }),
      { numRuns: 20_000 },
    )
  })
})

function raise(): never {
  throw new Error('no such record')
}
