/** What breaks a connection in daily life, and how long two people wait until their words arrive again. */

import { setTimeout as delay } from 'node:timers/promises'
import { createCrew, type LabRelay } from './crew.ts'
import { createInternet, type HomeHost } from './internet.ts'
import type { NatKind } from './nat.ts'
import { type Arrival, arrivalOf, createPeople, type Person } from './people.ts'

/** One kind of trouble. */
export type OutageName = 'relay' | 'uplink' | 'rebind' | 'udp' | 'partition' | 'suspend'

/** The way the two had before: a relay between two strict routers, or WebRTC between two usual ones. */
export type Before = 'relayed' | 'direct'

/** What is to be tried. */
export interface Outage {
  readonly name: OutageName
  readonly before: Before
  /** How long it lasts, where it lasts. */
  readonly lastsMs: number
}

/** What came out. */
export interface OutageResult extends Outage {
  /** ms from the end of the trouble until what each said then was at the other; `undefined`: never. */
  readonly backMs: readonly (number | undefined)[]
  /** How much each said. */
  readonly said: { readonly ada: number; readonly ben: number }
  readonly adaToBen: Arrival
  readonly benToAda: Arrival
}

const SHORT_MS = 10_000
const RESTART_MS = 3_000
/** Silence that is longer than anything keeps a connection alive for. */
const LONG_MS: readonly number[] = [60_000, 180_000, 1_800_000]

/** Every kind over both ways, as short as it is in daily life. */
export const OUTAGES: readonly Outage[] = (['relayed', 'direct'] as const).flatMap((before) => [
  { name: 'relay', before, lastsMs: RESTART_MS },
  { name: 'uplink', before, lastsMs: 0 },
  { name: 'rebind', before, lastsMs: 0 },
  { name: 'udp', before, lastsMs: 0 },
  { name: 'partition', before, lastsMs: SHORT_MS },
  { name: 'suspend', before, lastsMs: SHORT_MS },
])

/** A silent line and a sleeping machine, for longer and longer. */
export const SILENCES: readonly Outage[] = (['partition', 'suspend'] as const).flatMap((name) =>
  (['relayed', 'direct'] as const).flatMap((before) =>
    LONG_MS.map((lastsMs) => ({ name, before, lastsMs })),
  ),
)

/** Once each. Nearly all of it is waiting, so that worlds of different kinds stand side by side. */
export async function runSilences(
  silences: readonly Outage[],
  onResult: (result: OutageResult) => void,
): Promise<readonly OutageResult[]> {
  const kinds = Map.groupBy(silences, ({ name, before }) => `${name} ${before}`)
  const results = await Promise.all(
    [...kinds.values()].map((ofKind) => runOutages(ofKind, 1, onResult)),
  )
  return results.flat()
}

/** Each in a world of its own, so that no trouble is made by the one before; `runs` times one after the other there. */
export async function runOutages(
  outages: readonly Outage[],
  runs: number,
  onResult: (result: OutageResult) => void,
): Promise<readonly OutageResult[]> {
  const results: OutageResult[] = []
  for (const outage of outages) {
    const result = await suffer(outage, runs)
    results.push(result)
    onResult(result)
  }
  return results
}

interface Scene {
  readonly relay: LabRelay
  readonly ada: Person
  readonly ben: Person
  /** Ada's: it is hers that has the trouble. */
  readonly home: HomeHost
}

const NAT_FOR: Readonly<Record<Before, NatKind>> = { relayed: 'strict', direct: 'moderate' }

async function suffer(outage: Outage, runs: number): Promise<OutageResult> {
  const internet = await createInternet()
  const crew = await createCrew()
  try {
    const relay = await crew.relay(internet.server)
    const nat = NAT_FOR[outage.before]
    const [home, other] = [await internet.home(nat), await internet.home(nat)]
    const [ada, ben] = await createPeople(crew, relay, [home.namespace, other.namespace])
    const scene: Scene = { relay, ada, ben, home }
    const said = { ada: ['ada begins'], ben: ['ben begins'] }
    await Promise.all([ada.say('ada begins'), ben.say('ben begins')])
    const backMs: (number | undefined)[] = []
    for (let run = 1; run <= runs; run++) {
      await settle(outage.before, relay)
      await strike(outage, scene, async () => {
        const meanwhile = `ada ${run}, meanwhile`
        said.ada.push(meanwhile)
        await ada.say(meanwhile)
      })
      const words = { ada: `ada ${run}, after`, ben: `ben ${run}, after` }
      said.ada.push(words.ada)
      said.ben.push(words.ben)
      backMs.push(await timeUntilHeard(scene, words))
      await relent(outage, scene)
    }
    await delay(LAST_LOOK_MS)
    return {
      ...outage,
      backMs,
      said: { ada: said.ada.length, ben: said.ben.length },
      adaToBen: arrivalOf(said.ada, await ben.listed()),
      benToAda: arrivalOf(said.ben, await ada.listed()),
    }
  } finally {
    await crew[Symbol.asyncDispose]()
    await internet[Symbol.asyncDispose]()
  }
}

/** A way that stood for a while: longer than a better one would take to be found. */
const SETTLED_MS = 6_000
const WAY_MS = 40_000
const LAST_LOOK_MS = 1_000
const PATIENCE_MS = 60_000
const LOOK_MS = 20

/** Until the two have the way that the trouble is to hit, by what the relay carries. */
async function settle(before: Before, relay: LabRelay): Promise<void> {
  await delay(SETTLED_MS)
  for (const until = performance.now() + WAY_MS; performance.now() < until; ) {
    const carried = await relay.carried()
    if (before === 'relayed' ? carried > 0 : carried === 0) return
    await delay(LOOK_MS * 10)
  }
  throw new Error(`the two did not come to a way that is ${before}`)
}

/** Resolves at the moment from which on everything is well again. */
async function strike(
  { name, lastsMs }: Outage,
  { relay, ada, home }: Scene,
  meanwhile: () => Promise<void>,
): Promise<void> {
  switch (name) {
    case 'relay':
      await relay.kill()
      await meanwhile()
      await delay(lastsMs)
      return relay.start()
    case 'uplink':
      return home.move()
    case 'rebind':
      return home.rebind()
    case 'udp':
      return home.block('udp')
    case 'partition':
      await home.block('everything')
      await meanwhile()
      await delay(lastsMs)
      return home.block('nothing')
    case 'suspend':
      process.kill(ada.device.program.pid, 'SIGSTOP')
      await delay(lastsMs)
      process.kill(ada.device.program.pid, 'SIGCONT')
  }
}

/** What was taken away for good is given back before the next time. */
async function relent({ name }: Outage, { home }: Scene): Promise<void> {
  if (name === 'udp') await home.block('nothing')
}

async function timeUntilHeard(
  { ada, ben }: Scene,
  words: { readonly ada: string; readonly ben: string },
): Promise<number | undefined> {
  const began = performance.now()
  await Promise.all([ada.say(words.ada), ben.say(words.ben)])
  while (performance.now() - began < PATIENCE_MS) {
    if (ben.heard().includes(words.ada) && ada.heard().includes(words.ben)) {
      return Math.round(performance.now() - began)
    }
    await delay(LOOK_MS)
  }
  return undefined
}
