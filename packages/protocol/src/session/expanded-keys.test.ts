import { expect, test } from 'vitest'
import { expandedOnce } from './expanded-keys.ts'

test('SES-1 a key is expanded once for the array that holds it', () => {
  const seen: string[] = []
  const expanded = expandedOnce((key) => seen.push(key.join()))
  const key = Uint8Array.of(1, 2, 3)
  expect([expanded(key), expanded(key)]).toEqual([1, 1])
  expect(expanded(Uint8Array.of(1, 2, 3))).toBe(2)
  expect(seen).toEqual(['1,2,3', '1,2,3'])
})

test('SES-1 an array that holds another key by now is expanded anew', () => {
  const expanded = expandedOnce((key) => key.join())
  const key = Uint8Array.of(1, 2, 3)
  expect(expanded(key)).toBe('1,2,3')
  key.fill(0)
  expect(expanded(key)).toBe('0,0,0')
  key.set([1, 2, 3])
  expect(expanded(key)).toBe('1,2,3')
})

test('SES-1 nothing is remembered of a key that is refused', () => {
  let calls = 0
  const expanded = expandedOnce(() => {
    calls += 1
    throw new Error('refused')
  })
  const key = new Uint8Array(31)
  expect(() => expanded(key)).toThrow('refused')
  expect(() => expanded(key)).toThrow('refused')
  expect(calls).toBe(2)
})

test('SES-1 nor of one that could not be read this time', async () => {
  let calls = 0
  const expanded = expandedOnce(async () => {
    calls += 1
    if (calls === 1) throw new Error('busy')
    return calls
  })
  const key = new Uint8Array(32)
  await expect(expanded(key)).rejects.toThrow('busy')
  expect(await expanded(key)).toBe(2)
  expect(await expanded(key)).toBe(2)
})
