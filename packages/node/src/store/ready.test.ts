import { expect, test } from 'vitest'
import { allReady, whenReady, withScratch } from './ready.ts'

test('STO-20 what is there is used at once, what comes later when it is there', async () => {
  expect(whenReady(2, (value) => value + 1)).toBe(3)
  expect(await whenReady(Promise.resolve(2), (value) => value + 1)).toBe(3)
  expect(allReady([1, 2])).toEqual([1, 2])
  expect(await allReady([1, Promise.resolve(2)])).toEqual([1, 2])
})

test('STO-20 room that is lent is nobody else’s, and is wiped when it comes back', async () => {
  const first = withScratch(8, (scratch) => {
    scratch.fill(1)
    const inner = withScratch(8, (other) => {
      expect(other.buffer).not.toBe(scratch.buffer)
      return other
    })
    expect(inner).not.toBeInstanceOf(Promise)
    expect([...scratch]).toEqual(Array(8).fill(1))
    return scratch
  })
  if (first instanceof Promise) throw new Error('nothing here comes later')
  expect([...first]).toEqual(Array(8).fill(0))

  const answered = Promise.withResolvers<void>()
  let lent: Uint8Array = new Uint8Array()
  const later = withScratch(8, async (scratch) => {
    lent = scratch
    scratch.fill(2)
    await answered.promise
    return [...scratch]
  })
  withScratch(8, (scratch) => scratch.fill(3))
  answered.resolve()
  expect(await later).toEqual(Array(8).fill(2))
  expect([...lent]).toEqual(Array(8).fill(0))
})

test('STO-20 lent room is wiped, too, when whoever borrows it fails', () => {
  let lent: Uint8Array = new Uint8Array()
  const fail = (): void =>
    void withScratch(8, (scratch) => {
      lent = scratch.fill(4)
      throw new Error('no')
    })
  expect(fail).toThrow('no')
  expect([...lent]).toEqual(Array(8).fill(0))
})
