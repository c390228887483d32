import { type DeviceCard, decoded, deviceCardCodec } from '@kithmesh/protocol'
import type { Scheduler } from '../scheduler.ts'

/**
 * The answer is one message long; who gives none in time gets what is sealed to the published card. A version
 * that does not know the question resets the stream, as behind every frame it cannot read.
 */
const CARD_WAIT_MS = 5_000

/** A card for the one session that begins over a stream (SES-24). */
export interface CardAsking {
  /** Asked for once. Undefined when none came in time, or none that can be read. */
  card(): Promise<DeviceCard | undefined>
  answered(card: Uint8Array | undefined): void
  /** The stream is over: nobody is waited for. */
  end(): void
}

/** `ask` sends the question. */
export function createCardAsking(scheduler: Scheduler, ask: () => Promise<void>): CardAsking {
  const answer = Promise.withResolvers<DeviceCard | undefined>()
  let asked: Promise<DeviceCard | undefined> | undefined

  async function askOnce(): Promise<DeviceCard | undefined> {
    const cancel = scheduler.schedule(CARD_WAIT_MS, () => answer.resolve(undefined))
    await ask()
    return answer.promise.finally(cancel)
  }

  return {
    card: () => {
      asked ??= askOnce()
      return asked
    },
    answered: (card) => answer.resolve(card && decoded(deviceCardCodec, card)),
    end: () => answer.resolve(undefined),
  }
}
