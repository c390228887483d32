/** Two devices of one account behind every pair of routers: do they reach each other, and by which way? */

import { setTimeout as delay } from 'node:timers/promises'
import { type Crew, createCrew, type Device, type LabRelay, link } from './crew.ts'
import { createInternet, type HomeHost, type Internet } from './internet.ts'
import { NAT_KINDS, type NatKind } from './nat.ts'

/** What came out for one pair. */
export interface PairResult {
  /** What the first end is. */
  readonly first: 'phone' | 'Chromium'
  readonly phone: NatKind
  readonly laptop: NatKind
  /** The way that both said they had in the end; `away` when they never met. */
  readonly path: 'lan' | 'direct' | 'relayed' | 'away'
  /** As `kith status` says it. */
  readonly reason: string
  /** ms from the start of the later one until each knew of the other. */
  readonly metMs: number
  /** ms until the way was direct at both ends, and stayed so; `undefined` when it never was. */
  readonly directMs: number | undefined
  /** Whether something written on each came to the other over that way. */
  readonly carries: boolean
}

/** A pair is given this long to find a direct way. */
const PATIENCE_MS = 30_000
/** A way counts when it stood this long: some break as soon as they are used. */
const STEADY_MS = 5_000
const LOOK_MS = 100

/** Pairs whose way cannot be direct, by the nature of their routers; docs/network.md says why. */
export function isRelayedByNature({
  phone,
  laptop,
}: Pick<PairResult, 'phone' | 'laptop'>): boolean {
  const pair = [phone, laptop]
  return pair.includes('strict') && pair.every((nat) => nat === 'strict' || nat === 'moderate')
}

/** Every pair, or those that are asked for; each is told when it is done. */
export async function runNatMatrix(
  pairs: readonly (readonly [NatKind, NatKind])[],
  onResult: (result: PairResult) => void,
  patienceMs: number = PATIENCE_MS,
): Promise<readonly PairResult[]> {
  const internet = await createInternet()
  const crew = await createCrew()
  try {
    const stage = await setStage(internet, crew)
    const results: PairResult[] = []
    for (const [phone, laptop] of pairs) {
      const result = await tryPair(stage, { phone, laptop }, patienceMs)
      results.push(result)
      onResult(result)
    }
    return results
  } finally {
    await crew[Symbol.asyncDispose]()
    await internet[Symbol.asyncDispose]()
  }
}

/** All sixteen. */
export const ALL_PAIRS: readonly (readonly [NatKind, NatKind])[] = NAT_KINDS.flatMap((phone) =>
  NAT_KINDS.map((laptop) => [phone, laptop] as const),
)

interface Stage {
  readonly relay: LabRelay
  readonly phone: Device
  readonly laptop: Device
  home(whose: 'phone' | 'laptop', nat: NatKind): Promise<HomeHost>
}

/** The devices are linked once, and then carried from home to home. */
async function setStage(internet: Internet, crew: Crew): Promise<Stage> {
  const relay = await crew.relay(internet.server)
  const homes = new Map<string, HomeHost>()
  const home: Stage['home'] = async (whose, nat) => {
    const standing = homes.get(`${whose} ${nat}`)
    if (standing !== undefined) return standing
    const made = await internet.home(nat)
    homes.set(`${whose} ${nat}`, made)
    return made
  }
  const [phone, laptop] = [crew.device('phone', 'first'), crew.device('laptop', 'new')]
  const flags = ['--relay', relay.tcp]
  await phone.start((await home('phone', 'moderate')).namespace, flags)
  await laptop.start((await home('laptop', 'moderate')).namespace, flags)
  await link(phone, laptop)
  await Promise.all([phone.stop(), laptop.stop()])
  return { relay, phone, laptop, home }
}

async function tryPair(
  { phone, laptop, home }: Stage,
  nats: Pick<PairResult, 'phone' | 'laptop'>,
  patienceMs: number,
): Promise<PairResult> {
  const [here, there] = [await home('phone', nats.phone), await home('laptop', nats.laptop)]
  await Promise.all([phone.start(here.namespace), laptop.start(there.namespace)])
  const began = performance.now()
  const since = (): number => Math.round(performance.now() - began)
  try {
    let metMs = Number.POSITIVE_INFINITY
    let directSince: number | undefined
    while (since() < patienceMs) {
      const paths = [await phone.path('laptop'), await laptop.path('phone')]
      if (paths.every(({ path }) => path !== 'away')) metMs = Math.min(metMs, since())
      const isDirect = paths.every(({ path }) => path === 'direct' || path === 'lan')
      directSince = isDirect ? (directSince ?? since()) : undefined
      if (directSince !== undefined && since() - directSince >= STEADY_MS) break
      await delay(LOOK_MS)
    }
    const carries = (await carry(phone, laptop)) && (await carry(laptop, phone))
    const { path, reason } = await phone.path('laptop')
    return {
      first: 'phone',
      ...nats,
      path: path === 'this' ? 'away' : path,
      reason,
      metMs,
      directMs: directSince,
      carries,
    }
  } finally {
    await Promise.all([phone.stop(), laptop.stop()])
  }
}

let labels = 0
const CARRIED_MS = 10_000

/** A label made on one is listed on the other. */
async function carry(from: Device, to: Device): Promise<boolean> {
  const name = `label ${++labels}`
  await from.call('labels add', { name })
  for (const until = performance.now() + CARRIED_MS; performance.now() < until; ) {
    const listed = await to.call('labels', {})
    if (listed.some((event) => event.event === 'label' && event.name === name)) return true
    await delay(LOOK_MS)
  }
  return false
}
