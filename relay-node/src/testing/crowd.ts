import type { Libp2p } from '@libp2p/interface'
import { attackerAddress } from './attacks/local-address.ts'
import { ask, RESERVE } from './raw-circuit.ts'
import { createStockPeer } from './stock-peer.ts'

/**
 * Many devices in a process of their own, each a libp2p node with a key and a socket: `crowd.ts COUNT ADDRESS`. Says
 * `there` with how many got a place, holds them, and on SIGTERM leaves and says `gone`.
 */
const [count = '0', address = ''] = process.argv.slice(2)

/** Of these many at once. */
const AT_ONCE = 16
const OK = 100

const peers: Libp2p[] = []
let asked = 0
let reserved = 0

/** A device that is not let in comes again, as devices do: on a busy machine a handshake takes too long. */
const TRIES = 10

async function come(n: number): Promise<void> {
  const localAddress = attackerAddress(n)
  const peer = await createStockPeer({ circuit: false, services: false, localAddress })
  peers.push(peer)
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await ask(peer, address, RESERVE).catch(() => undefined)
    if (answer?.status !== OK) continue
    reserved += 1
    return
  }
}

async function comeInTurn(): Promise<void> {
  while (asked < Number(count)) {
    asked += 1
    await come(asked)
  }
}

function say(event: string): void {
  process.stdout.write(`${JSON.stringify({ event, reserved })}\n`)
}

process.once('SIGTERM', () => {
  void Promise.all(peers.map((peer) => peer.stop())).then(() => {
    say('gone')
    process.exit(0)
  })
})
await Promise.all(Array.from({ length: AT_ONCE }, comeInTurn))
say('there')
