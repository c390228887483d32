import type { KithNode, LinkOffer, LinkOptions, LinkState } from '@kithmesh/node'
import { expect } from 'vitest'
import { createWorld, type World } from './world.ts'

/** How long a device may take to do what is waited for. */
export const WAIT = { timeout: 5_000, interval: 10 } as const

/** Whoever is asked says yes. */
export const yes = async (): Promise<boolean> => true

/** What either screen showed, and with what an attempt ended. */
export interface Attempt {
  readonly existing: readonly string[]
  readonly fresh: readonly string[]
  readonly code: string | undefined
}

/** Writes down what a new device shows. */
export function watch(offer: LinkOffer): {
  readonly shown: readonly string[]
  codes(): readonly string[]
} {
  const states: LinkState[] = []
  void (async () => {
    for await (const state of offer.states()) states.push(state)
  })()
  return {
    get shown() {
      return states.map(nameOf)
    },
    codes: () => states.flatMap((state) => (state.state === 'waiting' ? [state.code] : [])),
  }
}

function nameOf(state: LinkState): string {
  if (state.state === 'failed') return state.code
  return state.state === 'syncing' ? `syncing ${state.percent}` : state.state
}

/** Links by `code` and tells what both screens showed. */
export async function attempt(
  by: KithNode,
  { offer, code, ...options }: Partial<LinkOptions> & { readonly offer: LinkOffer; code?: string },
): Promise<Attempt> {
  const { shown, watched } = { watched: watch(offer), shown: [] as string[] }
  const onState = (state: LinkState): void => void shown.push(nameOf(state))
  const linking = by.devices.link(code ?? offer.code, { confirm: yes, onState, ...options })
  const outcome = await linking.then(
    () => undefined,
    (error: { readonly code?: string }) => error.code ?? String(error),
  )
  // The new device is told last: it has shown how it ended, or waits again.
  await expect.poll(() => watched.shown.at(-1), WAIT).toMatch(/^(done|waiting)$/)
  return { existing: shown, fresh: watched.shown, code: outcome }
}

/** The devices of an account, by name. */
export async function namesOf(node: KithNode): Promise<readonly string[]> {
  return (await node.devices.list()).map(({ name }) => name).sort()
}

/** Nothing changed on either side, nor on their disks. */
export async function expectUnlinked(
  world: World,
  existing: KithNode,
  fresh: KithNode,
): Promise<void> {
  const check = async (laptop: KithNode, phone: KithNode): Promise<void> => {
    expect(await namesOf(laptop)).toEqual(['laptop'])
    expect(phone.account).toBeUndefined()
    await expect(phone.status()).rejects.toMatchObject({ code: 'ERR_NO_ACCOUNT' })
  }
  await check(existing, fresh)
  await check(await world.restart(existing), await world.restart(fresh))
}

/** A device with an account, and one that shows its code. */
export interface Stage extends AsyncDisposable {
  readonly world: World
  readonly laptop: KithNode
  readonly phone: KithNode
  readonly offer: LinkOffer
}

/** Ada's laptop, and a phone that shows its code. */
export async function stage(): Promise<Stage> {
  const world = await createWorld({ ada: ['laptop'] })
  const phone = await world.newDevice('phone')
  return {
    world,
    laptop: world.device('ada', 'laptop'),
    phone,
    offer: await phone.linking.offer(),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}
