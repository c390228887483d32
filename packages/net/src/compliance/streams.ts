import { isNetError } from '../errors.ts'
import type { FrameStream } from '../net.ts'
import type { NetComplianceCase } from './case.ts'
import {
  check,
  collect,
  ECHO,
  echo,
  equal,
  eventually,
  failsWith,
  filled,
  first,
  isFilled,
  isStream,
  pair,
  settled,
  within,
} from './checks.ts'

/** What every {@link FrameStream} keeps. */
export const streamCases: readonly NetComplianceCase[] = [
  {
    rule: 'NET-14',
    name: 'frames of every size come back whole and in order',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, echo)
      const sizes = [0, 1, 127, 128, 65_535, 65_536, ECHO.maxFrameBytes]
      const stream = await ada.open(ben.peer, ECHO)
      equal(stream.peer, ben.peer, 'the peer of the stream')
      const back = collect(stream.incoming)
      for (const size of sizes) await stream.send(filled(size))
      await stream.close()
      const frames = await back
      equal(frames.map(({ byteLength }) => byteLength).join(), sizes.join(), 'sizes')
      check(frames.every(isFilled), 'the bytes are the ones that were sent')
    },
  },
  {
    rule: 'NET-12',
    name: 'a closed half ends what is read there, and the other half goes on',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, async (stream) => {
        const frames = await collect(stream.incoming)
        await stream.send(Uint8Array.of(frames.length))
      })
      const stream = await ada.open(ben.peer, ECHO)
      await stream.send(filled(3))
      await stream.send(filled(4))
      await stream.close()
      const frames = await collect(stream.incoming)
      equal(frames[0]?.[0], 2, 'frames that were counted after the end')
      await failsWith('ERR_STREAM_CLOSED', () => stream.send(filled(1)))
    },
  },
  {
    rule: 'NET-14',
    name: 'a frame that is too long is refused before it is sent',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, echo)
      const stream = await ada.open(ben.peer, ECHO)
      await failsWith('ERR_FRAME_TOO_LONG', () => stream.send(filled(ECHO.maxFrameBytes + 1)))
      await stream.send(filled(5))
      await stream.close()
      equal((await collect(stream.incoming)).length, 1, 'the stream is as good as before')
    },
  },
  {
    rule: 'NET-14',
    name: 'a peer that sends a longer frame than allowed is cut off',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      const { promise: failure, resolve } = Promise.withResolvers<unknown>()
      ben.handle({ ...ECHO, maxFrameBytes: 100 }, async (stream) => {
        await collect(stream.incoming).catch(resolve)
      })
      const stream = await ada.open(ben.peer, ECHO)
      await stream.send(filled(101)).catch(() => {})
      await failsWith('ERR_STREAM_RESET', () => collect(stream.incoming))
      check(isNetError(await within(failure), 'ERR_FRAME_TOO_LONG'), 'the reader knows why')
    },
  },
  {
    rule: 'NET-12',
    name: 'an aborted stream fails at the other end, and does not look ended',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      const { promise: failure, resolve } = Promise.withResolvers<unknown>()
      const { promise: started, resolve: start } = Promise.withResolvers<void>()
      ben.handle(ECHO, async (stream) => {
        start()
        await collect(stream.incoming).then(resolve, resolve)
      })
      const stream = await ada.open(ben.peer, ECHO)
      await stream.send(filled(10))
      await within(started)
      stream.abort(new Error('enough'))
      check(isNetError(await within(failure), 'ERR_STREAM_RESET'), 'the reader sees a reset')
    },
  },
  {
    rule: 'NET-16',
    name: 'an answer that fails resets the stream',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, async () => {
        throw new Error('no')
      })
      const stream = await ada.open(ben.peer, ECHO)
      await failsWith('ERR_STREAM_RESET', () => collect(stream.incoming))
    },
  },
  {
    rule: 'NET-16',
    name: 'an answer that is given closes the stream, read or not',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, (stream) => stream.send(filled(7)))
      for (let round = 0; round < 2 * ECHO.maxStreamsPerPeer; round += 1) {
        const stream = await ada.open(ben.peer, ECHO)
        equal((await collect(stream.incoming)).length, 1, `frames of round ${round}`)
        await stream.close()
      }
    },
  },
  {
    rule: 'NET-15',
    name: 'one peer has so many streams of a protocol and no more',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      ben.handle(ECHO, async (stream) => {
        await stream.send(filled(1))
        await released
      })
      const wide = { ...ECHO, maxStreamsPerPeer: 100 }
      const held: FrameStream[] = []
      for (let count = 0; count < ECHO.maxStreamsPerPeer; count += 1) {
        const stream = await ada.open(ben.peer, wide)
        await first(stream)
        held.push(stream)
      }
      const excess = await ada.open(ben.peer, wide).catch((error: unknown) => error)
      if (isStream(excess)) await failsWith('ERR_STREAM_RESET', () => collect(excess.incoming))
      release()
      for (const stream of held) await stream.close()
      await eventually(async () => {
        const stream = await ada.open(ben.peer, wide)
        return isNetError(await first(stream).catch((error: unknown) => error)) ? undefined : true
      })
    },
  },
  {
    rule: 'NET-10',
    name: 'who sends to a stalled reader is made to wait, and everything arrives in the end',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      const { promise: mayRead, resolve: letRead } = Promise.withResolvers<void>()
      const { promise: arrived, resolve: tellArrived } = Promise.withResolvers<number>()
      ben.handle(ECHO, async (stream) => {
        await mayRead
        let bytes = 0
        for await (const frame of stream.incoming) bytes += frame.byteLength
        tellArrived(bytes)
      })
      const stream = await ada.open(ben.peer, ECHO)
      const total = 64 * ECHO.maxFrameBytes
      const frame = filled(ECHO.maxFrameBytes)
      let sent = 0
      const sending = (async () => {
        while (sent < total) {
          await stream.send(frame)
          sent += ECHO.maxFrameBytes
        }
        await stream.close()
      })()
      await settled(() => sent)
      check(sent < 8 * 1024 * 1024, `a stalled reader let ${sent} bytes through`)
      letRead()
      await within(sending)
      equal(await within(arrived), total, 'bytes that arrived')
    },
  },
  {
    rule: 'NET-13',
    name: 'a send that waits ends when its signal is aborted',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, () => new Promise(() => {}))
      const stream = await ada.open(ben.peer, ECHO)
      const abort = new AbortController()
      const frame = filled(ECHO.maxFrameBytes)
      let sent = 0
      const sending = (async () => {
        for (;;) {
          await stream.send(frame, { signal: abort.signal })
          sent += 1
        }
      })().catch((error: unknown) => error)
      await settled(() => sent)
      const reason = new Error('changed my mind')
      abort.abort(reason)
      equal(await within(sending), reason, 'the reason it ended with')
      const late = AbortSignal.abort(reason)
      equal(
        await ada.open(ben.peer, ECHO, { signal: late }).catch((error: unknown) => error),
        reason,
        'the reason open ended with',
      )
    },
  },
]
