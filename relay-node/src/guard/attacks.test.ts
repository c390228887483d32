import { afterEach, describe, expect, test } from 'vitest'
import type { AttackKind } from '../testing/attacks/attack.ts'
import { type Attacker, startAttack } from '../testing/attacks/attacker.ts'
import { type Besieged, besiegedRelay, bothOf, type Dialled } from '../testing/attacks/besieged.ts'
import { createWorld } from '../testing/running.ts'

/** How large the attacks are. In a gate 1,000 sockets and 10,000 identities (CONTRIBUTING.md). */
const SOCKETS = Number(process.env['KITH_ATTACK_SOCKETS'] ?? 300)
const IDENTITIES = Number(process.env['KITH_ATTACK_IDENTITIES'] ?? 300)
const DIALS = Number(process.env['KITH_ATTACK_DIALS'] ?? 25)
/** Of the honest dials this part succeeds, with at most one exception where there are few. */
const SHARE = 0.99
/** Standing still longer than this, people would notice (RLY-66). */
const STALL_P99_MS = 100
/** Whoever floods is cut off within this time (RLY-66). */
const HANG_UP_MS = 1_000
/**
 * Times of the relay's own work are always judged. Those on the wall, which the attackers and the devices see, only
 * where the machine is known to have nothing else to do.
 */
const KEEPS_TIME = process.env['KITH_ATTACK_TIMES'] === '1'
const ATTACK_MS = 600_000

const world = createWorld()
const besieged: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of besieged.splice(0).toReversed()) await one.stop()
  await world.stop()
})

/** A relay under an attack at its full size. */
async function besiege(kind: AttackKind, count: number): Promise<[Besieged, Attacker]> {
  const relay = await besiegedRelay(world)
  besieged.push(relay)
  const attacker = startAttack(kind, { count, addresses: relay.addresses })
  besieged.push(attacker)
  await attacker.event('attacking')
  await relay.figures()
  return [relay, attacker]
}

function report(figures: object): void {
  process.stderr.write(`attack ${JSON.stringify(figures)}\n`)
}

function expectServed({ came, succeeded }: Dialled): void {
  expect(succeeded).toBeGreaterThanOrEqual(Math.floor(came * SHARE))
}

// Addresses of their own for the attackers, which only Linux has without asking.
describe.skipIf(process.platform !== 'linux')('the relay serves the honest under', () => {
  test.each([
    ['RLY-60 D1 silent sockets', 'silent-tcp', SOCKETS],
    ['RLY-60 RLY-61 D1 websockets that never come to the point', 'silent-websocket', SOCKETS],
    ['RLY-61 D1 half-open HTTP', 'half-http', SOCKETS],
    ['RLY-64 D1 giant lengths', 'giant-lengths', 50],
    ['RLY-64 D1 giant messages', 'giant-messages', 50],
    ['RLY-62 D3 floods of new streams', 'yamux-syn', 4],
    ['RLY-62 D3 floods of pings', 'yamux-ping', 4],
    ['RLY-62 D3 floods of windows', 'yamux-window', 4],
    ['RLY-62 D3 floods of resets', 'yamux-reset', 4],
    ['RLY-64 D3 frames of 4 GiB', 'yamux-giant', 4],
  ] as const)(
    'RLY-66 %s',
    async (_, kind, count) => {
      const [relay, attacker] = await besiege(kind, count)
      const dialled = await relay.honestDials(DIALS)
      const fared = await relay.figures()
      const got = await attacker.result()
      report({ kind, count, ...dialled, ...fared, ...got })
      expectServed(dialled)
      expect(fared.p99).toBeLessThan(STALL_P99_MS)
      if (!kind.startsWith('yamux-')) return
      expect(Number(got['closed'])).toBeGreaterThan(0)
      expect(fared.slowestHangUp).toBeLessThan(HANG_UP_MS)
      if (KEEPS_TIME) expect(Number(got['slowest'])).toBeLessThan(HANG_UP_MS)
    },
    ATTACK_MS,
  )

  test(
    'RLY-66 RLY-63 RLY-41 D2 D3 throw-away identities that ask for places; devices of the owner get theirs, all of them',
    async () => {
      const [relay, attacker] = await besiege('identities', IDENTITIES)
      let isOver = false
      void attacker.event('over').then(() => {
        isOver = true
      })
      let dialled = await relay.honestDials(1)
      let own = await relay.ownDevices(1)
      while (!isOver || dialled.came < DIALS) {
        dialled = bothOf(dialled, await relay.honestDials(8))
        own = bothOf(own, await relay.ownDevices(1))
      }
      const fared = await relay.figures()
      report({ kind: 'identities', ...dialled, own, ...fared, ...(await attacker.result()) })
      expectServed(dialled)
      expect(own.succeeded).toBe(own.came)
      expect(fared.p99).toBeLessThan(STALL_P99_MS)
      if (KEEPS_TIME) expect(own.slowestMs).toBeLessThan(1_000)
    },
    ATTACK_MS,
  )
})
