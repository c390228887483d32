import type { KithNode, LinkAnswer, LinkOffer, LinkOptions, LinkState } from '@kithmesh/node'
import { expect } from 'vitest'
import { createWorld, type World } from './world.ts'

/** How long a device may take to do what is waited for. */
export const WAIT = { timeout: 5_000, interval: 5 } as const

/** Whoever is asked says yes. */
export const yes = async (): Promise<boolean> => true

interface Stage extends AsyncDisposable {
  readonly world: World
  readonly laptop: KithNode
  readonly phone: KithNode
}

/** Ada's laptop, and a new phone. */
export async function stage(): Promise<Stage> {
  const world = await createWorld({ ada: ['laptop'] })
  return {
    world,
    laptop: world.device('ada', 'laptop'),
    phone: await world.newDevice('phone'),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

/** The three ways in (LNK-19). */
export const WAYS = ['link', 'join', 'nearby'] as const

type Way = (typeof WAYS)[number]

/** What the persons at the two devices do. */
export interface Persons {
  readonly existing?: LinkOptions['confirm']
  readonly fresh?: (digits: string) => Promise<LinkAnswer>
  readonly options?: Partial<LinkOptions>
  readonly code?: (code: string) => string
  /** Told of each state, before anybody answers it. */
  readonly during?: (side: 'existing' | 'fresh', state: LinkState) => void
}

/** What either screen showed, last how it ended. */
export interface Shown {
  readonly existing: readonly string[]
  readonly fresh: readonly string[]
}

function nameOf(state: LinkState): string {
  switch (state.state) {
    case 'failed':
      return state.code
    case 'syncing':
      return `syncing ${state.percent}`
    case 'confirm':
      return `confirm ${/^\d{6}$/.test(state.digits)}`
    default:
      return state.state
  }
}

/** Links the phone in one of the ways, and writes down both screens. */
export async function link(at: Stage, way: Way, persons: Persons = {}): Promise<Shown> {
  const shown = { existing: [] as string[], fresh: [] as string[] }
  const digits = new Set<string>()
  const note =
    (side: 'existing' | 'fresh') =>
    (state: LinkState): void => {
      if (state.state === 'confirm') digits.add(state.digits)
      shown[side].push(nameOf(state))
      persons.during?.(side, state)
    }
  const { existing = yes, fresh = yes, options = {}, code = (text: string) => text } = persons
  const confirm = (seen: { readonly digits: string }): Promise<LinkAnswer> => fresh(seen.digits)
  const { laptop, phone } = at
  const offered =
    way === 'join'
      ? await laptop.devices.offer({ confirm: existing, ...options })
      : await phone.linking.offer({ confirm })
  const offering = way === 'join' ? 'existing' : 'fresh'
  const watching = watch(offered, note(offering))
  const dialling = way === 'join' ? 'fresh' : 'existing'
  const onState = note(dialling)
  const linking = { confirm: existing, ...options, onState }
  const attempt =
    way === 'join'
      ? phone.linking.join(code(offered.code), { confirm, onState })
      : way === 'link'
        ? laptop.devices.link(code(offered.code), linking)
        : laptop.devices.linkNearby(phone.device, linking)
  await attempt.then(
    () => undefined,
    () => undefined,
  )
  // Who offers is told last, and waits again when it failed.
  await expect.poll(() => shown[offering].at(-1), WAIT).toMatch(/^(done|waiting)$/)
  await offered.close()
  await watching
  expect(digits.size).toBeLessThan(2)
  return shown
}

/** Notes each state of an offer until it ends. */
export async function watch(offer: LinkOffer, note: (state: LinkState) => void): Promise<void> {
  for await (const state of offer.states()) note(state)
}

/** Neither device has another than before. */
export async function expectNothingChanged({ laptop, phone }: Stage): Promise<void> {
  expect((await laptop.devices.list()).map(({ name }) => name)).toEqual(['laptop'])
  expect(phone.account).toBeUndefined()
}

/** A relayed connection gets two seconds to become a direct one; here they pass at once. */
export async function leaping<T>({ world }: Stage, attempt: Promise<T>): Promise<T> {
  let isOver = false
  void attempt.finally(() => {
    isOver = true
  })
  await expect.poll(() => (isOver ? true : world.time.leap(500)), WAIT).toBe(true)
  return attempt
}
