/** Two people who write to each other while the line of one of them gets worse, rung by rung. */

import { setTimeout as delay } from 'node:timers/promises'
import { createCrew } from './crew.ts'
import { createInternet } from './internet.ts'
import { createLines, LADDER, type Line, type Lines } from './line.ts'
import { type Arrival, arrivalOf, createPeople, type Person } from './people.ts'

/** What came out on one rung. */
export interface RungResult {
  readonly rung: number
  readonly line: Line
  readonly messages: number
  readonly adaToBen: Arrival
  readonly benToAda: Arrival
  /** ms from the last word that was said until everything was there. */
  readonly settledMs: number | undefined
}

/** Words a second that each says. */
const PACE = 5
/** How long what was said may take to arrive at last. */
const PATIENCE_MS = 180_000
const LOOK_MS = 100

/** Whether everything arrived, once and in order. */
export function isWhole({ messages, adaToBen, benToAda }: RungResult): boolean {
  return [adaToBen, benToAda].every(
    ({ once, twice, isInOrder }) => once === messages && twice === 0 && isInOrder,
  )
}

/** Rungs from the best to the worst, each told when it is done. */
export async function runLadder(
  rungs: readonly number[],
  messages: number,
  onResult: (result: RungResult) => void,
): Promise<readonly RungResult[]> {
  const results: RungResult[] = []
  for (const rung of rungs) {
    const line = LADDER[rung]
    if (line === undefined) throw new Error(`there is no rung ${rung}`)
    const lines = await createLines()
    try {
      const result = { rung, line, messages, ...(await climb(lines, line, messages)) }
      results.push(result)
      onResult(result)
    } finally {
      await lines[Symbol.asyncDispose]()
    }
  }
  return results
}

type Climb = Pick<RungResult, 'adaToBen' | 'benToAda' | 'settledMs'>

/** Both stand behind a usual router; they meet on a good line, which then becomes what it is. */
async function climb(lines: Lines, line: Line, messages: number): Promise<Climb> {
  const internet = await createInternet(lines)
  const crew = await createCrew()
  try {
    const relay = await crew.relay(internet.server)
    const [here, there] = [await internet.home('moderate'), await internet.home('moderate')]
    const people = await createPeople(crew, relay, [here.namespace, there.namespace])
    await here.shape(line)
    const said = [texts('ada', messages), texts('ben', messages)] as const
    await Promise.all([saying(people[0], said[0]), saying(people[1], said[1])])
    const settledMs = await settle(people, said)
    return {
      adaToBen: arrivalOf(said[0], await people[1].listed()),
      benToAda: arrivalOf(said[1], await people[0].listed()),
      settledMs,
    }
  } finally {
    await crew[Symbol.asyncDispose]()
    await internet[Symbol.asyncDispose]()
  }
}

const texts = (who: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${who} ${index}`)

async function saying(person: Person, all: readonly string[]): Promise<void> {
  for (const text of all) {
    await person.say(text)
    await delay(1_000 / PACE)
  }
}

async function settle(
  [ada, ben]: readonly [Person, Person],
  [adas, bens]: readonly [readonly string[], readonly string[]],
): Promise<number | undefined> {
  const began = performance.now()
  while (performance.now() - began < PATIENCE_MS) {
    const [atAda, atBen] = [new Set(ada.heard()), new Set(ben.heard())]
    if (bens.every((text) => atAda.has(text)) && adas.every((text) => atBen.has(text))) {
      return Math.round(performance.now() - began)
    }
    await delay(LOOK_MS)
  }
  return undefined
}
