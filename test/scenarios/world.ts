import { randomBytes } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryHub, createMemoryNet, type MemoryHub, type Net } from '@kithmesh/net'
import { createNode, type KithNode, type LinkOptions, type NodeOptions } from '@kithmesh/node'
import { publicKeyOfDevice, signerFromSeed } from '@kithmesh/protocol'
import { createRelay, type Relay } from 'kith-relay'
import { createTime, type Time } from './time.ts'

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
  /** Starts again what was stopped. */
  start(person: string, name: string): Promise<KithNode>
  /** Copies the disk of a device that is stopped. */
  backUp(person: string, name: string): Promise<Backup>
  /** Puts a copy in the place of the disk of a device that is stopped. */
  restore(backup: Backup): Promise<void>
  /** A peer in memory that is nobody's device and says what the test says. */
  stranger(): Net
  /** The same in the name of a device that is stopped. */
  impersonate(device: KithNode): Net
  /** Only in memory. */
  readonly hub: MemoryHub
  readonly time: Time
  readonly relay: Relay | undefined
  /** Everything any device wrote into its log. */
  readonly logLines: readonly string[]
}

/** The disk of a device as it was. */
export interface Backup {
  readonly home: string
  readonly copy: string
}

/** Who stands between the devices, if anybody. */
export interface Between {
  /** In memory: what is put before each device's net. */
  readonly through?: (net: Net) => Net
  /** Where devices find the relay at this address of it. */
  readonly relayAt?: (address: string) => Promise<string>
}

/** Sets the stage: every person's devices started and linked. */
export async function createWorld(
  cast: Cast,
  ground: Ground = 'memory',
  { through = (net) => net, relayAt = async (address) => address }: Between = {},
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-world-'))
  const time = createTime()
  const hub = createMemoryHub(time)
  const relay =
    ground === 'relay'
      ? await createRelay({
          home: join(folder, 'relay'),
          listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
          admin: 'off',
          open: true,
        })
      : undefined
  const relays = await Promise.all(
    (relay?.addresses ?? []).filter((text) => /\/tcp\/\d+\/p2p\//.test(text)).map(relayAt),
  )
  const running = new Map<KithNode, NodeOptions>()
  const devices = new Map<string, KithNode>()
  const logLines: string[] = []
  let copies = 0

  async function startAt(options: NodeOptions): Promise<KithNode> {
    const { clock, scheduler } = time
    const logger = loggerOf(options.name ?? '')
    const node = await createNode({ ...options, ...groundOptions(), clock, scheduler, logger })
    running.set(node, options)
    return node
  }

  function groundOptions(): Partial<NodeOptions> {
    switch (ground) {
      case 'memory':
        return { network: async (identity) => through(createMemoryNet(hub, { identity })) }
      case 'lan':
        return { listen: ['/ip4/127.0.0.1/tcp/0'] }
      case 'relay':
        return { lan: false, relays }
    }
  }

  /** `KITH_LOG=1` prints what the devices say, to find out why a scenario fails. */
  function loggerOf(name: string): NonNullable<NodeOptions['logger']> {
    const line = (message: string, detail: object = {}): void => {
      logLines.push(`${name} ${message} ${JSON.stringify(detail)}`)
      if (process.env['KITH_LOG']) console.error(logLines.at(-1))
    }
    return { debug: line, warn: line }
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
    running.delete(device)
  }

  const homeOf = (person: string, name: string): string => join(folder, `${person}-${name}`)

  async function start(person: string, name: string): Promise<KithNode> {
    const node = await startAt({ home: homeOf(person, name), name })
    devices.set(`${person}/${name}`, node)
    return node
  }

  async function restart(device: KithNode): Promise<KithNode> {
    const options = required(running.get(device))
    await stop(device)
    const again = await startAt(options)
    for (const [key, known] of devices) if (known === device) devices.set(key, again)
    return again
  }

  async function backUp(person: string, name: string): Promise<Backup> {
    const backup = { home: homeOf(person, name), copy: join(folder, `backup-${++copies}`) }
    await cp(backup.home, backup.copy, { recursive: true, filter: isNoSocket })
    return backup
  }

  async function restore({ home, copy }: Backup): Promise<void> {
    await rm(home, { recursive: true })
    await cp(copy, home, { recursive: true })
  }

  function stranger(): Net {
    return createMemoryNet(hub, { identity: signerFromSeed(randomBytes(32)) })
  }

  function impersonate(device: KithNode): Net {
    return createMemoryNet(hub, { identity: { publicKey: publicKeyOfDevice(device.device) } })
  }

  for (const [person, names] of Object.entries(cast)) {
    const [first, ...others] = names
    const firstDevice = await start(person, required(first))
    for (const name of others) {
      const fresh = await startAt({ home: homeOf(person, name), name, newDevice: true })
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
    start,
    backUp,
    restore,
    stranger,
    impersonate,
    hub,
    time,
    relay,
    logLines,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...running.keys()].map((node) => node.stop()))
      await relay?.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Locks of a home are sockets; they are not part of a copy. */
function isNoSocket(path: string): boolean {
  return !path.includes('/lock')
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not part of this world')
  return value
}
