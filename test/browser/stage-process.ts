/** The process beside the page: a relay and the devices that other people, or oneself, run in Node. */

import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AccountId, createNode, type KithNode, type MessageId } from '@kithmesh/node'
import { createRelay, type Relay } from 'kith-relay'
import type { StageCall, StageReply } from './stage-command.ts'

const folder = await mkdtemp(join(tmpdir(), 'kith-page-'))
const devices = new Map<string, KithNode>()
let relay: Relay | undefined

/** What a page can ask for. */
const calls = {
  /** Addresses of the relay, started when it is not yet. */
  relay: async () => (await openRelay()).addresses,
  start: async (name: string, { lan }: { lan: boolean }) => {
    const { addresses } = await openRelay()
    const key = `${name}-${devices.size}`
    const device = await createNode({
      home: join(folder, key),
      name,
      lan,
      relays: addresses.filter((address) => /\/tcp\/\d+\/p2p\//.test(address)),
      ...(lan ? { listen: ['/ip4/127.0.0.1/tcp/0/ws'] } : {}),
    })
    devices.set(key, device)
    return { key, device: device.device, account: accountOf(device) }
  },
  link: async (name: string, code: string) => {
    const states: string[] = []
    const device = await deviceOf(name).devices.link(code, {
      confirm: async ({ distance }) => states.push(distance) > 0,
      far: true,
      onState: ({ state }) => states.push(state),
    })
    return { device, states }
  },
  invite: async (name: string) => (await deviceOf(name).contacts.invite()).code,
  add: (name: string, code: string) => deviceOf(name).contacts.add(code),
  contacts: (name: string) => deviceOf(name).contacts.list(),
  rename: (name: string, contact: AccountId, as: string) =>
    deviceOf(name).contacts.rename(contact, as),
  send: async (name: string, to: AccountId, text: string) =>
    (await deviceOf(name).messages.send(to, { text })).message,
  messages: (name: string, contact: AccountId) => deviceOf(name).messages.list(contact),
  star: (name: string, message: MessageId) => deviceOf(name).starred.add(message),
  unstar: (name: string, message: MessageId) => deviceOf(name).starred.remove(message),
  starred: (name: string) => deviceOf(name).starred.list(),
  devices: (name: string) => deviceOf(name).devices.list(),
  addresses: async (name: string) => deviceOf(name).addresses(),
}

export type StageCalls = typeof calls

async function openRelay(): Promise<Relay> {
  relay ??= await createRelay({
    home: join(folder, 'relay'),
    listen: [
      '/ip4/127.0.0.1/tcp/0',
      '/ip4/127.0.0.1/tcp/0/ws',
      '/ip4/127.0.0.1/udp/0/webrtc-direct',
    ],
    admin: 'off',
    stun: 'off',
  })
  return relay
}

function deviceOf(name: string): KithNode {
  const device = devices.get(name)
  if (device === undefined) throw new Error(`no device called ${name} was started`)
  return device
}

function accountOf({ account }: KithNode): AccountId {
  if (account === undefined) throw new Error('a device without an account')
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
