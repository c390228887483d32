/** What a page under test has beside it: relays and devices in Node, asked over vitest's own channel. */

import type { AccountId, DeviceId } from '@kithmesh/node'
import { commands } from 'vitest/browser'
import type { StageCalls } from './stage-process.ts'

declare module 'vitest/browser' {
  interface BrowserCommands {
    stage(name: string, args: readonly unknown[]): Promise<unknown>
  }
}

/** A relay of its own for a test. */
export interface StageRelay {
  readonly addresses: readonly string[]
  /** The addresses of one kind, by a part of their text. */
  over(transport: '/ws/' | '/webrtc-direct/'): readonly string[]
  /** Roads it has spliced now. */
  splices(): Promise<number>
  /** Only without webrtc-direct (stage-process.ts says why). */
  close(): Promise<void>
  /** Starts it again where it was. */
  reopen(): Promise<void>
}

/** A device in Node: the first of its account. */
export interface StageDevice {
  readonly device: DeviceId
  readonly account: AccountId
  ask<N extends keyof StageCalls>(name: N, ...args: Rest<Parameters<StageCalls[N]>>): Answer<N>
}

type Answer<N extends keyof StageCalls> = Promise<Awaited<ReturnType<StageCalls[N]>>>
type Rest<T extends readonly unknown[]> = T extends [unknown, ...infer R] ? R : []

export async function openRelay({
  webrtc = false,
}: {
  readonly webrtc?: boolean
} = {}): Promise<StageRelay> {
  const { home, addresses } = await ask('openRelay', [{ webrtc }])
  return {
    addresses,
    over: (transport) => addresses.filter((address) => address.includes(transport)),
    splices: () => ask('splices', [home]),
    close: () => ask('closeRelay', [home]),
    reopen: () => ask('reopenRelay', [home]),
  }
}

/** Over TCP, so that only the page is a page; with `lan` it also listens to WebSockets on loopback. */
export async function openDevice(
  name: string,
  { relay, lan = false }: { readonly relay: StageRelay; readonly lan?: boolean },
): Promise<StageDevice> {
  const relays = relay.addresses.filter((address) => /\/tcp\/\d+\/p2p\//.test(address))
  const { key, device, account } = await ask('openDevice', [name, { relays, lan }])
  return { device, account, ask: (call, ...args) => ask(call, [key, ...args]) }
}

/** Both ends of the channel are this file and stage-process.ts, whose types say what travels. */
async function ask<N extends keyof StageCalls>(name: N, args: readonly unknown[]): Answer<N> {
  return (await commands.stage(name, args)) as Awaited<Answer<N>>
}
