import type { Circuit, CircuitOptions } from '../hop/circuit.ts'
import { STALL_TIMEOUT_MS } from '../hop/circuit.ts'
import type { Lane } from './lane.ts'

/** A road over which nothing comes for so many checks is one nobody uses: devices ask for signs of life in seconds. */
const IDLE_CHECKS = 2

/**
 * Copies both ways between two sockets, as fast as the slower side takes it and no faster (rule RLY-53): of each
 * direction it holds what one read brought.
 */
export function joinSockets(a: Lane, b: Lane, options: CircuitOptions): Circuit {
  const { stallTimeout = STALL_TIMEOUT_MS } = options
  const abort = (): void => {
    a.cut()
    b.cut()
  }
  const done = Promise.all([closed(a), closed(b)]).then(() => clearInterval(look))
  const directions = [pump(a, b, options), pump(b, a, options)]
  let idle = 0
  const look = setInterval(() => {
    const moved = directions.map((direction) => direction.check())
    if (moved.includes('stalled')) return abort()
    idle = moved.includes('moved') ? 0 : idle + 1
    if (idle >= IDLE_CHECKS) abort()
  }, stallTimeout).unref()
  for (const direction of directions) direction.start()
  return { bufferedBytes: () => a.held() + b.held(), abort, done }
}

interface Direction {
  start(): void
  /** What happened since the last check. */
  check(): 'moved' | 'quiet' | 'stalled'
}

/** One direction. Written for one call per chunk: this is where a relay spends its time. */
function pump(source: Lane, sink: Lane, { onBytes }: CircuitOptions): Direction {
  let isFull = false
  let isPacing = false
  let hasMoved = false
  let hasEnded = false

  const resume = (): void => {
    if (!isFull && !isPacing) source.resume()
  }
  const pace = (ms: number): void => {
    isPacing = true
    setTimeout(() => {
      isPacing = false
      resume()
    }, ms)
  }
  sink.onDrain(() => {
    hasMoved = true
    if (!isFull) return
    isFull = false
    resume()
  })
  source.onEnd(() => {
    hasEnded = true
    sink.end()
  })
  source.onClose(() => {
    // without an end before it the sender is gone, not done
    if (!hasEnded) sink.cut()
  })

  return {
    start: () =>
      source.start((bytes) => {
        hasMoved = true
        const wait = onBytes(bytes.byteLength)
        isFull = !sink.write(bytes)
        if (wait > 0) pace(wait)
        return !isFull && !isPacing
      }),
    check() {
      const what = hasMoved ? 'moved' : isFull ? 'stalled' : 'quiet'
      hasMoved = false
      return what
    },
  }
}

function closed(lane: Lane): Promise<void> {
  return new Promise((resolve) => lane.onClose(resolve))
}
