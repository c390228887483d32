import { expect, test } from 'vitest'
import { leaveNothing, remembered } from './belongings.ts'

test('what the lab made goes once, the newest first', async () => {
  const gone: string[] = []
  const made = (name: string): AsyncDisposable =>
    remembered({ [Symbol.asyncDispose]: async () => void gone.push(name) })
  const [internet] = [made('internet'), made('crew'), made('lines')]
  await internet?.[Symbol.asyncDispose]()
  await leaveNothing()
  await leaveNothing()
  expect(gone).toEqual(['internet', 'lines', 'crew'])
})
