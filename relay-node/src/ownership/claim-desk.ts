import { timingSafeEqual } from 'node:crypto'
import type { Clock, Rng } from '@kithmesh/net'

/** The secret by which a relay without an owner gets one (RLY-71). Nothing of it is ever written down. */
export interface ClaimDesk {
  /** The one that counts now, drawn anew when the last one ended; undefined while nobody may claim. */
  current(): ClaimSecret | undefined
  /** Whether it is the one that counts now; wrong ones end it. */
  isRight(secret: Uint8Array): boolean
  /** Draws one also where there is an owner: its operator hands the relay to another account. */
  reopen(): void
  /** The relay has an owner: none counts any more. */
  close(): void
}

export interface ClaimSecret {
  /** 16 bytes. */
  readonly secret: Uint8Array
  readonly expiresInMs: number
}

/** Long enough to walk to the other machine. */
export const CLAIM_LIFE_MS: number = 10 * 60_000
/** Nobody guesses 128 bits: this tells a person with an old code from a machine that tries. */
const MAX_WRONG = 5
const SECRET_BYTES = 16

/** A desk; shut from the start where the relay has an owner. */
export function createClaimDesk(
  { isShut }: { readonly isShut: boolean },
  { clock, rng }: { readonly clock: Clock; readonly rng: Rng },
): ClaimDesk {
  let isOpen = !isShut
  let drawn: { readonly secret: Uint8Array; readonly endsAt: number } | undefined
  let wrong = 0

  const live = (): Uint8Array | undefined =>
    isOpen && drawn !== undefined && clock.monotonic() < drawn.endsAt ? drawn.secret : undefined
  return {
    current() {
      if (!isOpen) return undefined
      if (live() === undefined) {
        drawn = { secret: rng.bytes(SECRET_BYTES), endsAt: clock.monotonic() + CLAIM_LIFE_MS }
        wrong = 0
      }
      if (drawn === undefined) return undefined
      return { secret: drawn.secret, expiresInMs: Math.ceil(drawn.endsAt - clock.monotonic()) }
    },
    isRight(secret) {
      const right = live()
      if (right === undefined) return false
      if (secret.length === right.length && timingSafeEqual(secret, right)) return true
      wrong += 1
      if (wrong >= MAX_WRONG) drawn = undefined
      return false
    },
    reopen() {
      isOpen = true
      drawn = undefined
    },
    close() {
      isOpen = false
      drawn = undefined
    },
  }
}
