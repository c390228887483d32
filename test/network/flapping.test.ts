import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Program } from '../processes/programs.ts'
import { startKith } from '../processes/programs.ts'
import { createStage, type Home } from '../processes/stage.ts'
import { createNetwork, missing, type NetworkHost } from './namespaces.ts'
import { countFrom, flagsOn, say } from './people.ts'

const MESSAGES = countFrom('KITH_NETWORK_MESSAGES', 40)
const FLAPS = countFrom('KITH_NETWORK_FLAPS', 2)
const LOSS_PERCENT = 30

/** How long a line is off and then on at least: what a flap is, and nothing that is waited for. */
const OFF_MS = 1_000
const ON_MS = 2_000

/** TCP on such a line waits longer after each loss, up to a minute; what is left then arrives all the same. */
const ARRIVAL = { timeout: 120_000, interval: 250 } as const
const STORY_MS = 60_000 + FLAPS * (OFF_MS + ON_MS) + ARRIVAL.timeout

test.skipIf(missing !== '')(
  `DEL-2 D4 a line that loses ${LOSS_PERCENT} % and flaps ${FLAPS} times: ${MESSAGES} of ${MESSAGES}, none twice, in order${missing}`,
  async () => {
    await using network = await createNetwork()
    await using stage = await createStage()
    const lines = [await network.host(), await network.host()] as const
    const [ada, ben] = await Promise.all([
      stage.home('phone', 'ready', flagsOn(lines[0]), lines[0].namespace),
      stage.home('tablet', 'ready', flagsOn(lines[1]), lines[1].namespace),
    ])
    await stage.acquaint(ada, ben, { inviter: 'Ada', adder: 'Ben' })
    const followers = [follow(ada, 'Ben'), follow(ben, 'Ada')]

    for (const line of lines) await line.lose(LOSS_PERCENT)
    const said = { ada: texts('ada', MESSAGES / 2), ben: texts('ben', MESSAGES / 2) }
    await Promise.all([
      flapping(lines),
      saying(said.ada, (text) => say(ada, 'Ben', text)),
      saying(said.ben, (text) => say(ben, 'Ada', text)),
    ])

    // The line goes on losing: what was not there yet has to come over it.
    const all = [...said.ada, ...said.ben].sort()
    for (const follower of followers) {
      await expect.poll(() => arrived(follower).toSorted(), ARRIVAL).toEqual(all)
    }
    for (const follower of followers) {
      expect(arrived(follower).filter((text) => text.startsWith('ada'))).toEqual(said.ada)
      expect(arrived(follower).filter((text) => text.startsWith('ben'))).toEqual(said.ben)
    }
    for (const [at, contact] of [
      [ada, 'Ben'],
      [ben, 'Ada'],
    ] as const) {
      const kept = await at.texts(contact)
      expect(kept.toSorted()).toEqual(all)
      expect(kept.filter((text) => text.startsWith('ada'))).toEqual(said.ada)
      expect(kept.filter((text) => text.startsWith('ben'))).toEqual(said.ben)
      await expect.poll(async () => (await at.ask('status', 'status'))['pending'], ARRIVAL).toBe(0)
    }
  },
  STORY_MS,
)

/** One side's line in turn, once pulled out and once silent: a system notices the first and not the second. */
async function flapping(lines: readonly [NetworkHost, NetworkHost]): Promise<void> {
  for (let flap = 0; flap < FLAPS; flap++) {
    const line = lines[flap % 2 === 0 ? 0 : 1]
    const isPulled = flap % 4 < 2
    await (isPulled ? line.unplug() : line.lose(100))
    await delay(OFF_MS)
    await (isPulled ? line.plug() : line.lose(LOSS_PERCENT))
    await delay(ON_MS)
  }
}

/** One after the other, spread over all flaps, so that some are said while the line is off. */
async function saying(
  all: readonly string[],
  send: (text: string) => Promise<void>,
): Promise<void> {
  const pause = (FLAPS * (OFF_MS + ON_MS)) / all.length
  for (const text of all) {
    await send(text)
    await delay(pause)
  }
}

const texts = (who: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${who} ${index}`)

/** Prints messages in the order in which the device has them. */
function follow(home: Home, contact: string): Program {
  return startKith(home.path, ['messages', contact, '--follow'])
}

const arrived = (follower: Program): readonly string[] =>
  follower
    .events()
    .filter(({ event }) => event === 'message')
    .map(({ text }) => String(text))
