import { expect, test } from 'vitest'
import { joinedEdits } from './joined-edits.ts'

test('ALOG-6 edits of one turn are one batch, in order; one that throws fails alone', async () => {
  const made: string[] = []
  let batches = 0
  const edit = joinedEdits((edits) => {
    batches += 1
    edits()
  })
  const outcomes = await Promise.allSettled([
    edit(() => made.push('a')),
    edit(() => {
      throw new Error('on purpose')
    }),
    edit(() => made.push('b')),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(made).toEqual(['a', 'b'])
  expect(batches).toBe(1)
  await edit(() => made.push('c'))
  expect(made).toEqual(['a', 'b', 'c'])
  expect(batches).toBe(2)
})

test('ALOG-6 where the batch itself fails, every edit of it does, and the next ones are made', async () => {
  let isFailing = true
  const edit = joinedEdits((edits) => {
    edits()
    if (isFailing) throw new Error('full')
  })
  const outcomes = await Promise.allSettled([edit(() => undefined), edit(() => undefined)])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  isFailing = false
  await expect(edit(() => undefined)).resolves.toBeUndefined()
})
