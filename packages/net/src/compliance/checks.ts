import { isNetError, type NetErrorCode } from '../errors.ts'
import type { FrameStream, Net, NetEvents, NetProtocol } from '../net.ts'
import type { NetWorld } from './case.ts'

/** What most cases speak. */
export const ECHO: NetProtocol = {
  id: '/kith/compliance-echo/1',
  maxFrameBytes: 256 * 1024,
  maxStreamsPerPeer: 4,
}

/** What nobody answers. */
export const OTHER: NetProtocol = { ...ECHO, id: '/kith/compliance-other/1' }

/** Longest a case waits for something that has to come by itself. */
const PATIENCE_MS = 15_000
const RETRY_MS = 20

/** Two nets that know each other. */
export async function pair(world: NetWorld): Promise<{ readonly ada: Net; readonly ben: Net }> {
  const ada = await world.create()
  const ben = await world.create()
  world.introduce(ada, ben)
  return { ada, ben }
}

/** Answers every frame with itself. */
export async function echo(stream: FrameStream): Promise<void> {
  for await (const frame of stream.incoming) await stream.send(frame)
}

/** All frames until the end. */
export async function collect(frames: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const collected: Uint8Array[] = []
  for await (const frame of frames) collected.push(frame)
  return collected
}

/** The next frame of a stream. */
export async function first({ incoming }: FrameStream): Promise<Uint8Array> {
  const { value } = await within(incoming[Symbol.asyncIterator]().next())
  if (value === undefined) throw new Error('the stream ended without a frame')
  return value
}

/** Bytes of which each is known by its place. */
export function filled(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251)
}

/** Whether bytes are those of {@link filled}. */
export function isFilled(bytes: Uint8Array): boolean {
  return bytes.every((byte, index) => byte === index % 251)
}

/** Whether a stream was got, and not an error. */
export function isStream(value: unknown): value is FrameStream {
  return typeof value === 'object' && value !== null && 'incoming' in value
}

/** The next event of which something holds. */
export function heard<K extends keyof NetEvents>(
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
export async function settled(read: () => number): Promise<void> {
  let before = -1
  for (let same = 0; same < 4; ) {
    await pause(30)
    same = read() === before ? same + 1 : 0
    before = read()
  }
}

/** Tries until there is a value. */
export async function eventually<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let waited = 0; waited < PATIENCE_MS; waited += RETRY_MS) {
    const value = await attempt()
    if (value !== undefined) return value
    await pause(RETRY_MS)
  }
  throw new Error(`it did not come within ${PATIENCE_MS} ms`)
}

/** The value of a promise that must not take for ever. */
export async function within<T>(promise: Promise<T>): Promise<T> {
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

/** Fails unless something fails with a code. */
export async function failsWith(code: NetErrorCode, run: () => Promise<unknown>): Promise<void> {
  const outcome = await within(
    run().then(
      () => 'no failure',
      (error: unknown) => error,
    ),
  )
  if (isNetError(outcome, code)) return
  throw new Error(`expected ${code}, got ${isNetError(outcome) ? outcome.code : String(outcome)}`)
}

/** Fails unless two values are the same. */
export function equal(got: unknown, expected: unknown, what: string): void {
  if (!Object.is(got, expected)) {
    throw new Error(`${what}: expected ${String(expected)}, got ${String(got)}`)
  }
}

/** Fails unless something holds. */
export function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`)
}
