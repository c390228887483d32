import { expect, test } from 'vitest'
import { createEvents } from './events.ts'

interface Numbers {
  'number:came': number
}

test('NET-33 events go to every listener once, in order, until it is removed or aborted', () => {
  const events = createEvents<Numbers>()
  const heard: string[] = []
  const abort = new AbortController()
  const first = ({ type, detail }: CustomEvent<number>): number => heard.push(`${type} ${detail}`)
  events.addEventListener('number:came', first)
  events.addEventListener('number:came', first)
  events.addEventListener('number:came', ({ detail }) => heard.push(`second ${detail}`), {
    signal: abort.signal,
  })
  events.emit('number:came', 1)
  abort.abort()
  events.emit('number:came', 2)
  events.removeEventListener('number:came', first)
  events.addEventListener('number:came', first, { signal: abort.signal })
  events.emit('number:came', 3)
  expect(heard).toEqual(['number:came 1', 'second 1', 'number:came 2'])
})
