/** A simulated device: the real node on a machine that can lose its power. */

import type { KithNode, NodeOptions } from '@kithmesh/node'
import { type DeviceId, deviceIdFromPublicKey } from '@kithmesh/protocol'
import { openNode } from '../../../packages/node/src/create-node.ts'
import type { Network } from '../network/network.ts'
import { createDisk, type Disk, type OpenDisk, openDisk } from './disk.ts'
import { type DeviceSecrets, machineOf, signerOf } from './machine.ts'
import { type Random, randomOf } from './random.ts'
import { clockOf, schedulerOf, type VirtualTime } from './time.ts'
import type { Trace } from './trace.ts'

/** What all devices of a world stand on. */
export interface Ground {
  readonly seed: string
  readonly time: VirtualTime
  readonly network: Network
  readonly trace: Trace
  /** How disks behave. */
  readonly writeMs: number
  readonly slowReads: number
  /** Sees each line a device writes into its log. */
  readonly logged: (device: SimDevice, level: 'debug' | 'warn', line: string) => void
}

/** One device over all its runs. */
export interface SimDevice {
  /** Of whom, such as `ada/phone`. */
  readonly name: string
  readonly id: DeviceId
  readonly disk: Disk
  /** The running node; undefined while the device is off or starting. */
  node: KithNode | undefined
  /** How far its clock goes before the time of the world, ms. */
  skew: number
  isFull: boolean
  /** Each value it wrote since the world was copied. */
  readonly values: Uint8Array[]
  /** Runs begun so far. */
  runs: number
  run: Run | undefined
  /** The node of every run, until the world is over. */
  readonly nodes: KithNode[]
}

/** One run: from the start to the loss of power, or to a proper end. */
export interface Run {
  isOn: boolean
  readonly open: OpenDisk
  goOff(): void
}

/** A device that was never on; `secrets` and `disk` are those of a copy. */
export function createDevice(
  name: string,
  { secrets, disk = createDisk() }: { readonly secrets: DeviceSecrets; readonly disk?: Disk },
): SimDevice & { readonly secrets: DeviceSecrets } {
  return {
    name,
    id: deviceIdFromPublicKey(signerOf(secrets.identity).publicKey),
    secrets,
    disk,
    node: undefined,
    skew: 0,
    isFull: false,
    values: [],
    runs: 0,
    run: undefined,
    nodes: [],
  }
}

/** The secrets of a device, by its name. */
export function secretsOf(name: string): DeviceSecrets {
  const random: Random = randomOf('secrets', name)
  return { identity: random.bytes(32), store: random.bytes(32) }
}

/** Switches a device on. Its node is there when this resolves, unless it lost its power meanwhile. */
export async function startDevice(
  ground: Ground,
  device: ReturnType<typeof createDevice>,
  options: Pick<NodeOptions, 'newDevice'> = {},
): Promise<KithNode | undefined> {
  const { time, network, trace } = ground
  device.runs += 1
  const random = randomOf(ground.seed, device.name, device.runs)
  const isOn = (): boolean => run.isOn
  const open = openDisk(device.disk, {
    time,
    random: randomOf(ground.seed, device.name, device.runs, 'disk'),
    isOn,
    isFull: () => device.isFull,
    writeMs: ground.writeMs,
    slowReads: ground.slowReads,
    written: (batch) => {
      for (const { value } of batch) if (value !== undefined) device.values.push(value)
      trace.note(time.now(), `${device.name} wrote ${batch.length}`)
    },
  })
  const run: Run = { isOn: true, open, goOff: () => undefined }
  device.run = run
  const platform = await machineOf({
    secrets: device.secrets,
    disk: device.disk,
    open,
    isOn,
  })
  const log = (level: 'debug' | 'warn') => (line: string, detail?: object) => {
    if (run.isOn) ground.logged(device, level, detail ? `${line} ${JSON.stringify(detail)}` : line)
  }
  const node = await openNode(
    {
      home: device.name,
      name: device.name.split('/').at(-1) ?? device.name,
      ...options,
      clock: clockOf(time, () => device.skew),
      random,
      scheduler: schedulerOf(time, isOn),
      network: async () => {
        const net = network.join(device.id, isOn)
        run.goOff = () => net.goOff()
        return net
      },
      logger: { debug: log('debug'), warn: log('warn') },
    },
    {
      platform,
      net: { createNet: () => Promise.reject(new Error('nothing here has a real network')) },
    },
  )
  device.nodes.push(node)
  if (!run.isOn) return undefined
  device.node = node
  return node
}

/** The device loses its power: what it was doing ends in the middle, what was written stays. */
export function crashDevice(device: SimDevice): void {
  const { run } = device
  if (run === undefined) return
  run.isOn = false
  run.open.cut()
  run.goOff()
  device.run = undefined
  device.node = undefined
}

/**
 * The world is over: nothing of a device listens to anything any more. What listens to a signal is held by Node
 * until it aborts, also when the machine under it is long off.
 */
export function forgetDevice(device: SimDevice): void {
  crashDevice(device)
  for (const node of device.nodes) node.stop().catch(() => undefined)
}

/** Stops a device as its host would. */
export async function stopDevice(device: SimDevice): Promise<void> {
  const { node, run } = device
  if (node === undefined) return
  device.node = undefined
  try {
    await node.stop()
  } finally {
    if (run) run.isOn = false
    if (device.run === run) device.run = undefined
  }
}
