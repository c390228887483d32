import { FloodError } from './flood-error.ts'
import type { MeterOptions } from './muxer-meter.ts'

/** Counts what one peer sends over one connection (rule NET-80). */
export interface FrameMeter {
  /** One frame that came. @throws FloodError */
  came(frame: FrameHeader): void
  /** One frame that we sent. */
  sent(): void
}

/** The part of a frame's header that says what it costs. */
export interface FrameHeader {
  readonly type: number
  readonly flag: number
  readonly length: number
}

/** So many at once, and so many more in each second. */
interface Allowance {
  readonly burst: number
  readonly perSecond: number
}

type FrameKind = 'opening' | 'ping' | 'empty'
const KINDS: readonly FrameKind[] = ['opening', 'ping', 'empty']

/**
 * Frames of yamux that move no bytes cost the peer 12 bytes and us a stream, an answer, or a look
 * through all streams: 3.6 MB of them stalled a relay for seconds. An honest peer stays far below
 * these: it pings twice a minute, and renews windows for what it was sent.
 */
const PING: Allowance = { burst: 64, perSecond: 8 }
/** Stock js answers each frame it is sent with one: what we send is added to this. */
const EMPTY: Allowance = { burst: 2_048, perSecond: 1_000 }
/** What a peer that is sent much, and was slow to answer, may answer at once. */
const MAX_EARNED = 65_536

/** A meter of a connection that begins now. */
export function createFrameMeter({ clock, maxOpenings }: MeterOptions): FrameMeter {
  const allowed: Readonly<Record<FrameKind, Allowance>> = {
    opening: { burst: maxOpenings, perSecond: maxOpenings / 4 },
    ping: PING,
    empty: EMPTY,
  }
  const left: Record<FrameKind, number> = {
    opening: maxOpenings,
    ping: PING.burst,
    empty: EMPTY.burst,
  }
  let at = clock.monotonic()

  const refill = (): void => {
    const now = clock.monotonic()
    for (const kind of KINDS) {
      const { burst, perSecond } = allowed[kind]
      // what was earned by our own frames may stand above the burst
      const most = Math.max(left[kind], burst)
      left[kind] = Math.min(most, left[kind] + ((now - at) / 1_000) * perSecond)
    }
    at = now
  }
  return {
    came(frame) {
      const kind = kindOf(frame)
      if (kind === undefined) return
      refill()
      if (left[kind] < 1) throw new FloodError(`too many frames of the kind ${kind}`)
      left[kind] -= 1
    },
    sent() {
      if (left.empty < MAX_EARNED) left.empty += 1
    },
  }
}

/** Numbers of the specification of yamux. */
const TYPE = { data: 0, ping: 2 } as const
/** The flag of a frame that opens a stream. */
export const SYN = 1

function kindOf({ type, flag, length }: FrameHeader): FrameKind | undefined {
  if (type === TYPE.ping) return 'ping'
  if ((flag & SYN) !== 0) return 'opening'
  return type === TYPE.data && length > 0 ? undefined : 'empty'
}
