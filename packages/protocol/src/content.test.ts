import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCast } from '../test/session-cast.ts'
import { type Content, contentCodec, MAX_PARENTS, MAX_TEXT_BYTES, messageIdOf } from './content.ts'
import { messageIdFromBytes, parseMessageId } from './ids.ts'

const { ada, chat } = await createCast()
const messageId = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => messageIdFromBytes(Uint8Array.from(bytes)))

const contents: fc.Arbitrary<Content> = fc.record({
  chat: fc.constant(chat),
  author: fc.constant(ada.own.party),
  seq: fc.integer({ min: 1, max: 2 ** 40 }),
  parents: fc.array(messageId, { maxLength: MAX_PARENTS }),
  at: fc.nat(),
  salt: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
  body: fc.oneof(
    fc.record({
      kind: fc.constant('text' as const),
      text: fc.string({ unit: 'grapheme', maxLength: 200 }),
    }),
    fc.record({
      kind: fc.constant('read' as const),
      messages: fc.array(messageId, { maxLength: 20 }),
    }),
  ),
})

const hello: Content = {
  chat,
  author: ada.own.party,
  seq: 1,
  parents: [],
  at: 0,
  salt: new Uint8Array(16),
  body: { kind: 'text', text: 'hello' },
}

describe('contents', () => {
  test('MSG-1 every content comes back from its bytes, and has one encoding', () => {
    fc.assert(
      fc.property(contents, (content) => {
        const bytes = contentCodec.encode(content)
        expect(contentCodec.decode(bytes)).toEqual(content)
        expect(contentCodec.encode(contentCodec.decode(bytes))).toEqual(bytes)
      }),
    )
  })

  test('MSG-1 the id commits to the content: other bytes, another id', () => {
    const bytes = contentCodec.encode(hello)
    const id = messageIdOf(bytes)
    expect(parseMessageId(id)).toBe(id)
    expect(messageIdOf(bytes.slice())).toBe(id)
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
      expect(messageIdOf(changed)).not.toBe(id)
    }
  })

  test('MSG-1 the id is fixed for ever', () => {
    const bytes = contentCodec.encode({ ...hello, salt: new Uint8Array(16).fill(7) })
    expect(messageIdOf(bytes)).toBe('mbgr2sysk2mze47a22bysaehs6y')
  })

  test('MSG-2 a text of 16 KiB is one content, a byte more is none', () => {
    const body = (text: string) => ({ ...hello, body: { kind: 'text' as const, text } })
    const longest = body('x'.repeat(MAX_TEXT_BYTES))
    expect(contentCodec.decode(contentCodec.encode(longest))).toEqual(longest)
    expect(() => contentCodec.encode(body('x'.repeat(MAX_TEXT_BYTES + 1)))).toThrowError(
      expect.objectContaining({ code: 'ERR_TOO_LARGE' }),
    )
    // Counted in bytes of UTF-8, not in characters.
    expect(() => contentCodec.encode(body('é'.repeat(MAX_TEXT_BYTES / 2 + 1)))).toThrowError(
      expect.objectContaining({ code: 'ERR_TOO_LARGE' }),
    )
  })

  test('MSG-3 counting begins at 1', () => {
    expect(() => contentCodec.encode({ ...hello, seq: 0 })).toThrowError(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })

  test('MSG-3 at most 16 parents', () => {
    const parent = messageIdOf(contentCodec.encode(hello))
    const parents = Array.from({ length: MAX_PARENTS + 1 }, () => parent)
    expect(() => contentCodec.encode({ ...hello, parents })).toThrowError(
      expect.objectContaining({ code: 'ERR_TOO_LARGE' }),
    )
  })
})
