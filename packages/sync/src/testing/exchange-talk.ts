import type { ExchangeStream } from '../exchange/exchange.ts'
import { type ExchangeFrame, type FrameOf, frameCodec } from '../exchange/frames.ts'
import { countRanges } from '../range-set.ts'
import type { TestDevice } from './devices.ts'

/** Texts of notes, `n0` and on. */
export const many = (count: number, prefix = 'n'): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`)

/** What went over a line, read. */
export const framesOf = (line: {
  readonly frames: readonly Uint8Array[]
}): readonly ExchangeFrame[] => line.frames.map((bytes) => frameCodec.decode(bytes))

/** Says what it is told to say, whatever that is. */
export function speakAlone(
  device: TestDevice,
  as: TestDevice['id'],
  options: {
    readonly deaf?: boolean
    readonly withheld?: Parameters<TestDevice['exchanges']['run']>[0]['withheld']
  } = {},
) {
  const said: Uint8Array[] = []
  const frames: ExchangeFrame[] = []
  let wake = (): void => {}
  let closed = false
  const stream: ExchangeStream = {
    incoming: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const next = said.shift()
          if (next !== undefined) yield next
          else if (closed) return
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      },
    },
    send: async (frame, { signal } = {}) => {
      frames.push(frameCodec.decode(frame))
      if (options.deaf !== true || frames.length < 2) return
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    },
  }
  const { withheld } = options
  const end = device.exchanges.run({
    sibling: as,
    stream,
    ...(withheld === undefined ? {} : { withheld }),
  })
  const sayBytes = async (bytes: Uint8Array): Promise<void> => {
    said.push(bytes)
    wake()
    await Promise.resolve()
  }
  return {
    end,
    sayBytes,
    say: (frame: ExchangeFrame) => sayBytes(frameCodec.encode(frame)),
    heard: () => frames,
    unread: () => said.length,
    close: () => {
      closed = true
      wake()
    },
  }
}

/** How many records a frame brings. */
export function placesOf({ records, pack }: FrameOf<'records'>): number {
  return records.length + countRanges(pack?.places ?? [])
}
