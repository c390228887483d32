import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DemoDevice, startDevice } from './device.ts'
import { type DemoRelay, startRelay } from './relay.ts'

/** Everything that runs while the demonstration does. */
export interface Scene {
  readonly folder: string
  relay: DemoRelay
  phone: DemoDevice
  readonly laptop: DemoDevice
  readonly ben: DemoDevice
  /** Starts Ada's phone again from its disk. */
  restartPhone(): Promise<void>
  /** Starts the relay again at the address it had. */
  restartRelay(): Promise<void>
  end(): Promise<void>
}

/** Told of each step when it is done. */
export type OnStep = (step: string, ms: number) => void

/** Where Ada's devices find each other; Ben is elsewhere and has the relay only. */
const ADA = { lan: true, listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'] } as const
const BEN = { lan: false } as const

/** Runs the story with real parts: a relay process, three device processes, and what people do. */
export async function playStory(onStep: OnStep): Promise<Scene> {
  const step = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const from = performance.now()
    const result = await run()
    onStep(name, Math.round(performance.now() - from))
    return result
  }
  const folder = await mkdtemp(join(tmpdir(), 'kith-demo-'))
  const relayHome = join(folder, 'relay')
  const relay = await step('relay', () => startRelay(relayHome, ANY_PORT))
  const relays = relay.addresses.filter(isTcp)

  const at = (name: string, home: string, place: typeof ADA | typeof BEN, newDevice: boolean) =>
    startDevice({ home: join(folder, home), name, relays, newDevice, ...place })
  const startPhone = (): Promise<DemoDevice> => at('Ada', 'ada-phone', ADA, false)
  const [phone, laptop, ben] = await step('devices', () =>
    Promise.all([
      startPhone(),
      at('laptop', 'ada-laptop', ADA, true),
      at('Ben', 'ben-phone', BEN, false),
    ]),
  )

  await step('link', async () => phone.link(await laptop.offer(), 'near'))
  const benId = await step('contact', async () => {
    await ben.addContact(await phone.invite(), 'Ada')
    return ben.account()
  })
  await step('rename', async () => {
    await phone.rename(benId, 'Ben from work')
    await until(async () => (await laptop.contacts()).some(({ name }) => name === 'Ben from work'))
  })
  const message = await step('message', () => phone.send(benId, 'Hi Ben, dinner at eight?'))
  await step('reply', async () => {
    await ben.send(await phone.account(), 'Gladly. I bring the wine.')
    await until(async () => (await laptop.messages(benId)).length === 2)
  })
  await step('star', async () => {
    await laptop.star(message)
    await until(async () => (await phone.starred()).length === 1)
  })

  const scene: Scene = {
    folder,
    relay,
    phone,
    laptop,
    ben,
    restartPhone: async () => {
      scene.phone = await startPhone()
    },
    restartRelay: async () => {
      scene.relay = await startRelay(relayHome, relay.addresses.filter(isLoopback).map(withoutPeer))
    },
    end: async () => {
      await Promise.all([scene.phone.end(), laptop.end(), ben.end()])
      await scene.relay.end()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return scene
}

const ANY_PORT = [
  '/ip4/127.0.0.1/tcp/0',
  '/ip4/127.0.0.1/tcp/0/ws',
  '/ip4/127.0.0.1/udp/0/webrtc-direct',
]

function isTcp(address: string): boolean {
  return /\/tcp\/\d+\/p2p\//.test(address)
}

function isLoopback(address: string): boolean {
  return address.startsWith('/ip4/127.0.0.1/')
}

function withoutPeer(address: string): string {
  return address.replace(/\/(certhash|p2p)\/.*$/, '')
}

/** Asks until it is so; what is waited for happens in another process. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('the other device did not see it in time')
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

const PATIENCE_MS = 15_000
const POLL_MS = 5
