import type { Net, NetProtocol } from '@kithmesh/net'
import type { AccountId, KithNode } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 5_000, interval: 10 } as const
const MIB = 1024 * 1024

/** As an intruder would have them: without any limit of its own. */
const PROTOCOLS: readonly NetProtocol[] = ['hello', 'link', 'contact', 'message', 'sync'].map(
  (noun) => ({ id: `/kith/${noun}/1`, maxFrameBytes: 8 * MIB, maxStreamsPerPeer: 64 }),
)

function protocolNamed(id: string): NetProtocol {
  const found = PROTOCOLS.find((protocol) => protocol.id === id)
  if (!found) throw new Error(`no protocol ${id}`)
  return found
}

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

/** Ada with two devices, her friend Ben with two, and somebody nobody knows. */
interface Stage extends AsyncDisposable {
  readonly world: World
  /** The device under attack. */
  readonly target: KithNode
  readonly friend: KithNode
  readonly ada: AccountId
  readonly ben: AccountId
}

async function stage(): Promise<Stage> {
  const world = await createWorld({ ada: ['phone', 'laptop'], ben: ['tablet', 'watch'] })
  const [target, friend] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
  await world.acquaint(target, friend)
  const [ada, ben] = [accountOf(target), accountOf(friend)]
  const { message } = await friend.messages.send(ada, { text: 'the secret of Ben' })
  for (const name of ['phone', 'laptop']) {
    await expect.poll(() => world.device('ada', name).messages.get(message), WAIT).toBeDefined()
  }
  return {
    world,
    target,
    friend,
    ada,
    ben,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

type Intruder = 'a stranger' | 'a contact' | 'a sibling'

/** A peer that Ada's phone takes for what it is, and that says what it likes. */
async function intrude({ world }: Stage, who: Intruder): Promise<Net> {
  if (who === 'a stranger') return world.stranger()
  const device = who === 'a contact' ? world.device('ben', 'watch') : world.device('ada', 'laptop')
  await world.stop(device)
  return world.impersonate(device)
}

/** Every frame the target says on a stream on which nobody answers, until it ends it. */
async function listen(
  at: Stage,
  intruder: Net,
  protocol: NetProtocol,
): Promise<readonly Uint8Array[]> {
  const stream = await intruder.open(at.target.device, protocol)
  const frames: Uint8Array[] = []
  let isOver = false
  const reading = (async () => {
    for await (const frame of stream.incoming) frames.push(frame)
  })()
  void reading
    .catch(() => undefined)
    .finally(() => {
      isOver = true
    })
  await expect.poll(() => (isOver ? true : at.world.time.leap(5_000)), WAIT).toBe(true)
  return frames
}

/** What a person sees of the target. */
async function seen({ target, ben }: Stage): Promise<unknown> {
  const devices = (await target.devices.list()).map(({ device, name, state }) => [
    device,
    name,
    state,
  ])
  const messages = (await target.messages.list(ben)).map(({ text }) => text)
  const { pending } = await target.status()
  return { devices, messages, pending, contacts: await target.contacts.list() }
}

/** Talks with its friend, and takes in another device: all protocols still do what they should. */
async function works(at: Stage): Promise<void> {
  const { target, friend, ada, ben, world } = at
  await friend.messages.send(ada, { text: 'ping' })
  await target.messages.send(ben, { text: 'pong' })
  for (const [node, other, text] of [
    [target, ben, 'ping'],
    [friend, ada, 'pong'],
  ] as const) {
    await expect
      .poll(async () => (await node.messages.list(other)).map((message) => message.text), WAIT)
      .toContain(text)
  }
  const fresh = await world.newDevice('fresh')
  await world.link(target, fresh)
  await expect
    .poll(async () => (await fresh.messages.list(ben)).map((message) => message.text), WAIT)
    .toContain('pong')
}

describe('A5 who may say what', () => {
  test('DEL-9 DEV-3 a stranger hears nothing but that it is unknown, and leaves no trace', async () => {
    await using at = await stage()
    const before = await seen(at)
    const stranger = await intrude(at, 'a stranger')
    for (const protocol of PROTOCOLS) {
      const heard = await listen(at, stranger, protocol)
      const isHello = protocol.id === '/kith/hello/1'
      expect([protocol.id, heard.length]).toEqual([protocol.id, isHello ? 1 : 0])
      // Room for "unknown" and nothing else: no id, no card, no name.
      for (const frame of heard) expect(frame.length).toBeLessThan(16)
    }
    expect(await seen(at)).toEqual(before)
  })

  test('HIS-1 DEL-9 the account log is for siblings, messages are for contacts, nothing for strangers', async () => {
    await using at = await stage()
    const [sync, message] = [protocolNamed('/kith/sync/1'), protocolNamed('/kith/message/1')]
    for (const [who, mayHearLog, maySend] of [
      ['a stranger', false, false],
      ['a contact', false, true],
      ['a sibling', true, false],
    ] as const) {
      const intruder = await intrude(at, who)
      expect([who, await firstWord(at, intruder, sync)]).toEqual([
        who,
        mayHearLog ? 'frame' : 'reset',
      ])
      expect([who, await firstWord(at, intruder, message)]).toEqual([
        who,
        maySend ? 'end' : 'reset',
      ])
    }
  })
})

/** What the target does first on a stream whose opener says nothing and is done. */
async function firstWord(
  { target }: Stage,
  intruder: Net,
  protocol: NetProtocol,
): Promise<'frame' | 'end' | 'reset'> {
  const stream = await intruder.open(target.device, protocol)
  await stream.close()
  const first = await stream.incoming[Symbol.asyncIterator]()
    .next()
    .catch(() => undefined)
  if (!first) return 'reset'
  return first.done ? 'end' : 'frame'
}

/** Frames nobody of ours sends. */
function garbage(): readonly Uint8Array[] {
  let state = 7
  const noise = (length: number): Uint8Array =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return state >> 16
    })
  return [
    new Uint8Array(),
    Uint8Array.of(0),
    ...[1, 2, 33, 500, 40_000].map(noise),
    // CBOR: arrays without end, of 2^53 items, nested 50,000 deep; a text that is no UTF-8.
    Uint8Array.of(0x9f),
    Uint8Array.of(0x9b, 0, 0x20, 0, 0, 0, 0, 0, 0),
    new Uint8Array(50_000).fill(0x81),
    Uint8Array.of(0x62, 0xc3, 0x28),
    // Well-formed kinds with nothing, or with too much, behind them.
    ...[
      'hello',
      'unknown',
      'done',
      'log',
      'offer',
      'envelope',
      'want',
      'ack',
      'holds',
      'live',
    ].flatMap((kind) => [tagged(kind), tagged(kind, noise(100)), tagged(kind).slice(0, -1)]),
  ]
}

/** A CBOR array that begins with a text. */
function tagged(kind: string, rest: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(kind)
  return Uint8Array.of(0x80 + 1 + (rest.length % 16), 0x60 + text.length, ...text, ...rest)
}

test.each(['a stranger', 'a contact', 'a sibling'] as const)(
  'C3 NODE-11 %s sends garbage, over-long frames, silence and too many streams over every protocol: the device goes on working',
  async (who) => {
    await using at = await stage()
    const before = await seen(at)
    const intruder = await intrude(at, who)
    for (const protocol of PROTOCOLS) {
      for (const frame of garbage()) {
        const stream = await intruder.open(at.target.device, protocol)
        // It may be cut off in the midst of it.
        await stream.send(frame).catch(() => undefined)
        await stream.send(frame).catch(() => undefined)
        stream.abort(new Error('enough'))
      }
      const silent = await Promise.all(
        Array.from({ length: 20 }, () => intruder.open(at.target.device, protocol)),
      )
      at.world.time.leap(21_000)
      for (const stream of silent) stream.abort(new Error('enough'))
      const long = await intruder.open(at.target.device, protocol)
      await long.send(new Uint8Array(2 * MIB + 1)).catch(() => undefined)
      await expect(drained(long.incoming)).rejects.toMatchObject({ code: expect.any(String) })
    }
    expect(await seen(at)).toEqual(before)
    await works(at)
  },
)

async function drained(frames: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of frames);
}
