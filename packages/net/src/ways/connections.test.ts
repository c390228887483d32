import { afterEach, describe, expect, test } from 'vitest'
import { createHost, type Host } from '../index.ts'
import { realClock, testIdentity } from '../testing/fixtures.ts'
import { createConnections } from './connections.ts'
import { startHousekeeping } from './housekeeping.ts'

const running: Host[] = []
const soon = { timeout: 10_000, interval: 10 }

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

async function host(name: string): Promise<Host> {
  const made = await createHost({
    identity: testIdentity(name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    limits: { heartbeat: 0 },
  })
  running.push(made)
  return made
}

async function twice(): Promise<{ ada: Host; ben: Host }> {
  const ada = await host('ada')
  const ben = await host('ben')
  await Promise.all([
    ada.dial(ben.getMultiaddrs(), { force: true }),
    ben.dial(ada.getMultiaddrs(), { force: true }),
  ])
  await expect.poll(() => ada.getConnections(ben.peerId).length, soon).toBe(2)
  await expect.poll(() => ben.getConnections(ada.peerId).length, soon).toBe(2)
  return { ada, ben }
}

describe('NET-34 two connections between two devices', () => {
  test('NET-34 both ends prefer the same one', async () => {
    const { ada, ben } = await twice()
    const here = createConnections(ada).best(ben.peerId.toString())
    const there = createConnections(ben).best(ada.peerId.toString())
    expect(here?.direction).not.toBe(there?.direction)
  })

  test('NET-34 one is left when both ends looked, and it is the preferred one', async () => {
    const { ada, ben } = await twice()
    const best = createConnections(ada).best(ben.peerId.toString())
    await Promise.all([
      createConnections(ada).prune(ben.peerId.toString()),
      createConnections(ben).prune(ada.peerId.toString()),
    ])
    await expect.poll(() => ada.getConnections(ben.peerId).length, soon).toBe(1)
    await expect.poll(() => ben.getConnections(ada.peerId).length, soon).toBe(1)
    expect(ada.getConnections(ben.peerId)[0]?.id).toBe(best?.id)
  })

  test('NET-34 a connection with a stream of ours on it is not closed', async () => {
    const { ada, ben } = await twice()
    await ben.handle('/kith/held/1', () => {})
    for (const connection of ada.getConnections(ben.peerId)) {
      await connection.newStream('/kith/held/1')
    }
    await createConnections(ada).prune(ben.peerId.toString())
    await createConnections(ben).prune(ada.peerId.toString())
    expect(ada.getConnections(ben.peerId)).toHaveLength(2)
  })
})

describe('NET-38 strangers', () => {
  async function watched(isKept: boolean, later: number): Promise<Host> {
    const ada = await host('ada')
    const ben = await host('ben')
    await ben.dial(ada.getMultiaddrs())
    await expect.poll(() => ada.getConnections().length, soon).toBe(1)
    const housekeeping = startHousekeeping({
      host: ada,
      connections: createConnections(ada),
      clock: { now: () => realClock.now() + later, monotonic: realClock.monotonic },
      isKept: () => isKept,
      every: 20,
    })
    const { stop } = ada
    ada.stop = async () => {
      housekeeping.stop()
      await stop.call(ada)
    }
    return ada
  }

  test('NET-38 D3 a stranger that opens nothing is sent away after a minute', async () => {
    const ada = await watched(false, 61_000)
    await expect.poll(() => ada.getConnections().length, soon).toBe(0)
  })

  test('NET-38 a kept peer and a young stranger stay', async () => {
    const [kept, young] = [await watched(true, 61_000), await watched(false, 0)]
    let rounds = 0
    await expect.poll(() => (rounds += 1), { interval: 20 }).toBeGreaterThan(10)
    expect(kept.getConnections()).toHaveLength(1)
    expect(young.getConnections()).toHaveLength(1)
  })
})
