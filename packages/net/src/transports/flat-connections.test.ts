import { afterEach, describe, expect, test } from 'vitest'
import { createHost, type Host } from '../index.ts'
import { testIdentity } from '../testing/fixtures.ts'

const running: Host[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

async function host(name: string, listen: readonly string[] = []): Promise<Host> {
  const made = await createHost({ identity: testIdentity(name), listen })
  running.push(made)
  return made
}

describe('NET-3 the list of all connections', () => {
  test('NET-3 holds each connection of each peer once, and those of one peer', async () => {
    const ada = await host('ada', ['/ip4/127.0.0.1/tcp/0'])
    const others = await Promise.all(['ben', 'cem', 'dora'].map((name) => host(name)))
    for (const other of others) await other.dial(ada.getMultiaddrs())
    await expect.poll(() => ada.getConnections().length).toBe(3)
    const peers = ada.getConnections().map(({ remotePeer }) => remotePeer.toString())
    expect(new Set(peers)).toEqual(new Set(others.map(({ peerId }) => peerId.toString())))
    for (const { peerId } of others) expect(ada.getConnections(peerId)).toHaveLength(1)
    await others[0]?.stop()
    await expect.poll(() => ada.getConnections().length).toBe(2)
  })
})
