import { CIRCUIT_STATUS } from '@kithmesh/net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type RelayProcess, startKithRelay } from '../testing/processes.ts'
import { ask, openCircuit, RESERVE, reserveByHand } from '../testing/raw-circuit.ts'
import { createWorld } from '../testing/running.ts'

const world = createWorld()
const started: RelayProcess[] = []
afterEach(async () => {
  await world.stop()
  for (const { child, exit } of started.splice(0)) {
    child.kill('SIGKILL')
    await exit()
  }
})

const LOOPBACK = ['--open', '--listen', '/ip4/127.0.0.1/tcp/0', '--stun', 'off', '--admin', 'off']
/** A process takes a moment, and on a busy machine a long one. */
const PATIENCE = { timeout: 30_000 } as const
vi.setConfig({ testTimeout: 120_000 })

function kithRelay(args: readonly string[]): RelayProcess {
  const relay = startKithRelay(args)
  started.push(relay)
  return relay
}

/** A circuit between two peers over a relay, which stands. */
async function joinTwo(address: string): Promise<readonly [ada: string, ben: string]> {
  const ada = await world.peer({ circuit: false })
  const ben = await world.peer({ circuit: false })
  await openCircuit(ben, address, { to: ada, next: await reserveByHand(ada, address) })
  return [ada.peerId.toString(), ben.peerId.toString()]
}

describe('RLY-82 the journal', () => {
  test('RLY-82 RLY-16 E5 one object a line, with when and how grave; nobody who came is in it', async () => {
    const relay = kithRelay(['run', '--log', '--home', await world.home(), ...LOOPBACK])
    const { addresses } = await relay.event('ready')
    const peers = await joinTwo(String(Array.isArray(addresses) ? addresses[0] : ''))
    relay.child.kill('SIGTERM')
    expect(await relay.exit()).toBe(0)
    const lines = relay.stdout().trim().split('\n')
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: expect.stringMatching(/^(info|warn|error)$/),
        event: expect.any(String),
      })
    }
    for (const peer of peers) expect(relay.stdout() + relay.stderr()).not.toContain(peer)
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['ready', 'stopped'])
  })
})

describe('RLY-80 RLY-83 as an operator sees it', () => {
  test('RLY-80 without a command it runs, and says where, for whom and how much', async () => {
    const relay = kithRelay(['--home', await world.home(), ...LOOPBACK])
    await expect.poll(relay.stdout, PATIENCE).toContain('Stop ')
    expect(relay.stdout()).toMatch(/Address +\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3KooW\w+\n/)
    expect(relay.stdout()).toMatch(/Who may use it +everybody/)
    expect(relay.stdout()).toMatch(/Limits +\d+ devices \(\d+ of one address\) · \d+ circuits/)
  })

  test('RLY-83 RLY-12 it waits for circuits at the first signal, and for nothing at the second', async () => {
    const relay = kithRelay(['--home', await world.home(), '--drain', '600', ...LOOPBACK])
    await expect.poll(relay.stdout, PATIENCE).toContain('Stop ')
    const [address = ''] = /\/ip4\/127\S+/.exec(relay.stdout()) ?? []
    await joinTwo(address)
    relay.child.kill('SIGTERM')
    await expect.poll(relay.stderr, PATIENCE).toContain('Stopping.')
    relay.child.kill('SIGTERM')
    expect(await relay.exit()).toBe(130)
  })
})

describe('RLY-65 what a relay does not want to know', () => {
  test('RLY-65 it asks nobody who it is, as others do, and does not hear what peers push', async () => {
    const relay = await world.relay()
    const stock = await world.peer({ relay: true, listen: ['/ip4/127.0.0.1/tcp/0'] })
    const ada = await world.peer({ circuit: false, services: false })
    const askers: string[] = []
    for (const protocol of ['/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0']) {
      await ada.handle(protocol, (_, { remotePeer }) => void askers.push(remotePeer.toString()))
    }
    const [address = ''] = relay.addresses
    expect((await ask(ada, address, RESERVE)).status).toBe(CIRCUIT_STATUS.ok)
    // Who is met later asks: by then ours would have, too.
    await ada.dial(stock.getMultiaddrs())
    await expect.poll(() => askers, PATIENCE).toContain(stock.peerId.toString())
    expect(askers).not.toContain(relay.peer)
    const [connection] = ada
      .getConnections()
      .filter((one) => one.remotePeer.toString() === relay.peer)
    await expect(connection?.newStream('/ipfs/id/push/1.0.0')).rejects.toMatchObject({
      name: 'UnsupportedProtocolError',
    })
  })
})
