import { now } from '../clock.ts'
import type { Start, Talker } from '../contenders/contender.ts'

/** What asks for an answer, what answers, and what does neither: 200 bytes each. */
export const QUESTION: string = '?'.padEnd(200, 'hello ')
export const ANSWER: string = '!'.padEnd(200, 'hello ')
const STATEMENT: string = '.'.padEnd(200, 'hello ')

/** Messages being written to this side's disk at once while it sends as quickly as it can. */
const IN_FLIGHT = 64

/** Sends, and times what comes back. */
export function openAsker(asker: Talker): {
  start(options: Start): Promise<string>
  roundTrips(count: number): Promise<readonly number[]>
  stream(count: number): Promise<number>
} {
  const acked = new Set<string>()
  /** Sent and not acknowledged. */
  const missing = new Set<string>()
  let answered: () => void = () => undefined
  let complete: () => void = () => undefined

  const start = (options: Start): Promise<string> =>
    asker.start(options, {
      received: (text) => {
        if (text === ANSWER) answered()
      },
      acked: (name) => {
        acked.add(name)
        if (missing.delete(name) && missing.size === 0) complete()
      },
    })

  async function roundTrips(count: number): Promise<readonly number[]> {
    const times: number[] = []
    while (times.length < count) times.push(await ask())
    return times
  }

  async function ask(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>()
    answered = resolve
    const began = now()
    const sent = asker.send(QUESTION)
    await promise
    const took = now() - began
    await sent
    return took
  }

  async function stream(count: number): Promise<number> {
    const began = now()
    let left = count
    const sendOn = async (): Promise<void> => {
      while (left > 0) {
        left--
        const name = await asker.send(STATEMENT)
        // The acknowledgement may have overtaken what `send` waits for.
        if (!acked.has(name)) missing.add(name)
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, sendOn))
    if (missing.size > 0) await new Promise<void>((resolve) => (complete = resolve))
    complete = () => undefined
    return now() - began
  }

  return { start, roundTrips, stream }
}
