import { describe, expect, test } from 'vitest'
import type { FrameStream, Net, NetProtocol } from '../net.ts'
import { testIdentity } from '../testing/fixtures.ts'
import type { MemoryHub } from './hub.ts'
import { createMemoryHub, createMemoryNet } from './net.ts'

const ECHO: NetProtocol = { id: '/kith/echo/1', maxFrameBytes: 1024, maxStreamsPerPeer: 4 }

function world(): { hub: MemoryHub; ada: Net; ben: Net; log: string[] } {
  const hub = createMemoryHub({ clock: { now: () => 7 } })
  const ada = createMemoryNet(hub, { identity: testIdentity('ada') })
  const ben = createMemoryNet(hub, { identity: testIdentity('ben') })
  const log: string[] = []
  for (const [name, net] of Object.entries({ ada, ben })) {
    for (const type of ['peer:connected', 'peer:disconnected', 'reachability:changed'] as const) {
      net.addEventListener(type, (event) => log.push(`${name} ${event.type}`))
    }
    net.handle(ECHO, async (stream: FrameStream) => {
      for await (const frame of stream.incoming) await stream.send(frame)
    })
  }
  return { hub, ada, ben, log }
}

/** Lets everything happen that is due; nothing in memory takes longer. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('NET-50 the net in memory', () => {
  test('NET-47 NET-50 who waits to be linked is heard on the same network only', () => {
    const { hub, ada, ben } = world()
    const heard: number[] = []
    ada.addEventListener('nearby:changed', ({ detail }) => heard.push(detail.peers.length))
    ben.announceWaiting(true)
    expect(ada.nearby()).toEqual([{ peer: ben.peer, addresses: [] }])
    hub.setPath(ada.peer, ben.peer, 'relayed')
    expect(ada.nearby()).toEqual([])
    hub.setPath(ada.peer, ben.peer, 'lan')
    hub.partition([[ada.peer]])
    hub.heal()
    ben.announceWaiting(false)
    expect(heard).toEqual([1, 0, 1, 0, 1, 0])
  })

  test('NET-50 a partition breaks connections and streams, healing brings kept peers back', async () => {
    const { hub, ada, ben, log } = world()
    ada.keep([ben.peer])
    await settle()
    expect(ada.connected()).toEqual([ben.peer])
    const stream = await ada.open(ben.peer, ECHO)
    hub.partition([[ada.peer]])
    expect(ada.connected()).toEqual([])
    expect(ben.reachability(ada.peer)).toMatchObject({ path: 'away', lastSeen: 7 })
    await expect(stream.incoming[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'ERR_STREAM_RESET',
    })
    await expect(ada.open(ben.peer, ECHO)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
    hub.heal()
    await settle()
    expect(ada.connected()).toEqual([ben.peer])
    expect(log).toEqual([
      'ada peer:connected',
      'ada reachability:changed',
      'ben peer:connected',
      'ben reachability:changed',
      'ada peer:disconnected',
      'ada reachability:changed',
      'ben peer:disconnected',
      'ben reachability:changed',
      'ada peer:connected',
      'ada reachability:changed',
      'ben peer:connected',
      'ben reachability:changed',
    ])
  })

  test('NET-50 a device that was stopped comes back with the same identity', async () => {
    const { hub, ada, ben } = world()
    ada.keep([ben.peer])
    await settle()
    expect(() => createMemoryNet(hub, { identity: testIdentity('ben') })).toThrow(/running/)
    await ben.stop()
    expect(ada.connected()).toEqual([])
    const again = createMemoryNet(hub, { identity: testIdentity('ben') })
    await settle()
    expect(ada.connected()).toEqual([again.peer])
    expect(again.connected()).toEqual([ada.peer])
  })

  test('NET-30 the path is what the hub says, for streams opened from then on', async () => {
    const { hub, ada, ben } = world()
    const first = await ada.open(ben.peer, ECHO)
    hub.setPath(ben.peer, ada.peer, 'relayed')
    const second = await ada.open(ben.peer, ECHO)
    expect([first.path, second.path]).toEqual(['lan', 'relayed'])
    expect(ada.reachability(ben.peer).path).toBe('relayed')
  })
})
