import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { type RelayProcess, startKithRelay, startProcess } from './testing/processes.ts'
import { createWorld } from './testing/running.ts'

/** How many devices hold a place; 5,000 is what a small server should bear (CONTRIBUTING.md). */
const DEVICES = Number(process.env['KITH_CROWD'] ?? 200)
const ALL_BYTES = 1024 ** 3
const EACH_BYTES = 80_000
/** From so many on; with fewer, what a process takes once weighs more than they do. */
const MANY = 1_000
/** Of what it took before anybody came. */
const AFTERWARDS = 1.3
const STORY_MS = 1_200_000
/** The relay looks once a minute whether there is memory to give back. */
const TIDY = { timeout: 180_000, interval: 1_000 } as const

const CROWD = fileURLToPath(new URL('./testing/crowd.ts', import.meta.url))
const world = createWorld()
const processes: RelayProcess[] = []
afterEach(async () => {
  for (const { child, exit } of processes.splice(0).toReversed()) {
    child.kill('SIGKILL')
    await exit()
  }
  await world.stop()
})

function running(process: RelayProcess): RelayProcess {
  processes.push(process)
  return process
}

/** Bytes of a process that are in memory now (proc(5), VmRSS). */
async function memoryOf({ child }: RelayProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

describe.skipIf(process.platform !== 'linux')('a relay with many devices', () => {
  test(
    `RLY-67 ${DEVICES} devices hold a place: 1 GiB in all, 80 kB each, and given back when they leave`,
    async () => {
      const home = await world.home()
      const limits = ['--max-reservations', String(DEVICES)]
      const listen = ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin', '127.0.0.1:0', '--stun', 'off']
      const relay = running(
        startKithRelay(['run', '--open', '--json', '--home', home, ...limits, ...listen]),
      )
      const { addresses, admin } = await relay.event('ready')
      const reservations = async (): Promise<unknown> => {
        const { reservations } = await (await fetch(`${admin}/status`)).json()
        return reservations
      }
      await reservations()
      const idle = await memoryOf(relay)

      const crowd = running(startProcess(CROWD, [String(DEVICES), String([addresses].flat()[0])]))
      expect(await crowd.event('there')).toMatchObject({ reserved: DEVICES })
      expect(await reservations()).toBe(DEVICES)
      const full = await memoryOf(relay)
      const each = (full - idle) / DEVICES
      const figures = { devices: DEVICES, idle, full, each: Math.round(each) }
      process.stderr.write(`crowd ${JSON.stringify(figures)}\n`)
      expect(full).toBeLessThan(ALL_BYTES)
      if (DEVICES >= MANY) expect(each).toBeLessThan(EACH_BYTES)

      crowd.child.kill('SIGTERM')
      await crowd.event('gone')
      await expect.poll(reservations).toBe(0)
      await expect.poll(() => memoryOf(relay), TIDY).toBeLessThan(idle * AFTERWARDS)
      process.stderr.write(`crowd gone ${await memoryOf(relay)}\n`)
    },
    STORY_MS,
  )
})
