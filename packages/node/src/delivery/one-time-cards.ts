import {
  createOneTimeCard,
  type DeviceId,
  deviceCardCodec,
  ONE_TIME_CARD_LIFE_MS,
  type PrekeySecrets,
} from '@kithmesh/protocol'
import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { createRate, type Rate } from '../rate.ts'
import { createSerial } from '../serial.ts'

/**
 * Cards for one session each, given to connected devices that ask (SES-24, B4). Their secrets are in memory
 * only: a restart, the first use or ten minutes, and nothing opens what was sealed to them any more.
 */
export interface OneTimeCards {
  /** The card for a device of a contact; the same until it is used. Undefined when it asks too often. */
  give(device: DeviceId): Promise<Uint8Array | undefined>
  /** The secrets of what was given to this device, and to no other. */
  secretsFor(device: DeviceId): readonly PrekeySecrets[]
  /** Its session began and is on the disk, or the device is out: erases the secrets. */
  erase(device: DeviceId): void
}

/** A session lasts; a device needs a second card only when one of the two lost it. */
const PER_DEVICE = { burst: 4, everyMs: 15 * 60 * 1000 } as const
/** Cards that wait for their use, of some 5 kB each; one per device. */
const MAX_WAITING = 256
/** One that is nearly over is not given again. */
const MIN_LEFT_MS = 60 * 1000

/** One-time cards of this device. */
export function createOneTimeCards(context: DeviceContext, cards: Cards): OneTimeCards {
  const { clock, scheduler, signal, signer } = context
  const waiting = new Map<DeviceId, Waiting>()
  const rates = new Map<DeviceId, Rate>()
  const serial = createSerial<'card'>()

  function give(device: DeviceId): Promise<Uint8Array | undefined> {
    return serial('card', async () => {
      const given = waiting.get(device)
      if (given) return given.until - clock.monotonic() > MIN_LEFT_MS ? given.bytes : undefined
      if (waiting.size >= MAX_WAITING || !rateOf(device).take()) return undefined
      const { identityKey } = cards.ownIdentity()
      const { card, secrets } = await createOneTimeCard({ signer, identityKey }, context)
      const bytes = deviceCardCodec.encode(card)
      const cancel = scheduler.schedule(ONE_TIME_CARD_LIFE_MS, () => erase(device))
      const until = clock.monotonic() + ONE_TIME_CARD_LIFE_MS
      waiting.set(device, { bytes, secrets, until, cancel })
      return bytes
    })
  }

  /** As many as there are devices of contacts: nobody else comes this far (DEL-9). */
  function rateOf(device: DeviceId): Rate {
    const rate = rates.get(device) ?? createRate(PER_DEVICE, clock)
    rates.set(device, rate)
    return rate
  }

  function erase(device: DeviceId): void {
    waiting.get(device)?.cancel()
    waiting.delete(device)
  }

  signal.addEventListener('abort', () => {
    for (const device of [...waiting.keys()]) erase(device)
  })

  return {
    give,
    secretsFor: (device) => {
      const given = waiting.get(device)
      return given && given.until > clock.monotonic() ? [given.secrets] : []
    },
    erase,
  }
}

/** A card that was given and not used yet. */
interface Waiting {
  readonly bytes: Uint8Array
  readonly secrets: PrekeySecrets
  /** By the monotonic clock. */
  readonly until: number
  readonly cancel: () => void
}
