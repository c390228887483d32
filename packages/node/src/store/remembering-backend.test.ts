import { expect, test } from 'vitest'
import type { Backend, ByteRange } from './backend.ts'
import { createMemoryBackend } from './memory-backend.ts'
import { createRememberingBackend, type RememberingBackend } from './remembering-backend.ts'
import { afterPrefix } from './stored-key.ts'

/** A key of a table of two parts, the first of them hidden. */
const keyOf = (id: number, number = 0): Uint8Array =>
  Uint8Array.of(1, 0x74, 0, ...new Uint8Array(16).fill(id), number)
const rangeOf = (id: number): ByteRange => {
  const from = keyOf(id).subarray(0, -1)
  return { from, to: afterPrefix(from) }
}
const value = (number: number, length = 8): Uint8Array => new Uint8Array(length).fill(number)

/** A disk that counts what it is asked, and can be made to answer late or to fail. */
function disk(): {
  readonly backend: Backend
  readonly asked: () => number
  fail: boolean
  late: Promise<void>
} {
  const memory = createMemoryBackend()
  let asked = 0
  const state = { fail: false, late: Promise.resolve() }
  const reading =
    <A extends readonly unknown[], R>(read: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      asked += 1
      const found = await read(...given)
      await state.late
      return found
    }
  return Object.assign(state, {
    asked: () => asked,
    backend: {
      ...memory,
      get: reading(memory.get),
      getMany: reading(memory.getMany),
      page: reading(memory.page),
      keys: reading(memory.keys),
      write: async (batch) => {
        if (state.fail) throw new Error('the disk is full')
        await memory.write(batch)
      },
    } satisfies Backend,
  })
}

/** Every key there is was met. */
function counted(backend: Backend): RememberingBackend {
  const remembering = createRememberingBackend(backend)
  remembering.met.complete()
  return remembering
}

test('STO-59 what was written, replaced or deleted is known without the disk', async () => {
  const { backend, asked } = disk()
  const known = counted(backend)
  await known.write([{ key: keyOf(1), value: value(1) }])
  await known.write([{ key: keyOf(1), value: value(2) }])
  expect(await known.get(keyOf(1))).toEqual(value(2))
  await known.write([{ key: keyOf(1) }])
  expect(await known.getMany([keyOf(1), keyOf(2)])).toEqual([undefined, undefined])
  expect(asked()).toBe(0)
})

test('STO-59 STO-46 before all was counted the disk is asked for what was not written', async () => {
  const { backend, asked } = disk()
  await backend.write([{ key: keyOf(3), value: value(3) }])
  const known = createRememberingBackend(backend)
  expect(await known.getMany([keyOf(1), keyOf(3)])).toEqual([undefined, value(3)])
  expect(await known.page(rangeOf(3), 10)).toHaveLength(1)
  expect(asked()).toBe(2)
})

test('STO-59 a range of what nothing ever hung on is empty, of all others the disk is asked', async () => {
  const { backend, asked } = disk()
  const known = counted(backend)
  await known.write([{ key: keyOf(1, 7), value: value(1) }])
  expect(await known.page(rangeOf(2), 10)).toEqual([])
  expect(await known.keys(rangeOf(2), 10)).toEqual([])
  expect(asked()).toBe(0)
  expect(await known.page(rangeOf(1), 10)).toHaveLength(1)
  expect(await known.page({ from: keyOf(0) }, 10)).toHaveLength(1)
  expect(await known.page({ from: keyOf(0), to: keyOf(9) }, 10)).toHaveLength(1)
  expect(asked()).toBe(3)
})

test('STO-59 a read that a write overtakes is not taken for what stands there now', async () => {
  const held = disk()
  await held.backend.write([{ key: keyOf(1), value: value(1) }])
  const known = createRememberingBackend(held.backend)
  const { promise, resolve } = Promise.withResolvers<void>()
  held.late = promise
  const reading = known.get(keyOf(1))
  await known.write([{ key: keyOf(1), value: value(2) }])
  resolve()
  expect(await reading).toEqual(value(1))
  expect(await known.get(keyOf(1))).toEqual(value(2))
})

test('STO-59 STO-8 after a failed write nothing is known that the disk does not say', async () => {
  const failing = disk()
  const known = counted(failing.backend)
  await known.write([{ key: keyOf(1), value: value(1) }])
  failing.fail = true
  await expect(
    known.write([{ key: keyOf(1) }, { key: keyOf(2), value: value(2) }]),
  ).rejects.toThrow()
  expect(await known.getMany([keyOf(1), keyOf(2)])).toEqual([value(1), undefined])
  expect(failing.asked()).toBe(1)
})

test('STO-59 large rows and large batches are read from the disk', async () => {
  const { backend, asked } = disk()
  const known = counted(backend)
  await known.write([{ key: keyOf(1), value: value(1) }])
  await known.write([{ key: keyOf(1), value: value(2, 20_000) }])
  expect(await known.get(keyOf(1))).toEqual(value(2, 20_000))
  const many = Array.from({ length: 300 }, (_, at) => ({
    key: keyOf(2, at % 256),
    value: value(at % 256),
  }))
  await known.write([{ key: keyOf(2, 5), value: value(0) }])
  await known.write(many)
  expect(await known.get(keyOf(2, 5))).toEqual(value(5))
  expect(asked()).toBe(2)
})
