import { expect, test } from 'vitest'
import { createKeyFilter } from './key-filter.ts'

const keyOf = (number: number): Uint8Array => new TextEncoder().encode(`\u0001table\0${number}`)

function filterOf(count: number): ReturnType<typeof createKeyFilter> {
  const filter = createKeyFilter()
  for (let number = 0; number < count; number++) filter.add(keyOf(number))
  return filter
}

test('STO-59 a filter says maybe to every key it was given, over several layers', () => {
  const filter = filterOf(100_000)
  filter.complete()
  for (let number = 0; number < 100_000; number++) expect(filter.mayHave(keyOf(number))).toBe(true)
})

test('STO-59 of the keys it was not given it knows all but one in fifty', () => {
  const filter = filterOf(100_000)
  filter.complete()
  const wrong = Array.from({ length: 20_000 }, (_, at) => keyOf(200_000 + at)).filter(
    filter.mayHave,
  )
  expect(wrong.length).toBeLessThan(400)
})

test('STO-59 STO-46 as long as not all keys were met nothing is said to be absent', () => {
  const filter = filterOf(10)
  expect(filter.mayHave(keyOf(11))).toBe(true)
  filter.complete()
  expect(filter.mayHave(keyOf(11))).toBe(false)
  filter.add(keyOf(11))
  expect(filter.mayHave(keyOf(11))).toBe(true)
})
