import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonOf, readLines } from './lines.ts'

async function* chunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const read: string[] = []
  for await (const line of lines) read.push(line)
  return read
}

async function read(text: string | Uint8Array, maxBytes: number, sizes: readonly number[] = []) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  return all(readLines(chunks(bytes, sizes), { maxBytes }))
}

test('CLI-12 lines come whole, however the bytes are cut', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''))
  const cuts = fc.array(fc.nat({ max: 9 }))
  await fc.assert(
    fc.asyncProperty(fc.array(line), cuts, async (lines, sizes) => {
      expect(await read(lines.map((one) => `${one}\n`).join(''), 4096, sizes)).toEqual(lines)
    }),
  )
})

test.each([[[]], [[1, 1, 1]], [[5]]])(
  'CLI-14 a line is at most as long as allowed, cut at %j',
  async (cuts) => {
    expect(await read('12345\n', 5, cuts)).toEqual(['12345'])
    await expect(read('123456\n', 5, cuts)).rejects.toMatchObject({ code: 'ERR_LOCAL_TOO_LARGE' })
  },
)

test('CLI-14 a line without an end is refused before it is there', async () => {
  let sent = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    while (true) {
      sent += 1
      yield new Uint8Array(10).fill(0x20)
    }
  }
  await expect(all(readLines(endless(), { maxBytes: 100 }))).rejects.toMatchObject({
    code: 'ERR_LOCAL_TOO_LARGE',
  })
  expect(sent).toBe(11)
})

test('CLI-13 bytes that are no UTF-8, an end inside a line, and what is no JSON are refused', async () => {
  const malformed = { code: 'ERR_LOCAL_MALFORMED' }
  await expect(read(Uint8Array.of(0xff, 0x0a), 9)).rejects.toMatchObject(malformed)
  await expect(read('{}', 9)).rejects.toMatchObject(malformed)
  expect(() => jsonOf('{')).toThrow(expect.objectContaining(malformed))
})
