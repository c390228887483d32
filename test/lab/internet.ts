/** A small internet of namespaces: a relay in its middle, and homes behind routers of every kind. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { ENV, ip, within } from '../network/namespaces.ts'
import { remembered } from './belongings.ts'
import type { CarriedLine, Line, Lines } from './line.ts'
import { type Blocked, LAN, type NatKind, routerRules, WAN } from './nat.ts'

/** A machine with a public address, in the middle of everything. */
export interface PublicHost {
  readonly namespace: string
  readonly address: string
}

/** A machine at home, and the router it stands behind. */
export interface HomeHost {
  readonly namespace: string
  /** What its router lets through from now on. */
  block(blocked: Blocked): Promise<void>
  /** Its router gets another public address, as some providers do it each night; nobody at home is told. */
  rebind(): Promise<void>
  /** It goes over to another router with another network: from Wi-Fi to the telephone's. */
  move(): Promise<void>
  /** What its own line is like from now on. @throws when the internet was made without lines */
  shape(line: Line): Promise<void>
}

/** Everything in it goes with it. */
export interface Internet extends AsyncDisposable {
  readonly server: PublicHost
  home(nat: NatKind): Promise<HomeHost>
}

/** Addresses of documentation (RFC 5737): public to everybody who looks at them. */
const CORE = '198.51.100.1'
const SERVER = '198.51.100.2'
/** Behind them: routers take one each, and another when they are given one. */
const FIRST_ROUTER = 10
const LINE = 'line'

/** Makes it, with a machine in the middle that has an address of its own; `lines` are for homes whose line is shaped. */
export async function createInternet(lines?: Lines): Promise<Internet> {
  const prefix = `kl-${process.pid}-${++internets}`
  const namespaces: string[] = []
  const carriedLines: CarriedLine[] = []
  let routers = 0
  // from its first namespace on: who is told to stop while it is made leaves nothing either
  const gone = remembered({
    [Symbol.asyncDispose]: async () => {
      for (const carried of carriedLines) await carried.stop()
      for (const name of namespaces.toReversed()) await ip('netns', 'delete', name)
    },
  })

  async function namespace(name: string): Promise<string> {
    const full = `${prefix}-${name}`
    await ip('netns', 'add', full)
    namespaces.push(full)
    await ip('-n', full, 'link', 'set', 'lo', 'up')
    return full
  }

  const core = await namespace('core')
  await ip('-n', core, 'link', 'add', 'bridge', 'type', 'bridge', 'mcast_snooping', '0')
  await ip('-n', core, 'address', 'add', `${CORE}/24`, 'dev', 'bridge')
  await ip('-n', core, 'link', 'set', 'bridge', 'up')
  await setSystem(core, 'net/ipv4/ip_forward', 1)
  await setSystem(core, 'net/ipv4/conf/all/send_redirects', 0)
  await setSystem(core, 'net/ipv4/conf/bridge/send_redirects', 0)

  /** A line from a namespace to the middle of the internet. */
  async function attach(to: string, device: string, address: string): Promise<void> {
    const port = `p${++ports}`
    const peer = ['peer', 'name', port, 'netns', core]
    await ip('link', 'add', device, 'netns', to, 'type', 'veth', ...peer)
    await ip('-n', core, 'link', 'set', port, 'master', 'bridge', 'up')
    await ip('-n', to, 'address', 'add', `${address}/24`, 'dev', device)
    await ip('-n', to, 'link', 'set', device, 'up')
    await ip('-n', to, 'route', 'replace', 'default', 'via', CORE)
  }

  const server = await namespace('server')
  await attach(server, LINE, SERVER)

  /** A router and the network behind it. */
  async function router(nat: NatKind): Promise<Router> {
    const number = ++routers
    const own = await namespace(`router${number}`)
    let outside = `198.51.100.${FIRST_ROUTER + number}`
    await attach(own, WAN, outside)
    await setSystem(own, 'net/ipv4/ip_forward', 1)
    // Without a NAT the machine's address is public, so the internet has to know the way.
    const net = nat === 'none' ? `203.0.113.${8 * number}` : `192.168.${number}.0`
    const [inside, gateway] = [hostIn(net, 2), hostIn(net, 1)]
    if (nat === 'none') {
      await ip('-n', core, 'route', 'add', `${net}/29`, 'via', outside)
    }
    let blocked: Blocked = 'nothing'
    const load = (): Promise<void> => loadRules(own, routerRules(nat, inside, blocked))
    await load()
    return {
      namespace: own,
      inside,
      gateway,
      block: async (next) => {
        blocked = next
        await load()
      },
      rebind: async () => {
        const before = outside
        outside = `198.51.100.${FIRST_ROUTER + ++routers}`
        // The NAT forgets whatever stood over an address that goes.
        await ip('-n', own, 'address', 'delete', `${before}/24`, 'dev', WAN)
        await ip('-n', own, 'address', 'add', `${outside}/24`, 'dev', WAN)
        await ip('-n', own, 'route', 'replace', 'default', 'via', CORE)
        if (nat === 'none') {
          await ip('-n', core, 'route', 'replace', `${net}/29`, 'via', outside)
        }
      },
    }
  }

  /** Between a machine and its router stands a namespace that carries frames as a bad line does. */
  async function joinOverLine(machine: string, router: Router, by: Lines): Promise<CarriedLine> {
    const wire = await namespace(`wire${routers}`)
    for (const [end, device, far] of [
      [machine, LINE, 'near'],
      [router.namespace, LAN, 'far'],
    ] as const) {
      const peer = ['peer', 'name', far, 'netns', wire]
      await ip('link', 'add', device, 'netns', end, 'type', 'veth', ...peer)
      await ip('-n', wire, 'link', 'set', far, 'up')
      await by.plain(end, device)
      await by.plain(wire, far)
    }
    await address(machine, router)
    const carried = await by.carry(wire, 'near', 'far')
    carriedLines.push(carried)
    return carried
  }

  async function home(nat: NatKind): Promise<HomeHost> {
    let behind = await router(nat)
    const own = await namespace(`home${routers}`)
    const carried = lines === undefined ? undefined : await joinOverLine(own, behind, lines)
    if (carried === undefined) await join(own, behind)
    return {
      namespace: own,
      block: (blocked) => behind.block(blocked),
      rebind: () => behind.rebind(),
      move: async () => {
        await ip('-n', own, 'link', 'delete', LINE)
        behind = await router(nat)
        await join(own, behind)
      },
      shape: async (line) => {
        if (carried === undefined) throw new Error('this internet was made without lines')
        await carried.set(line)
      },
    }
  }

  return Object.assign(gone, { server: { namespace: server, address: SERVER }, home })
}

/** Deletes what a lab left that was ended by force: namespaces of processes that are gone. */
export async function sweepInternets(): Promise<void> {
  for (const name of await readdir('/run/netns').catch(() => [])) {
    const pid = /^kl-(\d+)-/.exec(name)?.[1]
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue
    await ip('netns', 'delete', name)
  }
}

interface Router {
  readonly namespace: string
  /** Address of the machine behind it, and its own towards that. */
  readonly inside: string
  readonly gateway: string
  block(blocked: Blocked): Promise<void>
  rebind(): Promise<void>
}

/** The cable between a machine and its router. */
async function join(machine: string, router: Router): Promise<void> {
  const peer = ['peer', 'name', LAN, 'netns', router.namespace]
  await ip('link', 'add', LINE, 'netns', machine, 'type', 'veth', ...peer)
  await address(machine, router)
}

async function address(machine: string, router: Router): Promise<void> {
  await ip('-n', router.namespace, 'address', 'add', `${router.gateway}/29`, 'dev', LAN)
  await ip('-n', router.namespace, 'link', 'set', LAN, 'up')
  await ip('-n', machine, 'address', 'add', `${router.inside}/29`, 'dev', LINE)
  await ip('-n', machine, 'link', 'set', LINE, 'up')
  await ip('-n', machine, 'route', 'replace', 'default', 'via', router.gateway)
}

const hostIn = (net: string, number: number): string => {
  const [a, b, c, d] = net.split('.').map(Number)
  return `${a}.${b}.${c}.${(d ?? 0) + number}`
}

let internets = 0
let ports = 0

async function loadRules(namespace: string, rules: string): Promise<void> {
  const [command, words] = within(namespace, 'nft', '-f', '-')
  const child = spawn(command, words, { stdio: ['pipe', 'ignore', 'inherit'], env: ENV })
  child.stdin.end(rules)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`nft refused the rules of ${namespace}`)
}

/** A setting of a namespace's own network stack. */
async function setSystem(namespace: string, name: string, value: number): Promise<void> {
  await ip('netns', 'exec', namespace, 'sh', '-c', `echo ${value} > /proc/sys/${name}`)
}
