import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKithError } from '../errors.ts'
import {
  accountIdFromBytes,
  chatIdFromBytes,
  deviceIdFromPublicKey,
  entryIdFromBytes,
  messageIdFromBytes,
  parseAccountId,
  parseChatId,
  parseDeviceId,
  parseEntryId,
  parseMessageId,
} from '../ids.ts'
import { domainBytes, type Purpose } from './domain.ts'

/** The purposes as they stand in the source: the type leaves nothing behind to ask at run time. */
const source = readFileSync(new URL('./domain.ts', import.meta.url), 'utf8')
const [, union = ''] = source.split('type Purpose =')
const PURPOSES = [...union.slice(0, union.indexOf('const text')).matchAll(/'(.+?)'/g)].map(
  ([, purpose]) => purpose as Purpose,
)

describe('A3 ID-2 bytes made for one purpose are none of another', () => {
  test('there are purposes, each once', () => {
    expect(PURPOSES.length).toBeGreaterThan(40)
    expect(new Set(PURPOSES).size).toBe(PURPOSES.length)
  })

  test('no purpose is the beginning of another with what follows it', () => {
    const heads = PURPOSES.map((purpose) => Buffer.from(domainBytes(purpose)))
    for (const [at, head] of heads.entries()) {
      const inside = heads.filter(
        (other, index) => index !== at && other.subarray(0, head.length).equals(head),
      )
      expect(inside).toEqual([])
    }
  })

  test('whatever follows: two purposes never give the same bytes', () => {
    const purpose = fc.constantFrom(...PURPOSES)
    fc.assert(
      fc.property(purpose, purpose, fc.uint8Array(), fc.uint8Array(), (one, other, a, b) => {
        fc.pre(one !== other)
        const [left, right] = [domainBytes(one, a), domainBytes(other, b)]
        expect(Buffer.from(left).equals(right)).toBe(false)
      }),
      { numRuns: 5_000 },
    )
  })
})

const IDS = {
  account: [parseAccountId, (bytes: Uint8Array) => accountIdFromBytes(bytes)],
  device: [parseDeviceId, (bytes: Uint8Array) => deviceIdFromPublicKey(bytes)],
  entry: [parseEntryId, (bytes: Uint8Array) => entryIdFromBytes(bytes)],
  chat: [parseChatId, (bytes: Uint8Array) => chatIdFromBytes(bytes.subarray(0, 32))],
  message: [parseMessageId, (bytes: Uint8Array) => messageIdFromBytes(bytes.subarray(0, 16))],
} as const
type IdKind = keyof typeof IDS
const KINDS = ['account', 'device', 'entry', 'chat', 'message'] as const satisfies readonly IdKind[]

describe('A3 ID-1 an id of one type is none of another, though its bytes be the same', () => {
  test.each(
    KINDS.flatMap((is) => KINDS.filter((not) => not !== is).map((not) => [is, not] as const)),
  )('an id of type %s in a field of type %s is refused', (is, not) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text: string = IDS[is][1](bytes)
        expect(IDS[is][0](text)).toBe(text)
        let refused: unknown
        try {
          IDS[not][0](text)
        } catch (error) {
          refused = error
        }
        expect(isKithError(refused, 'ERR_ID_MALFORMED')).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})
