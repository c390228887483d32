import { performance } from 'node:perf_hooks'
import { afterEach, describe, expect, test } from 'vitest'
import { createNet, type Net, type NetOptions } from '../index.ts'
import { ECHO, echoed, serveEcho } from '../testing/echo.ts'
import { realClock, testIdentity, testRng } from '../testing/fixtures.ts'
import { startTestRelay, type TestRelay } from '../testing/test-relay.ts'

const running: { stop(): Promise<void> }[] = []

async function relay(name = 'relay', port = 0): Promise<TestRelay> {
  const made = await startTestRelay(name, port)
  running.push(made)
  return made
}

async function device(name: string, options: Partial<NetOptions> = {}): Promise<Net> {
  const net = await createNet({
    identity: testIdentity(name),
    clock: realClock,
    rng: testRng(name),
    lan: false,
    ...options,
  })
  serveEcho(net)
  running.push(net)
  return net
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

/** Polls much faster than the default: what is measured here are hundreds of milliseconds. */
const soon = { timeout: 10_000, interval: 10 }

describe('NET-20 relays', () => {
  test('NET-20 two devices without a LAN reach each other through a relay and only through it', async () => {
    const { address } = await relay()
    const ada = await device('ada', { relays: [address] })
    const ben = await device('ben', { relays: [address] })
    await expect.poll(() => ada.relays()[0]?.state, soon).toBe('ready')
    await expect.poll(() => ben.relays()[0]?.state, soon).toBe('ready')
    expect(ben.addresses()).toEqual([`${address}/p2p-circuit/p2p/${ben.peer}`])
    ada.setAddresses(ben.peer, ben.addresses())
    expect(await echoed(ada, ben)).toBe('relayed')
    expect(ada.reachability(ben.peer)).toMatchObject({
      path: 'relayed',
      over: 'circuit',
      reason: 'Through the relay at 127.0.0.1',
    })
    expect(ben.reachable(), 'NET-58').toEqual({
      reachable: 'unknown',
      reason: 'Only for those who reach its relay at 127.0.0.1',
    })
  })

  test('NET-32 a peer of which no address is known is found through a relay of ours', async () => {
    const { address } = await relay()
    const ada = await device('ada', { relays: [address] })
    const ben = await device('ben', { relays: [address] })
    ada.keep([ben.peer])
    await expect.poll(() => ada.connected(), soon).toEqual([ben.peer])
    await expect.poll(() => ben.reachability(ada.peer).path, soon).toBe('relayed')
  })

  test('NET-21 a relay that is down at the start is a state with a reason, and comes up later', async () => {
    const first = await relay()
    await first.stop()
    const states: string[] = []
    const ada = await device('ada', { relays: [first.address] })
    ada.addEventListener('relay:changed', ({ detail }) => states.push(detail.state))
    await expect.poll(() => ada.relays()[0]?.state, soon).toBe('failed')
    expect(ada.relays()[0]?.reason).toMatch(/does not answer/)
    await relay('relay', first.port)
    await expect.poll(() => ada.relays()[0]?.state, soon).toBe('ready')
    expect(ada.relays()[0]?.reason).toBeUndefined()
    expect(states.at(-1)).toBe('ready')
  })

  test('NET-25 after a restart of the relay everybody is reachable again within three seconds', async () => {
    const first = await relay()
    const ada = await device('ada', { relays: [first.address] })
    const ben = await device('ben', { relays: [first.address] })
    ada.keep([ben.peer])
    ben.keep([ada.peer])
    await expect.poll(() => ada.connected(), soon).toEqual([ben.peer])
    await first.stop()
    await expect.poll(() => ada.relays()[0]?.state, soon).toBe('failed')
    await expect.poll(() => ada.connected(), soon).toEqual([])
    expect(ada.addresses()).toEqual([])
    await relay('relay', first.port)
    const restarted = performance.eventLoopUtilization()
    await expect.poll(() => echoed(ada, ben).catch(() => 'away'), soon).toBe('relayed')
    // What it waits for counts, not the handshakes, which a busy machine makes slow: all run in this loop.
    expect(performance.eventLoopUtilization(restarted).idle).toBeLessThan(3_000)
  })

  test('NET-22 circuits are taken only from our own relays', async () => {
    const ours = await relay('ours')
    const strange = await relay('strange')
    const ada = await device('ada', { relays: [ours.address] })
    const ben = await device('ben', { relays: [strange.address] })
    await expect.poll(() => ada.relays()[0]?.state, soon).toBe('ready')
    await expect.poll(() => ben.relays()[0]?.state, soon).toBe('ready')
    ada.setAddresses(ben.peer, ben.addresses())
    // ben is only on a private relay that is not ours, and without a LAN that is not dialled
    await expect(ada.open(ben.peer, ECHO)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  })

  test('NET-36 without a LAN, private addresses are neither told, nor dialled, nor answered', async () => {
    const { address } = await relay()
    const ada = await device('ada', { relays: [address], listen: ['/ip4/127.0.0.1/tcp/0'] })
    const ben = await device('ben', { lan: true, listen: ['/ip4/127.0.0.1/tcp/0'] })
    await expect.poll(() => ada.relays()[0]?.state, soon).toBe('ready')
    expect(ada.addresses().every((one) => one.includes('/p2p-circuit/'))).toBe(true)
    ada.setAddresses(ben.peer, ben.addresses())
    await expect(ada.open(ben.peer, ECHO)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  })

  test('NET-35 a connection over a relay gives way to a better one, and no stream is lost', async () => {
    const { address } = await relay()
    const ada = await device('ada', {
      relays: [address],
      lan: true,
      listen: ['/ip4/127.0.0.1/tcp/0'],
    })
    const ben = await device('ben', {
      relays: [address],
      lan: true,
      listen: ['/ip4/127.0.0.1/tcp/0'],
    })
    await expect.poll(() => ben.relays()[0]?.state, soon).toBe('ready')
    ada.setAddresses(ben.peer, [`${address}/p2p-circuit/p2p/${ben.peer}`])
    const stream = await ada.open(ben.peer, ECHO)
    expect(stream.path).toBe('relayed')
    // identify told ada where ben is on the LAN; keeping it is asking for the best way there
    ada.keep([ben.peer])
    await expect.poll(() => ada.reachability(ben.peer).path, soon).toBe('lan')
    expect(await echoed(ada, ben)).toBe('lan')
    await stream.send(Uint8Array.of(7))
    await stream.close()
    const frames: number[] = []
    for await (const frame of stream.incoming) frames.push(...frame)
    expect(frames).toEqual([7])
  })

  test('NET-55 a stream on the worse way is told that there is a better one, and nothing else happens to it', async () => {
    const { address } = await relay()
    const near = { relays: [address], lan: true, listen: ['/ip4/127.0.0.1/tcp/0'] }
    const ada = await device('ada', near)
    const ben = await device('ben', near)
    await expect.poll(() => ben.relays()[0]?.state, soon).toBe('ready')
    ada.setAddresses(ben.peer, [`${address}/p2p-circuit/p2p/${ben.peer}`])
    const stream = await ada.open(ben.peer, ECHO)
    expect(stream.outdated?.aborted).toBe(false)
    ada.keep([ben.peer])
    await expect.poll(() => stream.outdated?.aborted, soon).toBe(true)
    const better = await ada.open(ben.peer, ECHO)
    expect(better).toMatchObject({ path: 'lan', outdated: { aborted: false } })
    await stream.send(Uint8Array.of(8))
    await stream.close()
    const frames: number[] = []
    for await (const frame of stream.incoming) frames.push(...frame)
    expect(frames).toEqual([8])
    better.abort(new Error('the test is over'))
  })
})

describe('NET-56 the list of relays', () => {
  test('NET-56 one that is added is reserved on, one that is taken away is left', async () => {
    const [first, second] = [await relay('first'), await relay('second')]
    const ada = await device('ada', { relays: [first.address] })
    await expect.poll(() => ada.relays()[0]?.state, soon).toBe('ready')
    ada.setRelays([second.address])
    await expect
      .poll(() => ada.relays(), soon)
      .toEqual([{ address: second.address, state: 'ready' }])
    const announced = `${second.address}/p2p-circuit/p2p/${ada.peer}`
    await expect.poll(() => ada.addresses(), soon).toEqual([announced])
    expect(() => ada.setRelays(['/ip4/127.0.0.1/tcp/1'])).toThrow()
    expect(ada.relays()).toEqual([{ address: second.address, state: 'ready' }])
  })

  test('NET-56 D4 when one of two relays goes, the other one carries', async () => {
    const [first, second] = [await relay('first'), await relay('second')]
    const relays = [first.address, second.address]
    const ada = await device('ada', { relays })
    const ben = await device('ben', { relays })
    const states = (net: Net): readonly string[] => net.relays().map(({ state }) => state)
    await expect.poll(() => [...states(ada), ...states(ben)], soon).toEqual(Array(4).fill('ready'))
    ada.keep([ben.peer])
    await expect.poll(() => echoed(ada, ben).catch(() => ''), soon).toBe('relayed')
    await first.stop()
    await expect.poll(() => states(ada), soon).toEqual(['failed', 'ready'])
    await expect.poll(() => echoed(ada, ben).catch(() => ''), soon).toBe('relayed')
    expect(ada.reachability(ben.peer).path).toBe('relayed')
  })

  test('NET-57 a relay is told who we are once on each connection, and before it is asked', async () => {
    const { address } = await relay()
    const told: string[] = []
    const ada = await device('ada', {
      relays: [address],
      introduce: async (peer) => {
        told.push(peer)
        if (told.length === 1) throw new Error('not yet')
      },
    })
    await expect.poll(() => ada.relays()[0]?.state, soon).toBe('ready')
    expect(told).toHaveLength(2)
    expect(address).toContain(told[0])
  })
})
