import { now } from '../clock.ts'
import type { Newcomer, Start } from '../contenders/contender.ts'

/** When the first of a history were there, and when all were, by the clock all processes share. */
export interface HistoryTimes {
  readonly first: number
  readonly all: number
}

/** What a person looks at first. */
const FIRST = 500

/** Notes when messages of the account come in. */
export function openNewcomer(newcomer: Newcomer): {
  start(options: Start): Promise<string>
  told(count: number): Promise<HistoryTimes>
} {
  let held = 0
  let first = 0
  let last = 0
  let arrived: () => void = () => undefined

  const start = (options: Start): Promise<string> =>
    newcomer.start(options, (messages) => {
      held += messages
      last = now()
      if (first === 0 && held >= FIRST) first = last
      arrived()
    })

  function told(count: number): Promise<HistoryTimes> {
    return new Promise((resolve) => {
      arrived = () => {
        if (held >= count) resolve({ first: first === 0 ? last : first, all: last })
      }
      arrived()
    })
  }

  return { start, told }
}
