import { CIRCUIT_STATUS } from '@kithmesh/net'
import { startKithRelay } from '../processes.ts'
import { ask, connectTo, reserveByHand } from '../raw-circuit.ts'
import type { World } from '../running.ts'
import { createStockPeer } from '../stock-peer.ts'

/** A relay in a process of its own, and an honest device that is reachable through it. */
export interface Besieged {
  readonly addresses: readonly string[]
  /** So many honest devices, one after another, each dial the reachable one through the relay. */
  honestDials(count: number): Promise<{ readonly succeeded: number; readonly slowestMs: number }>
  /** How long the relay stood still, in ms, since this was last asked. */
  stalls(): Promise<{ readonly p99: number; readonly max: number }>
  stop(): Promise<void>
}

/**
 * What runs inside the relay's process: gaps between ticks of 10 ms, told when a signal asks. A gap counts as long as
 * the process was at work in it: a machine that has other things to do is no stall of the relay.
 */
const MEASURE = `
  let gaps = []
  const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 }
  let last = performance.now()
  let worked = cpuMs()
  setInterval(() => {
    const now = performance.now()
    const cpu = cpuMs()
    gaps.push(Math.min(now - last - 10, cpu - worked))
    last = now
    worked = cpu
  }, 10).unref()
  let asked = 0
  process.on('SIGUSR2', () => {
    gaps.sort((a, b) => a - b)
    const p99 = Math.max(0, gaps[Math.floor(gaps.length * 0.99)] ?? 0)
    const max = Math.max(0, gaps.at(-1) ?? 0)
    process.stdout.write(JSON.stringify({ event: 'stalls-' + asked++, p99, max }) + '\\n')
    gaps = []
    last = performance.now()
    worked = cpuMs()
  })`

const LISTEN = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
const DIAL_MS = 5_000

export async function besiegedRelay(world: World): Promise<Besieged> {
  const listen = LISTEN.flatMap((address) => ['--listen', address])
  const args = ['run', '--open', '--json', '--home', await world.home(), ...listen]
  const relay = startKithRelay([...args, '--stun', 'off', '--admin', 'off'], { preload: MEASURE })
  const ready = await relay.event('ready')
  const addresses = Array.isArray(ready['addresses']) ? ready['addresses'].map(String) : []
  const [address = ''] = addresses.filter((one) => !one.includes('/ws'))
  const resident = await world.peer({ circuit: false })
  await reserveByHand(resident, address)
  let asked = 0

  const dial = async (n: number): Promise<boolean> => {
    const from = addresses[n % addresses.length] ?? address
    const peer = await createStockPeer({ circuit: false })
    const late = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => late.resolve(undefined), DIAL_MS)
    try {
      const asking = ask(peer, from, connectTo(resident)).catch(() => undefined)
      const answer = await Promise.race([asking, late.promise])
      return answer?.status === CIRCUIT_STATUS.ok
    } finally {
      clearTimeout(timer)
      await peer.stop()
    }
  }
  return {
    addresses,
    async honestDials(count) {
      let succeeded = 0
      let slowestMs = 0
      for (let n = 0; n < count; n += 1) {
        const began = performance.now()
        if (await dial(n)) succeeded += 1
        slowestMs = Math.max(slowestMs, performance.now() - began)
      }
      return { succeeded, slowestMs: Math.round(slowestMs) }
    },
    async stalls() {
      relay.child.kill('SIGUSR2')
      const said = await relay.event(`stalls-${asked}`)
      asked += 1
      return { p99: Math.round(Number(said['p99'])), max: Math.round(Number(said['max'])) }
    },
    async stop() {
      relay.child.kill('SIGKILL')
      await relay.exit()
    },
  }
}
