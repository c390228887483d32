import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Codec, codec } from './codec/codec.ts'
import { accountId, chatId, deviceId, entryId, messageId } from './codec/id-shapes.ts'
import { KithError } from './errors.ts'
import {
  accountIdFromBytes,
  chatIdFromBytes,
  deviceIdFromPublicKey,
  directChatId,
  entryIdFromBytes,
  messageIdFromBytes,
  parseAccountId,
  parseChatId,
  parseDeviceId,
  parseEntryId,
  parseMessageId,
  publicKeyOfDevice,
} from './ids.ts'

const KINDS: Readonly<
  Record<string, { make(bytes: Uint8Array): string; parse(text: string): string }>
> = {
  device: { make: deviceIdFromPublicKey, parse: parseDeviceId },
  account: { make: accountIdFromBytes, parse: parseAccountId },
  entry: { make: entryIdFromBytes, parse: parseEntryId },
  chat: { make: chatIdFromBytes, parse: parseChatId },
  message: { make: (bytes) => messageIdFromBytes(bytes.subarray(0, 16)), parse: parseMessageId },
}

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

function refused(run: () => unknown): boolean {
  try {
    run()
    return false
  } catch (error) {
    return error instanceof KithError && error.code === 'ERR_ID_MALFORMED'
  }
}

describe('ID-1 ids', () => {
  test('A3 an id parses as its own kind and as no other', () => {
    fc.assert(
      fc.property(hash, (bytes) => {
        for (const [name, kind] of Object.entries(KINDS)) {
          const id = kind.make(bytes)
          expect(kind.parse(id)).toBe(id)
          for (const [otherName, other] of Object.entries(KINDS)) {
            if (otherName !== name) expect(refused(() => other.parse(id))).toBe(true)
          }
        }
      }),
      { numRuns: 50 },
    )
  })

  test('one id has one text: any other letter, case or length is refused or another id', () => {
    fc.assert(
      fc.property(hash, fc.constantFrom(...Object.values(KINDS)), fc.nat(60), (bytes, kind, at) => {
        const id = kind.make(bytes)
        expect(refused(() => kind.parse(`${id}a`))).toBe(true)
        expect(refused(() => kind.parse(id.slice(0, -1)))).toBe(true)
        expect(refused(() => kind.parse(` ${id}`))).toBe(true)
        const upper = id.slice(0, at) + id.slice(at).toUpperCase()
        if (upper !== id && !id.startsWith('12D3')) {
          expect(refused(() => kind.parse(upper))).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })

  test('base32 that is not the encoding of whole bytes is refused', () => {
    const id = accountIdFromBytes(new Uint8Array(32))
    expect(refused(() => parseAccountId(`${id.slice(0, -1)}b`))).toBe(true)
  })

  test('any text is refused with ERR_ID_MALFORMED or is an id', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.constantFrom(...Object.values(KINDS)),
        (text, kind) => {
          expect(refused(() => kind.parse(text)) || kind.parse(text) === text).toBe(true)
        },
      ),
    )
  })

  test('a device id is the libp2p peer id of its Ed25519 key', () => {
    // libp2p peer-ids spec, appendix: the test vector of an Ed25519 key
    const key = Buffer.from(
      '1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e',
      'hex',
    )
    const device = deviceIdFromPublicKey(key)
    expect(device).toMatch(/^12D3KooW/)
    expect(Buffer.from(publicKeyOfDevice(device)).equals(key)).toBe(true)
  })

  test('a megabyte of text is refused at once', () => {
    const start = performance.now()
    expect(refused(() => parseDeviceId('1'.repeat(1 << 20)))).toBe(true)
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  test.each<[string, Codec<string>, (bytes: Uint8Array) => string, number]>([
    ['device', codec(deviceId, { maxBytes: 40 }), deviceIdFromPublicKey, 32],
    ['account', codec(accountId, { maxBytes: 40 }), accountIdFromBytes, 32],
    ['entry', codec(entryId, { maxBytes: 40 }), entryIdFromBytes, 32],
    ['chat', codec(chatId, { maxBytes: 40 }), chatIdFromBytes, 32],
    ['message', codec(messageId, { maxBytes: 40 }), messageIdFromBytes, 16],
  ])('ID-4 the %s id shape round trips', (_, idCodec, make, length) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: length, maxLength: length }), (bytes) => {
        const id = make(bytes)
        expect(idCodec.decode(idCodec.encode(id))).toBe(id)
      }),
      { numRuns: 50 },
    )
  })
})

describe('ID-3 the chat of two accounts', () => {
  test('is the same from both sides and another for any other pair', () => {
    fc.assert(
      fc.property(hash, hash, hash, (a, b, c) => {
        const [ada, ben, cyd] = [a, b, c].map(accountIdFromBytes)
        if (ada === undefined || ben === undefined || cyd === undefined) return
        expect(directChatId(ada, ben)).toBe(directChatId(ben, ada))
        if (cyd !== ben) expect(directChatId(ada, cyd)).not.toBe(directChatId(ada, ben))
      }),
      { numRuns: 50 },
    )
  })
})
