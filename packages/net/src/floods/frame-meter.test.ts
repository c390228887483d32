import { describe, expect, test } from 'vitest'
import { FloodError } from './flood-error.ts'
import { createFrameMeter, type FrameHeader, type FrameMeter } from './frame-meter.ts'

const OPENING: FrameHeader = { type: 1, flag: 1, length: 0 }
const PING: FrameHeader = { type: 2, flag: 1, length: 7 }
const WINDOW: FrameHeader = { type: 1, flag: 0, length: 1 }
const DATA: FrameHeader = { type: 0, flag: 0, length: 200 }

function meterAt(maxOpenings = 100): { readonly meter: FrameMeter; pass(ms: number): void } {
  let now = 0
  const meter = createFrameMeter({ clock: { monotonic: () => now }, maxOpenings })
  return {
    meter,
    pass: (ms) => {
      now += ms
    },
  }
}

/** How many of a frame come through at once. */
function passed(meter: FrameMeter, frame: FrameHeader): number {
  for (let count = 0; count < 1_000_000; count += 1) {
    try {
      meter.came(frame)
    } catch (error) {
      expect(error).toBeInstanceOf(FloodError)
      return count
    }
  }
  return Number.POSITIVE_INFINITY
}

describe('NET-80 D3 what a peer may send at once', () => {
  test.each([
    ['new streams', OPENING, 100],
    ['a stream opened by its first bytes', { ...DATA, flag: 1 }, 100],
    ['pings', PING, 64],
    ['windows', WINDOW, 2_048],
    ['resets', { type: 1, flag: 8, length: 0 }, 2_048],
    ['frames of data without data', { ...DATA, length: 0 }, 2_048],
  ])('%s', (_, frame, most) => {
    expect(passed(meterAt().meter, frame)).toBe(most)
  })

  test('bytes are bounded by windows, not here', () => {
    expect(passed(meterAt().meter, DATA)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('NET-80 what comes back with time', () => {
  test.each([
    ['new streams', OPENING, 25],
    ['pings', PING, 8],
    ['windows', WINDOW, 1_000],
  ])('%s', (_, frame, perSecond) => {
    const { meter, pass } = meterAt()
    passed(meter, frame)
    pass(1_000)
    expect(passed(meter, frame)).toBe(perSecond)
  })

  test('no more than at first, however long it was quiet', () => {
    const { meter, pass } = meterAt()
    pass(24 * 3_600_000)
    expect(passed(meter, OPENING)).toBe(100)
  })

  test('one kind does not use up another', () => {
    const { meter } = meterAt()
    passed(meter, PING)
    expect(passed(meter, OPENING)).toBe(100)
  })
})

test('NET-80 a peer that answers each frame it is sent with a window is no flood', () => {
  const { meter } = meterAt()
  for (let sent = 0; sent < 50_000; sent += 1) meter.sent()
  expect(passed(meter, WINDOW)).toBe(2_048 + 50_000)
})
