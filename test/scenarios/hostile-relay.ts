/**
 * Who sits between two devices and does what it likes to the frames of one protocol, in both directions. On real
 * connections Noise leaves such a party nothing but to break them; here it has its way with what is inside.
 */

import type { FrameStream, Net } from '@kithmesh/net'

/** What it does to a frame: a tenth of all frames each, the other three tenths it lets pass. */
export type Trick = 'drop' | 'duplicate' | 'reorder' | 'delay' | 'replay' | 'inject' | 'tamper'

const TRICKS: readonly Trick[] = [
  'drop',
  'duplicate',
  'reorder',
  'delay',
  'replay',
  'inject',
  'tamper',
]

/** The party between. */
export interface HostileRelay {
  /** A device's net, with the relay in front of it. */
  through(net: Net): Net
  /** From now on everything passes as it is. */
  relent(): void
  /** How often each trick was played. */
  readonly played: ReadonlyMap<Trick, number>
  /** How many frames it was given so far. */
  seen(): number
}

/** Frames remembered to be replayed, over all streams. */
const MAX_REMEMBERED = 500
/** A delayed frame lets so many others pass, at most. */
const MAX_DELAY = 8

/** The end of a stream that sends: who opened it has messages, who answers takes them. */
export type End = 'opener' | 'answerer'

/** How the relay chooses. */
export interface Malice {
  /** A whole number from 0, below the one given. */
  readonly random: (below: number) => number
  /** What becomes of the next frame of an end; each trick for a tenth of all frames when not said. */
  readonly trick?: (end: End) => Trick | undefined
}

/** A relay that has its way with the frames of one protocol. */
export function createHostileRelay(
  protocol: string,
  { random, trick: nextTrick = () => TRICKS[random(10)] }: Malice,
): HostileRelay {
  const played = new Map<Trick, number>()
  const remembered: Readonly<Record<End, Uint8Array[]>> = { opener: [], answerer: [] }
  let isHostile = true
  let given = 0

  /** One end of a stream, and what it sends on its way to the other. */
  function tricked(stream: FrameStream, end: End): FrameStream {
    const past = remembered[end]
    let held: { readonly frame: Uint8Array; passes: number }[] = []

    async function send(frame: Uint8Array, options?: { signal?: AbortSignal }): Promise<void> {
      given += 1
      const trick = isHostile ? nextTrick(end) : undefined
      if (trick !== undefined) played.set(trick, (played.get(trick) ?? 0) + 1)
      for (const one of onTheWay(trick, frame)) await stream.send(one, options)
      const due = held.filter((one) => one.passes-- <= 0 || !isHostile)
      held = held.filter((one) => !due.includes(one))
      for (const one of due) await stream.send(one.frame, options)
      past.push(frame.slice())
      if (past.length > MAX_REMEMBERED) past.splice(random(MAX_REMEMBERED), 1)
    }

    /** What goes on instead of a frame. */
    function onTheWay(trick: Trick | undefined, frame: Uint8Array): readonly Uint8Array[] {
      switch (trick) {
        case undefined:
          return [frame]
        case 'drop':
          return []
        case 'duplicate':
          return [frame, frame]
        case 'reorder':
        case 'delay':
          held.push({ frame, passes: trick === 'reorder' ? 0 : 1 + random(MAX_DELAY) })
          return []
        case 'replay':
          return [frame, past[random(past.length)] ?? frame]
        case 'inject':
          return [forged(frame), frame]
        case 'tamper':
          return [flipped(frame)]
      }
    }

    return { ...stream, send }
  }

  /** Junk; or the beginning of a real frame, which says its kind, with junk behind it. */
  function forged(frame: Uint8Array): Uint8Array {
    const junk = Uint8Array.from(frame, () => random(256))
    if (random(2) === 0) junk.set(frame.subarray(0, random(Math.min(frame.length, 48))))
    return junk
  }

  function flipped(frame: Uint8Array): Uint8Array {
    const copy = frame.slice()
    const at = random(copy.length)
    copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
    return copy
  }

  function through(net: Net): Net {
    const open: Net['open'] = async (peer, asked, options) => {
      const stream = await net.open(peer, asked, options)
      return asked.id === protocol ? tricked(stream, 'opener') : stream
    }
    const handle: Net['handle'] = (served, answer) =>
      net.handle(served, (stream) =>
        answer(served.id === protocol ? tricked(stream, 'answerer') : stream),
      )
    return new Proxy(net, {
      get: (target, key) => {
        if (key === 'open') return open
        if (key === 'handle') return handle
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  return {
    through,
    relent: () => {
      isHostile = false
    },
    played,
    seen: () => given,
  }
}
