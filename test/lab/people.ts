/** Two people in the lab who write to each other, and what arrived when. */

import { startKith } from '../processes/programs.ts'
import type { Crew, Device, LabRelay } from './crew.ts'

/** One of two, and the other's name here. */
export interface Person {
  readonly device: Device
  readonly contact: string
  /** Writes; resolves when it is on the disk. */
  say(text: string): Promise<void>
  /** Texts in the order in which this device had them, the person's own too. */
  heard(): readonly string[]
  /** As `kith messages` lists them, oldest first. */
  listed(): Promise<readonly string[]>
  /** Messages that wait for the other. */
  pending(): Promise<number>
}

/** Makes two accounts in their namespaces and acquaints them. */
export async function createPeople(
  crew: Crew,
  relay: LabRelay,
  [adaAt, benAt]: readonly [string, string],
): Promise<readonly [Person, Person]> {
  const [phone, tablet] = [crew.device('phone', 'first'), crew.device('tablet', 'first')]
  const flags = ['--relay', relay.tcp]
  await Promise.all([phone.start(adaAt, flags), tablet.start(benAt, flags)])
  const { code } = await phone.ask('invite', 'contacts', 'invite')
  await tablet.ask('contact', 'contacts', 'add', String(code), '--name', 'Ada')
  const { account } = await tablet.program.event('ready')
  await phone.ask('contact', 'contacts', 'rename', String(account), 'Ben')
  return [person(phone, 'Ben'), person(tablet, 'Ada')]
}

function person(device: Device, contact: string): Person {
  const follower = startKith(device.home, ['messages', contact, '--follow'])
  return {
    device,
    contact,
    say: async (text) => {
      await device.call('send', { contact, text, wait: 'none', timeoutMs: 1 })
    },
    heard: () =>
      follower
        .events()
        .filter(({ event }) => event === 'message')
        .map(({ text }) => String(text)),
    listed: async () => {
      const events = await device.call('messages', { contact, follow: false })
      return events.flatMap((event) => (event.event === 'message' ? [event.text ?? ''] : []))
    },
    pending: async () => {
      const events = await device.call('status', {})
      return events.reduce((sum, one) => sum + (one.event === 'status' ? one.pending : 0), 0)
    },
  }
}

/** Of what one said, how much the other has exactly once and in order, and how often something came twice. */
export interface Arrival {
  readonly once: number
  readonly twice: number
  readonly isInOrder: boolean
}

/** Compares what was said with what is listed at the other end. */
export function arrivalOf(said: readonly string[], listed: readonly string[]): Arrival {
  const expected = new Set(said)
  const arrived = listed.filter((text) => expected.has(text))
  const counts = new Map<string, number>()
  for (const text of arrived) counts.set(text, (counts.get(text) ?? 0) + 1)
  return {
    once: [...counts.values()].filter((count) => count === 1).length,
    twice: [...counts.values()].filter((count) => count > 1).length,
    isInOrder: arrived.join('\n') === said.filter((text) => counts.has(text)).join('\n'),
  }
}
