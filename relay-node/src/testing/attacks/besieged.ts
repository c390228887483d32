import { CIRCUIT_STATUS } from '@kithmesh/net'
import type { Stream } from '@libp2p/interface'
import { makeHome, writeOwner } from '../../home/home.ts'
import { createTestAccount } from '../account.ts'
import { startKithRelay } from '../processes.ts'
import { ask, connectTo, type HopAnswer, RESERVE, reserveByHand } from '../raw-circuit.ts'
import { show, talk } from '../relay-talk.ts'
import type { World } from '../running.ts'
import { createStockPeer } from '../stock-peer.ts'
import { RELAY_WATCH, type RelayFigures, watching } from './relay-watch.ts'

/** A relay in a process of its own, and an honest device that is reachable through it. */
export interface Besieged {
  readonly addresses: readonly string[]
  /** So many honest devices, one after another, each dial the reachable one through the relay. */
  honestDials(count: number): Promise<Dialled>
  /** The devices of the owner come so often, one after another, show whose they are, and ask for a place. */
  ownDevices(count: number): Promise<Dialled>
  /** How the relay fared since this was last asked. */
  figures(): Promise<RelayFigures>
  stop(): Promise<void>
}

/** How many came, how many of them were served, and how long one waited at most. */
export interface Dialled {
  readonly came: number
  readonly succeeded: number
  readonly slowestMs: number
}

const LISTEN = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
/** As long as a stock client is ready to wait. */
const DIAL_MS = 10_000
const OWN_DEVICES = ['phone', 'laptop', 'tablet', 'desktop'] as const

export async function besiegedRelay(world: World): Promise<Besieged> {
  const listen = LISTEN.flatMap((address) => ['--listen', address])
  const home = await world.home()
  const owner = await createTestAccount(OWN_DEVICES)
  await makeHome(home)
  await writeOwner(home, owner.id)
  const args = ['run', '--open', '--json', '--home', home, ...listen]
  const relay = startKithRelay([...args, '--stun', 'off', '--admin', 'off'], {
    preload: RELAY_WATCH,
  })
  const ready = await relay.event('ready')
  const addresses = Array.isArray(ready['addresses']) ? ready['addresses'].map(String) : []
  const [address = ''] = addresses.filter((one) => !one.includes('/ws'))
  const resident = await world.peer({ circuit: false })
  void answerAll(await reserveByHand(resident, address))

  const dial = async (n: number): Promise<boolean> => {
    const from = addresses[n % addresses.length] ?? address
    const peer = await createStockPeer({ circuit: false })
    const late = Promise.withResolvers<false>()
    const timer = setTimeout(() => late.resolve(false), DIAL_MS)
    const talking = ask(peer, from, connectTo(resident)).then(isHeard)
    try {
      return await Promise.race([talking.catch(() => false), late.promise])
    } finally {
      clearTimeout(timer)
      await peer.stop()
    }
  }
  const comeHome = async (n: number): Promise<boolean> => {
    const privateKey = owner.keyOf(OWN_DEVICES[n % OWN_DEVICES.length] ?? '')
    const device = await createStockPeer({ circuit: false, privateKey })
    const at = { peer: String(ready['relay']), address }
    try {
      const said = { question: show(owner.id, device, at), log: owner.log() }
      const { kind } = await talk(device, at, said)
      return kind === 'served' && (await ask(device, address, RESERVE)).status === CIRCUIT_STATUS.ok
    } finally {
      await device.stop()
    }
  }
  return {
    addresses,
    honestDials: (count) => oneAfterAnother(count, dial),
    ownDevices: (count) => oneAfterAnother(count, comeHome),
    figures: watching(relay),
    async stop() {
      relay.child.kill('SIGKILL')
      await relay.exit()
    },
  }
}

/** Both together. */
export function bothOf(one: Dialled, other: Dialled): Dialled {
  return {
    came: one.came + other.came,
    succeeded: one.succeeded + other.succeeded,
    slowestMs: Math.max(one.slowestMs, other.slowestMs),
  }
}

async function oneAfterAnother(
  count: number,
  come: (n: number) => Promise<boolean>,
): Promise<Dialled> {
  let succeeded = 0
  let slowestMs = 0
  for (let n = 0; n < count; n += 1) {
    const began = performance.now()
    if (await come(n)) succeeded += 1
    slowestMs = Math.max(slowestMs, performance.now() - began)
  }
  return { came: count, succeeded, slowestMs: Math.round(slowestMs) }
}

/** The reachable device says what it hears, and hangs up when the other does. */
async function answerAll(next: () => Promise<Stream>): Promise<never> {
  for (;;) {
    const circuit = await next()
    circuit.addEventListener('message', ({ data }) => void circuit.send(data))
    circuit.addEventListener('remoteCloseWrite', () => void circuit.close().catch(() => {}))
    circuit.resume()
  }
}

/** Whether a circuit was opened, and what is said over it comes back. */
async function isHeard({ status, stream }: HopAnswer): Promise<boolean> {
  if (status !== CIRCUIT_STATUS.ok) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  stream.addEventListener('message', ({ data }) => resolve(data.subarray()[0] === WORD))
  stream.addEventListener('close', () => resolve(false))
  stream.send(Uint8Array.of(WORD))
  stream.resume()
  return promise
}

const WORD = 0x6b
