import { expect, test } from 'vitest'
import { remembered, rememberedByBytes } from './remembered.ts'

function counted<K, V>(convert: (key: K) => V) {
  const counter = { calls: 0 }
  const counting = (key: K): V => {
    counter.calls++
    return convert(key)
  }
  return { counter, counting }
}

const sum = (bytes: Uint8Array): string => `sum ${bytes.reduce((total, byte) => total + byte, 0)}`

test('what was converted once is at hand, whoever asks', () => {
  const byText = counted((text: string) => text.length)
  const byBytes = counted(sum)
  const [lengthOf, sumOf] = [remembered(byText.counting), rememberedByBytes(byBytes.counting)]
  for (let round = 0; round < 3; round++) {
    expect(lengthOf('abc')).toBe(3)
    expect(sumOf(Uint8Array.of(1, 2, 3))).toBe('sum 6')
  }
  expect([byText.counter.calls, byBytes.counter.calls]).toEqual([1, 1])
})

test('A3 keys that share a place, or begin alike, are never taken for each other', () => {
  const sumOf = rememberedByBytes(sum)
  const keys = [[], [7], [7, 0], [7, 0, 1], [7, 0, 1, 0], [7, 0, 2], [3, 0, 1], [1, 0, 0, 0]]
  for (let round = 0; round < 3; round++) {
    for (const key of keys.map((key) => Uint8Array.from(key))) expect(sumOf(key)).toBe(sum(key))
  }
})

test('a key that is changed afterwards has its own result', () => {
  const sumOf = rememberedByBytes(sum)
  const key = Uint8Array.of(1, 2, 3)
  sumOf(key)
  key[2] = 9
  expect(sumOf(key)).toBe('sum 12')
  expect(sumOf(Uint8Array.of(1, 2, 3))).toBe('sum 6')
})

test('a thousand others push results out, and change none', () => {
  const { counter, counting } = counted((text: string) => text.length)
  const lengthOf = remembered(counting)
  lengthOf('abc')
  for (let other = 0; other < 1024; other++) lengthOf(`${other}`)
  expect(lengthOf('abc')).toBe(3)
  expect(counter.calls).toBe(1 + 1024 + 1)
})

test('what is refused is not remembered', () => {
  const refuses = rememberedByBytes((): string => {
    throw new Error('not an id')
  })
  for (let round = 0; round < 2; round++) {
    expect(() => refuses(Uint8Array.of(1))).toThrow('not an id')
  }
})
