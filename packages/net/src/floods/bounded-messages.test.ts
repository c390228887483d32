import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { createHost, type Host } from '../index.ts'
import { testIdentity } from '../testing/fixtures.ts'
import { createMessageWatch } from './bounded-messages.ts'
import { FloodError } from './flood-error.ts'

const running: Host[] = []

async function host(name: string): Promise<Host> {
  const listen = ['/ip4/127.0.0.1/tcp/0']
  // who is asked by the test is not asked by libp2p at the same time: it allows one question at once
  const made = await createHost({ identity: testIdentity(name), listen, asksPeers: false })
  running.push(made)
  return made
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

const soon = { timeout: 10_000, interval: 10 }

/** A length that goes on as long as its sender likes. */
const ENDLESS = new Uint8Array(64 * 1024).fill(0xff)

async function pair(): Promise<{ ada: Host; eve: Host; toAda: Connection; toEve: Connection }> {
  const [ada, eve] = await Promise.all([host('ada'), host('eve')])
  const toAda = await eve.dial(multiaddr(ada.getMultiaddrs()[0]))
  await expect.poll(() => ada.getConnections(eve.peerId).length, soon).toBe(1)
  const [toEve] = ada.getConnections(eve.peerId)
  if (toEve === undefined) throw new Error('no connection')
  return { ada, eve, toAda, toEve }
}

/** Why a stream ended. */
function endOf(stream: Stream): Promise<Error | undefined> {
  return new Promise((resolve) => {
    stream.addEventListener('close', ({ error }) => resolve(error))
  })
}

describe('NET-83 lengths that do not end, on streams that libp2p reads', () => {
  test.each(['/ipfs/id/push/1.0.0', '/webrtc-signaling/0.0.1', '/libp2p/circuit/relay/0.2.0/stop'])(
    'NET-83 D3 a device resets %s at once, and lives',
    async (protocol) => {
      const { toAda, toEve } = await pair()
      const stream = await toAda.newStream(protocol)
      const served = () => toEve.streams.find((one) => one.protocol === protocol)
      await expect.poll(() => served()?.direction, soon).toBe('inbound')
      const inbound = served()
      if (inbound === undefined) throw new Error('no stream')
      const end = endOf(inbound)
      stream.send(ENDLESS)
      expect((await end)?.name).toBe('FloodError')
      expect([toAda.status, toEve.status]).toEqual(['open', 'open'])
    },
  )

  test('NET-83 D3 whoever is asked who it is, and answers so, is not listened to', async () => {
    const { ada, eve, toEve } = await pair()
    const protocol = '/ipfs/id/1.0.0'
    await eve.unhandle(protocol)
    await eve.handle(protocol, (stream) => void stream.send(ENDLESS))
    await expect(ada.services.identify.identify(toEve)).rejects.toThrow(FloodError)
  })

  test('NET-83 what is honest goes through, in both directions and more than once', async () => {
    const { ada, eve, toAda, toEve } = await pair()
    for (const _ of [1, 2]) {
      expect((await ada.services.identify.identify(toEve)).peerId.equals(eve.peerId)).toBe(true)
      expect((await eve.services.identify.identify(toAda)).peerId.equals(ada.peerId)).toBe(true)
    }
    const pushed = new Promise((resolve) => {
      ada.addEventListener('peer:identify', ({ detail }) => resolve(detail.peerId), { once: true })
    })
    await eve.services.identifyPush.push()
    expect(String(await pushed)).toBe(String(eve.peerId))
  })
})

describe('NET-83 following messages by their lengths', () => {
  const bounds = { maxBytes: 300, maxMessages: 2 }
  const message = (size: number): Uint8Array =>
    Uint8Array.of(...lengthOf(size), ...new Uint8Array(size).fill(0xff))
  const lengthOf = (size: number): readonly number[] =>
    size < 0x80 ? [size] : [(size & 0x7f) | 0x80, size >> 7]

  test('in pieces of any size, whatever is in them', () => {
    for (const size of [1, 2, 7, 300, 1_000]) {
      const bytes = Uint8Array.of(...message(300), ...message(0))
      const watch = createMessageWatch(bounds)
      for (let at = 0; at < bytes.length; at += size) {
        expect(watch.came(bytes.subarray(at, at + size))).toBe(true)
      }
      expect(() => watch.came(Uint8Array.of(0)), `${size}`).toThrow(FloodError)
    }
  })

  test.each([
    ['longer than any message', [0xad, 0x02]],
    ['in more bytes than any has', [0x80, 0x80, 0x80]],
    ['that does not end', [0xff, 0xff, 0xff]],
    ['behind a message', [1, 9, 0xff, 0xff, 0xff]],
  ])('D3 a length %s is refused at once', (_, bytes) => {
    const watch = createMessageWatch(bounds)
    expect(() => watch.came(Uint8Array.from(bytes))).toThrow(FloodError)
  })

  test('what stands behind the last message may be anything where it is not one', () => {
    const watch = createMessageWatch({ ...bounds, maxMessages: 1, isRawBehind: true })
    expect(watch.came(message(300))).toBe(true)
    expect(watch.came(ENDLESS)).toBe(false)
    const atOnce = createMessageWatch({ ...bounds, maxMessages: 1, isRawBehind: true })
    expect(atOnce.came(Uint8Array.of(...message(5), 0xff, 0xff, 0xff))).toBe(false)
  })
})
