import { expect, test } from 'vitest'
import { createRounds } from './rounds.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Rounds whose end the test decides. */
function watched(): {
  readonly started: string[]
  readonly asked: AbortSignal[]
  readonly ask: (key: string) => Promise<void>
  end(): void
} {
  const started: string[] = []
  const signals: AbortSignal[] = []
  const ends: (() => void)[] = []
  const ask = createRounds(async (key: string, asked) => {
    started.push(key)
    signals.push(asked)
    await new Promise<void>((resolve) => void ends.push(resolve))
  })
  return { started, asked: signals, ask, end: () => ends.shift()?.() }
}

test('NODE-9 whoever asks while a round runs gets one more round after it, however often they ask', async () => {
  const { started, asked, ask, end } = watched()
  const done = ask('ada')
  expect(asked[0]?.aborted).toBe(false)
  await Promise.all([ask('ada'), ask('ada')])
  expect(started).toEqual(['ada'])
  expect(asked[0]?.aborted).toBe(true)
  end()
  await settled()
  expect(started).toEqual(['ada', 'ada'])
  expect(asked[1]?.aborted).toBe(false)
  end()
  await done
  expect(started).toEqual(['ada', 'ada'])
})

test('NODE-9 rounds of different keys run side by side, and a round that failed blocks no other', async () => {
  const { started, ask } = watched()
  void ask('ada')
  void ask('ben')
  expect(started).toEqual(['ada', 'ben'])

  let tries = 0
  const failing = createRounds(async () => {
    tries += 1
    throw new Error('no luck')
  })
  await expect(failing('ada')).rejects.toThrow('no luck')
  await expect(failing('ada')).rejects.toThrow('no luck')
  expect(tries).toBe(2)
})
