import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { RawRoad } from '@kithmesh/net'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { type Lane, plainLane, quickLane } from './lane.ts'
import { joinSockets } from './socket-pair.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A socket as a server accepts it, and the other end of it. */
async function accepted(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer({ noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = server.address()
  const far = connect({ port: typeof at === 'object' ? (at?.port ?? 0) : 0, allowHalfOpen: true })
  const [near]: Socket[] = await once(server, 'connection')
  if (near === undefined) throw new Error('nobody was accepted')
  far.on('error', () => {})
  closers.push(() => {
    far.destroy()
    near.destroy()
    server.close()
  })
  return { near, far }
}

function quick(road: RawRoad): Lane {
  const lane = quickLane(road)
  if (lane === undefined) throw new Error('this Node keeps its handles elsewhere')
  return lane
}

describe('RLY-53 the lanes of a spliced pair', () => {
  test('RLY-53 this version of Node reads an accepted socket into one memory', async () => {
    const { near, far } = await accepted()
    const lane = quick(near)
    const seen = new Set<ArrayBufferLike>()
    const come: string[] = []
    lane.start((bytes) => {
      seen.add(bytes.buffer)
      come.push(Buffer.from(bytes).toString())
      return true
    })
    for (const word of ['one', 'two', 'three']) {
      far.write(word)
      await expect.poll(() => come.join(' ')).toContain(word)
    }
    expect(seen.size).toBe(1)
  })

  test('RLY-53 what came before the lane is the first it gives', async () => {
    const { near, far } = await accepted()
    far.write('early ')
    await once(near, 'readable')
    const lane = quick(near)
    far.write('late')
    let come = ''
    lane.start((bytes) => {
      come += Buffer.from(bytes)
      return true
    })
    await expect.poll(() => come).toBe('early late')
  })

  test('RLY-53 a socket that has ended already, or closed, has no quick lane', async () => {
    const { near, far } = await accepted()
    far.end()
    near.resume()
    await once(near, 'end')
    expect(quickLane(near)).toBeUndefined()
    near.destroy()
    expect(quickLane(near)).toBeUndefined()
  })

  test('RLY-53 memory that is still being written is not read into', async () => {
    const [a, b] = await Promise.all([accepted(), accepted()])
    const pair = joinSockets(quick(a.near), quick(b.near), { onBytes: () => 0 })
    const sending = send(
      a.far,
      Array.from({ length: 400 }, () => 50_000),
    )
    await expect.poll(() => pair.bufferedBytes(), { interval: 1 }).toBeGreaterThan(0)
    expect(await receive(b.far)).toEqual(await sending)
  })

  test.each([
    ['quick', quick],
    ['plain', plainLane],
  ])(
    'RLY-53 %s lanes: no byte is lost, doubled or changed, whatever the pieces and pauses',
    async (_name, lane) => {
      const pieces = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 40 })
      await fc.assert(
        fc.asyncProperty(pieces, fc.integer({ min: 1, max: 6 }), async (sizes, every) => {
          const [a, b] = await Promise.all([accepted(), accepted()])
          let chunks = 0
          // a pause of its own now and then, besides those that full sockets make
          const onBytes = (): number => (++chunks % every === 0 && chunks < 60 ? 1 : 0)
          const pair = joinSockets(lane(a.near), lane(b.near), { onBytes })
          const there = send(a.far, sizes)
          const back = send(b.far, sizes.toReversed())
          expect(await receive(b.far)).toEqual(await there)
          expect(await receive(a.far)).toEqual(await back)
          await pair.done
          expect(pair.bufferedBytes()).toBe(0)
        }),
        { numRuns: 15 },
      )
    },
  )
})

async function send(socket: Socket, sizes: readonly number[]): Promise<string> {
  const hash = createHash('sha256')
  for (const size of sizes) {
    const bytes = randomBytes(size)
    hash.update(bytes)
    if (!socket.write(bytes)) await once(socket, 'drain')
  }
  socket.end()
  return hash.digest('hex')
}

/** Reads slowly at times, so that the sender's side fills up. */
async function receive(socket: Socket): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) hash.update(chunk)
  return hash.digest('hex')
}
