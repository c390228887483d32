/** Whole devices over nets in memory, whose frames a test can see and stop. */

import { randomBytes } from 'node:crypto'
import { createMemoryHub, createMemoryNet, type FrameStream, type MemoryHub, type Net } from '@kithmesh/net'
import { type AccountId, signerFromSeed } from '@kithmesh/protocol'
import { onTestFinished } from 'vitest'
import type { KithNode } from '../src/api.ts'
import { createNode } from '../src/index.ts'
import { nodePlatform } from '../src/platform.node.ts'
import { MEMORY_HOME } from '../src/platform.ts'

/** A frame that a device sends, before it is on its way. */
export interface SeenFrame {
  readonly from: string
  readonly protocol: string
  readonly bytes: Uint8Array
}

/** Devices that meet in one hub. */
export interface Devices {
  readonly hub: MemoryHub
  start(name: string): Promise<KithNode>
  /** Makes two accounts contacts of each other. */
  acquaint(inviter: KithNode, adder: KithNode): Promise<void>
  /** A peer that is nobody's device. */
  stranger(): Net
}

/** `onFrame` sees every frame a device sends; what it throws, the sender gets. */
export function createDevices(onFrame: (frame: SeenFrame) => void = () => undefined): Devices {
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  return {
    hub,
    start: async (name) => {
      const node = await createNode({
        home: MEMORY_HOME,
        name,
        network: async (identity) => tapped(createMemoryNet(hub, { identity }), name, onFrame),
      })
      onTestFinished(() => node.stop())
      return node
    },
    acquaint: async (inviter, adder) => {
      const { code } = await inviter.contacts.invite()
      await adder.contacts.add(code)
    },
    stranger: () => createMemoryNet(hub, { identity: signerFromSeed(randomBytes(32)) }),
  }
}

export function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

function tapped(net: Net, from: string, onFrame: (frame: SeenFrame) => void): Net {
  const tap = (stream: FrameStream, protocol: string): FrameStream => ({
    ...stream,
    send: async (bytes, options) => {
      onFrame({ from, protocol, bytes })
      await stream.send(bytes, options)
    },
  })
  const taps: Pick<Net, 'open' | 'handle'> = {
    open: async (peer, protocol, options) => tap(await net.open(peer, protocol, options), protocol.id),
    handle: (protocol, answer) => net.handle(protocol, (stream) => answer(tap(stream, protocol.id))),
  }
  return new Proxy(net, {
    get: (target, key) => {
      if (key === 'open' || key === 'handle') return taps[key]
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
