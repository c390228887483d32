import { isNetError, type NetErrorCode } from './errors.ts'
import type { FrameStream, Net, NetEvents, NetProtocol } from './net.ts'

/** Where a compliance case gets its nets; one implementation of {@link Net} makes one world. */
export interface NetWorld {
  /** A started net with an identity of its own that no other of this world has. */
  create(): Promise<Net>
  /** Lets `a` know where `b` is, and `b` where `a` is. */
  introduce(a: Net, b: Net): void
}

/** One rule that every {@link Net} keeps; throws when it is broken. */
export interface NetComplianceCase {
  /** Rule id of the specification. */
  readonly rule: string
  readonly name: string
  run(world: NetWorld): Promise<void>
}

const ECHO: NetProtocol = {
  id: '/kith/compliance-echo/1',
  maxFrameBytes: 256 * 1024,
  maxStreamsPerPeer: 4,
}

const OTHER: NetProtocol = { ...ECHO, id: '/kith/compliance-other/1' }

/** Longest a case waits for something that has to come by itself. */
const PATIENCE_MS = 15_000
const RETRY_MS = 20

/** The rules of {@link Net}, for every implementation; run each case in a world of its own. */
export const netCompliance: readonly NetComplianceCase[] = [
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
    rule: 'NET-17',
    name: 'a protocol that nobody answers is told apart from a peer that is not there',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, echo)
      await failsWith('ERR_PROTOCOL_UNSUPPORTED', () => ada.open(ben.peer, OTHER))
      const gone = await world.create()
      await gone.stop()
      await failsWith('ERR_UNREACHABLE', () => ada.open(gone.peer, ECHO))
      await failsWith('ERR_ADDRESS', () => ada.open('nobody', ECHO))
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
      const total = 128 * ECHO.maxFrameBytes
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
  {
    rule: 'NET-34',
    name: 'two that dial each other at once are connected once',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ada.handle(ECHO, echo)
      ben.handle(ECHO, echo)
      const connected: string[] = []
      ada.addEventListener('peer:connected', ({ detail }) => connected.push(detail.peer))
      const streams = await Promise.all([ada.open(ben.peer, ECHO), ben.open(ada.peer, ECHO)])
      for (const stream of streams) {
        await stream.send(filled(9))
        equal((await first(stream)).byteLength, 9, 'an echo')
        await stream.close()
      }
      equal(connected.join(), ben.peer, 'who ada heard of')
      equal(ada.connected().join(), ben.peer, 'who ada is connected with')
    },
  },
  {
    rule: 'NET-33',
    name: 'reachability says how, and since when not',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      const before = ada.reachability(ben.peer)
      equal(before.path, 'away', 'the path before')
      check(before.reason !== '', 'a reason')
      const changed = heard(ada, 'reachability:changed', ({ reachability }) => {
        return reachability.path !== 'away'
      })
      ada.keep([ben.peer])
      const { reachability } = await within(changed)
      check(reachability.reason !== '' && reachability.lastSeen !== undefined, 'reason and time')
      const gone = heard(ada, 'peer:disconnected', ({ peer }) => peer === ben.peer)
      await ben.stop()
      await within(gone)
      const after = ada.reachability(ben.peer)
      equal(after.path, 'away', 'the path after')
      check(after.lastSeen !== undefined, 'when it was last seen')
    },
  },
  {
    rule: 'NET-25',
    name: 'a kept peer is connected by itself, and again after it broke',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      const connected = heard(ada, 'peer:connected', ({ peer }) => peer === ben.peer)
      ada.keep([ben.peer])
      await within(connected)
      const broken = heard(ada, 'peer:disconnected', ({ peer }) => peer === ben.peer)
      ben.refuse(ada.peer)
      await within(broken)
      const again = heard(ada, 'peer:connected', ({ peer }) => peer === ben.peer)
      ben.keep([ada.peer])
      await within(again)
    },
  },
  {
    rule: 'NET-37',
    name: 'a refused peer is cut off and stays out until it is kept again',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ada.handle(ECHO, echo)
      ben.handle(ECHO, echo)
      const stream = await ada.open(ben.peer, ECHO)
      await stream.send(filled(1))
      await first(stream)
      ben.refuse(ada.peer)
      await failsWith('ERR_STREAM_RESET', () => collect(stream.incoming))
      await failsWith('ERR_PEER_REFUSED', () => ben.open(ada.peer, ECHO))
      await eventually(async () => (ada.connected().length === 0 ? true : undefined))
      const refused = await ada.open(ben.peer, ECHO).catch((error: unknown) => error)
      check(!isStream(refused), 'the refused peer got no stream')
      ben.keep([ada.peer])
      await eventually(() => ada.open(ben.peer, ECHO).catch(() => undefined))
    },
  },
  {
    rule: 'NET-18',
    name: 'a stopped net resets its streams, disconnects and opens no more',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, echo)
      const stream = await ada.open(ben.peer, ECHO)
      await stream.send(filled(2))
      await first(stream)
      const gone = heard(ada, 'peer:disconnected', ({ peer }) => peer === ben.peer)
      await ben.stop()
      await ben.stop()
      await failsWith('ERR_STREAM_RESET', () => collect(stream.incoming))
      await within(gone)
      await failsWith('ERR_NET_STOPPED', () => ben.open(ada.peer, ECHO))
    },
  },
  {
    rule: 'NET-31',
    name: 'addresses are the same as text and as bytes, and nothing else is an address',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      for (const address of ada.addresses()) {
        equal(ada.addressFromBytes(ada.addressToBytes(address)), address, 'an address')
      }
      await failsWith('ERR_ADDRESS', async () => ada.addressToBytes('over there'))
      await failsWith('ERR_ADDRESS', async () => ada.addressFromBytes(Uint8Array.of(255, 255, 255)))
      const many = Array.from({ length: 100 }, (_, port) => `/ip4/192.0.2.1/tcp/${port + 1}`)
      ada.setAddresses(ben.peer, [...many, 'nonsense'])
    },
  },
]

async function pair(world: NetWorld): Promise<{ readonly ada: Net; readonly ben: Net }> {
  const ada = await world.create()
  const ben = await world.create()
  world.introduce(ada, ben)
  return { ada, ben }
}

async function echo(stream: FrameStream): Promise<void> {
  for await (const frame of stream.incoming) await stream.send(frame)
}

async function collect(frames: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const collected: Uint8Array[] = []
  for await (const frame of frames) collected.push(frame)
  return collected
}

async function first({ incoming }: FrameStream): Promise<Uint8Array> {
  const { value } = await within(incoming[Symbol.asyncIterator]().next())
  if (value === undefined) throw new Error('the stream ended without a frame')
  return value
}

function filled(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251)
}

function isFilled(bytes: Uint8Array): boolean {
  return bytes.every((byte, index) => byte === index % 251)
}

function isStream(value: unknown): value is FrameStream {
  return typeof value === 'object' && value !== null && 'incoming' in value
}

function heard<K extends keyof NetEvents>(
  net: Net,
  type: K,
  is: (detail: NetEvents[K]) => boolean,
): Promise<NetEvents[K]> {
  return new Promise((resolve) => {
    net.addEventListener(type, ({ detail }) => {
      if (is(detail)) resolve(detail)
    })
  })
}

/** Waits until a figure stands still: a sender that is made to wait shows by nothing else. */
async function settled(read: () => number): Promise<void> {
  let before = -1
  for (let same = 0; same < 4; ) {
    await pause(30)
    same = read() === before ? same + 1 : 0
    before = read()
  }
}

async function eventually<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let waited = 0; waited < PATIENCE_MS; waited += RETRY_MS) {
    const value = await attempt()
    if (value !== undefined) return value
    await pause(RETRY_MS)
  }
  throw new Error(`it did not come within ${PATIENCE_MS} ms`)
}

async function within<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Error(`it did not come within ${PATIENCE_MS} ms`)),
    PATIENCE_MS,
  )
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function failsWith(code: NetErrorCode, run: () => Promise<unknown>): Promise<void> {
  const outcome = await within(
    run().then(
      () => 'no failure',
      (error: unknown) => error,
    ),
  )
  if (isNetError(outcome, code)) return
  throw new Error(`expected ${code}, got ${isNetError(outcome) ? outcome.code : String(outcome)}`)
}

function equal(got: unknown, expected: unknown, what: string): void {
  if (!Object.is(got, expected)) {
    throw new Error(`${what}: expected ${String(expected)}, got ${String(got)}`)
  }
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`)
}
