/** The process beside the pages under test: relays, and the devices that people run in Node. */

import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AccountId, createNode, type KithNode, type MessageId } from '@kithmesh/node'
import { createRelay, type Relay } from 'kith-relay'
import type { StageCall, StageReply } from './stage-command.ts'

const folder = await mkdtemp(join(tmpdir(), 'kith-pages-'))
const relays = new Map<string, Relay>()
const devices = new Map<string, KithNode>()
let opened = 0

/** What a page can ask for; each call of a device begins with the key that `openDevice` gave. */
const calls = {
  openRelay: async ({ webrtc }: { webrtc: boolean }) => {
    const home = join(folder, `relay-${++opened}`)
    const ports = ['tcp/0', 'tcp/0/ws', ...(webrtc ? ['udp/0/webrtc-direct'] : [])]
    const { addresses } = await startRelay(home, ports)
    return { home, addresses }
  },
  /** Roads it has spliced now. */
  splices: (home: string) => relayAt(home).status().splices,
  closeRelay: async (home: string) => relayAt(home).stop(),
  /** Starts it again at the TCP ports it had. */
  reopenRelay: async (home: string) => {
    const ports = relayAt(home).addresses.flatMap((text) => /tcp\/\d+(?:\/ws)?/.exec(text) ?? [])
    await startRelay(home, ports)
  },
  /** The first device of a new account. */
  openDevice: async (name: string, options: { relays: readonly string[]; lan: boolean }) => {
    const key = `${name}-${++opened}`
    const listen = options.lan ? { listen: ['/ip4/127.0.0.1/tcp/0/ws'] } : {}
    const device = await createNode({ home: join(folder, key), name, ...options, ...listen })
    devices.set(key, device)
    return { key, device: device.device, account: accountOf(device) }
  },
  link: async (key: string, code: string) => {
    const seen: string[] = []
    await deviceAt(key).devices.link(code, {
      far: true,
      confirm: async ({ name, kind, distance }) => seen.push(name, kind, distance) > 0,
    })
    return seen
  },
  invite: async (key: string) => (await deviceAt(key).contacts.invite()).code,
  add: (key: string, code: string) => deviceAt(key).contacts.add(code),
  contacts: (key: string) => deviceAt(key).contacts.list(),
  rename: (key: string, contact: AccountId, name: string) =>
    deviceAt(key).contacts.rename(contact, name),
  send: async (key: string, to: AccountId, text: string) =>
    (await deviceAt(key).messages.send(to, { text })).message,
  messages: (key: string, contact: AccountId) => deviceAt(key).messages.list(contact),
  star: (key: string, message: MessageId) => deviceAt(key).starred.add(message),
  unstar: (key: string, message: MessageId) => deviceAt(key).starred.remove(message),
  starred: (key: string) => deviceAt(key).starred.list(),
  devices: (key: string) => deviceAt(key).devices.list(),
}

/** The calls as a page sees them. */
export type StageCalls = typeof calls

async function startRelay(home: string, ports: readonly string[]): Promise<Relay> {
  const relay = await createRelay({
    home,
    listen: ports.map((port) => `/ip4/127.0.0.1/${port}`),
    admin: 'off',
    stun: 'off',
    open: true,
  })
  relays.set(home, relay)
  return relay
}

function relayAt(home: string): Relay {
  const relay = relays.get(home)
  if (relay === undefined) throw new Error(`no relay was opened at ${home}`)
  return relay
}

function deviceAt(key: string): KithNode {
  const device = devices.get(key)
  if (device === undefined) throw new Error(`no device ${key} was opened`)
  return device
}

function accountOf({ account }: KithNode): AccountId {
  if (account === undefined) throw new Error('a first device has an account')
  return account
}

process.on('message', (call: StageCall) => void answer(call))
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true })
  process.exit()
})

async function answer({ id, name, args }: StageCall): Promise<void> {
  const call = new Map<string, unknown>(Object.entries(calls)).get(name)
  try {
    if (typeof call !== 'function') throw new Error(`no call is named ${name}`)
    reply({ id, value: await call(...args) })
  } catch (error) {
    reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

function reply(message: StageReply): void {
  process.send?.(message)
}
