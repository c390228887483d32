/** Who takes part, and the worlds everybody starts from: made once in a process, then copied (SIM-5). */

import type { AccountId, KithNode } from '@kithmesh/node'
import { MESSAGE } from '../../../packages/node/src/protocols.ts'
import { createNetwork, type Network } from '../network/network.ts'
import type { Weather } from '../network/weather.ts'
import {
  createDevice,
  type Ground,
  type SimDevice,
  secretsOf,
  startDevice,
  stopDevice,
} from './device.ts'
import { createDisk, type Disk } from './disk.ts'
import type { DeviceSecrets } from './machine.ts'
import { randomOf } from './random.ts'
import { clockOf, createVirtualTime, type VirtualTime } from './time.ts'
import { createTrace } from './trace.ts'

/** How many devices each account has. */
export type Shape = readonly number[]

/** A device as it stands in a copied world. */
export interface CastDevice {
  readonly name: string
  readonly secrets: DeviceSecrets
  readonly disk: Disk
}

/** People who know each other, and their devices, all of them off. */
export interface Cast {
  /** When the world was copied, ms since it began. */
  readonly at: number
  readonly accounts: readonly {
    readonly name: string
    readonly account: AccountId
    readonly devices: readonly CastDevice[]
  }[]
}

const PEOPLE = ['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gus', 'hal']
const DEVICES = ['phone', 'laptop', 'tablet', 'desk', 'watch', 'den', 'attic', 'van']
/** Long enough for anything that is done once; nothing waits in real time. */
const PATIENCE_MS = 10 * 60_000

const casts = new Map<string, Promise<Cast>>()

/** The cast of a shape, such as `[3, 2]`. */
export function castOf(shape: Shape): Promise<Cast> {
  const key = shape.join('+')
  const known = casts.get(key)
  if (known !== undefined) return known
  const made = makeCast(shape)
  casts.set(key, made)
  return made
}

/** Copies disks, so that nothing a run writes is seen by another. */
export function copyOf({ name, secrets, disk }: CastDevice): ReturnType<typeof createDevice> {
  return createDevice(name, { secrets, disk: createDisk(disk) })
}

/** What everybody of one world stands on. */
export function createGround(
  seed: string,
  parts: {
    readonly time: VirtualTime
    readonly weather: Weather
    readonly trace: Ground['trace']
    readonly nameOf: (peer: string) => string
    readonly writeMs?: number
    readonly slowReads?: number
    readonly logged?: Ground['logged']
    /** Sees each frame that carries messages. */
    readonly mail?: (from: string, to: string, frame: Uint8Array) => void
  },
): Ground {
  const { time, trace, nameOf } = parts
  const network: Network = createNetwork({
    time,
    clock: clockOf(time, () => 0),
    random: randomOf(seed, 'network'),
    weather: parts.weather,
    carried: (from, to, protocol, frame) => {
      trace.note(time.now(), `${nameOf(from)} → ${nameOf(to)} ${protocol} ${frame.length}`, frame)
      if (protocol === MESSAGE.id) parts.mail?.(from, to, frame)
    },
  })
  return {
    seed,
    time,
    network,
    trace,
    writeMs: parts.writeMs ?? 0,
    slowReads: parts.slowReads ?? 0,
    logged: parts.logged ?? (() => undefined),
  }
}

async function makeCast(shape: Shape): Promise<Cast> {
  const time = createVirtualTime()
  const weather: Weather = { delay: [1, 1], loss: 0, resets: 0, twice: 0 }
  const ground = createGround(`cast ${shape.join('+')}`, {
    time,
    weather,
    trace: createTrace(),
    nameOf: (peer) => peer,
  })
  const accounts: Cast['accounts'][number][] = []
  const started: SimDevice[] = []
  const firsts: KithNode[] = []
  for (const [at, count] of shape.entries()) {
    const person = PEOPLE[at] ?? `person-${at}`
    const devices: ReturnType<typeof createDevice>[] = []
    for (let number = 0; number < count; number++) {
      const name = `${person}/${DEVICES[number] ?? `device-${number}`}`
      const device = createDevice(name, { secrets: secretsOf(name) })
      devices.push(device)
      started.push(device)
      const node = await time.settle(
        startDevice(ground, device, number === 0 ? {} : { newDevice: true }),
        PATIENCE_MS,
      )
      const first = devices[0]?.node
      if (node === undefined || first === undefined) throw new Error('a device did not start')
      if (number > 0) await time.settle(linkDevice(first, node), PATIENCE_MS)
      else firsts.push(node)
    }
    const account = devices[0]?.node?.account
    if (account === undefined) throw new Error('a first device has no account')
    accounts.push({ name: person, account, devices })
  }
  for (const [at, inviter] of firsts.entries()) {
    for (const adder of firsts.slice(at + 1)) {
      await time.settle(acquaint(inviter, adder), PATIENCE_MS)
    }
  }
  await time.run(time.now() + 60_000)
  for (const device of started) await time.settle(stopDevice(device), PATIENCE_MS)
  return { at: time.now(), accounts }
}

/** Links a new device as a person with a code would. */
export async function linkDevice(by: KithNode, fresh: KithNode): Promise<void> {
  const offer = await fresh.linking.offer()
  await by.devices.link(offer.code, { confirm: async () => true })
}

async function acquaint(inviter: KithNode, adder: KithNode): Promise<void> {
  const { code } = await inviter.contacts.invite()
  await adder.contacts.add(code)
}
