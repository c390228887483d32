import type { TimedPair } from './contender.ts'
import { type SessionPair, ways } from './session-pair.ts'

/** A pair in this process, timed by the processor's clock and by the machine's. */
export function timedPair(create: () => Promise<SessionPair>): TimedPair {
  let pair: SessionPair | undefined
  return {
    start: async () => {
      pair = await create()
    },
    run: async (way, count) => {
      if (pair === undefined) throw new Error('not started')
      const before = process.cpuUsage()
      const began = performance.now()
      await ways[way](pair, count)
      const wall = performance.now() - began
      const { user, system } = process.cpuUsage(before)
      return { wall, cpu: (user + system) / 1_000 }
    },
  }
}
