import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryHub, createMemoryNet, type MemoryHub } from '@kithmesh/net'
import { createNode, type KithNode, type LinkOptions, type NodeOptions } from '@kithmesh/node'
import { createRelay, type Relay } from 'kith-relay'

/** Who takes part: people, and the devices each owns. The first device makes the account. */
export type Cast = Readonly<Record<string, readonly string[]>>

/** How the devices reach each other. */
export type Ground =
  /** In memory: deterministic, with partitions. */
  | 'memory'
  /** Real sockets on this machine, found over the local network. */
  | 'lan'
  /** Real sockets, and only a relay between them. */
  | 'relay'

/** The stage of a scenario test: devices by person and name, on real disks. */
export interface World extends AsyncDisposable {
  device(person: string, name: string): KithNode
  /** Starts a device that belongs to nobody yet. */
  newDevice(name: string): Promise<KithNode>
  /** Links `fresh` to the account of `by`, as a person with a QR code would. */
  link(by: KithNode, fresh: KithNode, options?: Partial<LinkOptions>): Promise<void>
  /** Makes two people contacts of each other. */
  acquaint(inviter: KithNode, adder: KithNode, name?: string): Promise<void>
  /** Stops a device and starts it again from its disk. */
  restart(device: KithNode): Promise<KithNode>
  stop(device: KithNode): Promise<void>
  /** Only in memory. */
  readonly hub: MemoryHub | undefined
  readonly relay: Relay | undefined
}

/** Sets the stage: every person's devices started and linked. */
export async function createWorld(cast: Cast, ground: Ground = 'memory'): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-world-'))
  const hub = ground === 'memory' ? createMemoryHub({ clock: systemClock }) : undefined
  const relay =
    ground === 'relay'
      ? await createRelay({
          home: join(folder, 'relay'),
          listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
          admin: 'off',
        })
      : undefined
  const homes = new Map<KithNode, NodeOptions>()
  const devices = new Map<string, KithNode>()

  async function startAt(options: NodeOptions): Promise<KithNode> {
    const node = await createNode({ ...options, ...groundOptions(), ...logging(options.name) })
    homes.set(node, options)
    return node
  }

  function groundOptions(): Partial<NodeOptions> {
    switch (ground) {
      case 'memory':
        return { network: async (identity) => createMemoryNet(required(hub), { identity }) }
      case 'lan':
        return { listen: ['/ip4/127.0.0.1/tcp/0'] }
      case 'relay':
        return {
          lan: false,
          relays: required(relay).addresses.filter((text) => /\/tcp\/\d+\/p2p\//.test(text)),
        }
    }
  }

  const newDevice = (name: string): Promise<KithNode> =>
    startAt({ home: join(folder, name), name, newDevice: true })

  async function link(
    by: KithNode,
    fresh: KithNode,
    options: Partial<LinkOptions> = {},
  ): Promise<void> {
    const offer = await fresh.linking.offer()
    await by.devices.link(offer.code, {
      confirm: async () => true,
      far: ground === 'relay',
      ...options,
    })
  }

  async function acquaint(inviter: KithNode, adder: KithNode, name?: string): Promise<void> {
    const { code } = await inviter.contacts.invite()
    await adder.contacts.add(code, name === undefined ? {} : { name })
  }

  async function stop(device: KithNode): Promise<void> {
    await device.stop()
    homes.delete(device)
  }

  async function restart(device: KithNode): Promise<KithNode> {
    const options = required(homes.get(device))
    await stop(device)
    const again = await startAt(options)
    for (const [key, known] of devices) if (known === device) devices.set(key, again)
    return again
  }

  for (const [person, names] of Object.entries(cast)) {
    const [first, ...others] = names
    const home = (name: string): NodeOptions => ({ home: join(folder, `${person}-${name}`), name })
    const firstDevice = await startAt(home(required(first)))
    devices.set(`${person}/${first}`, firstDevice)
    for (const name of others) {
      const fresh = await startAt({ ...home(name), newDevice: true })
      await link(firstDevice, fresh)
      devices.set(`${person}/${name}`, fresh)
    }
  }

  return {
    device: (person, name) => required(devices.get(`${person}/${name}`)),
    newDevice,
    link,
    acquaint,
    restart,
    stop,
    hub,
    relay,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...homes.keys()].map((node) => node.stop()))
      await relay?.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** `KITH_LOG=1` prints what the devices say, to find out why a scenario fails. */
function logging(name = ''): Partial<NodeOptions> {
  if (!process.env['KITH_LOG']) return {}
  const line = (message: string, detail?: object): void =>
    console.error(name, message, JSON.stringify(detail ?? {}))
  return { logger: { debug: line, warn: line } }
}

const systemClock = { now: () => Date.now() }

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not part of this world')
  return value
}
