/** Whole devices over nets in memory, whose frames a test can see and stop. */

import { randomBytes } from 'node:crypto'
import {
  createMemoryHub,
  createMemoryNet,
  type FrameStream,
  type MemoryHub,
  type Net,
} from '@kithmesh/net'
import { type AccountId, publicKeyOfDevice, signerFromSeed } from '@kithmesh/protocol'
import { onTestFinished } from 'vitest'
import type { KithNode } from '../src/api/node.ts'
import type { NodeOptions } from '../src/api/options.ts'
import { createNode } from '../src/index.ts'
import { nodePlatform } from '../src/platform.node.ts'
import { MEMORY_HOME } from '../src/platform.ts'

/** A frame that a device sends, before it is on its way. */
export interface SeenFrame {
  readonly from: string
  /** Peer id of who it is for. */
  readonly to: string
  readonly protocol: string
  readonly bytes: Uint8Array
}

/** Devices that meet in one hub. */
export interface Devices {
  readonly hub: MemoryHub
  /** `home`: a folder, when a test looks at what is kept there. */
  start(
    name: string,
    options?: Pick<NodeOptions, 'newDevice' | 'clock' | 'scheduler' | 'logger'> & {
      readonly home?: string
    },
  ): Promise<KithNode>
  /** Makes two accounts contacts of each other. */
  acquaint(inviter: KithNode, adder: KithNode): Promise<void>
  /** A peer that is nobody's device. */
  stranger(): Net
  /** The same in the name of a device that is stopped. */
  impersonate(device: KithNode): Net
  /** Where the devices told their nets that others are. */
  readonly told: readonly { readonly peer: string; readonly addresses: readonly string[] }[]
}

/**
 * `onFrame` sees every frame a device sends; what it throws, the sender gets. `lie` says what goes on its way
 * instead: how a hostile device speaks that is otherwise as all are.
 */
export function createDevices(
  onFrame: (frame: SeenFrame) => void = () => undefined,
  lie: (frame: SeenFrame) => readonly Uint8Array[] = ({ bytes }) => [bytes],
): Devices {
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  const told: { readonly peer: string; readonly addresses: readonly string[] }[] = []
  const onAddresses: Net['setAddresses'] = (peer, addresses) => void told.push({ peer, addresses })
  return {
    hub,
    told,
    start: async (name, options = {}) => {
      const node = await createNode({
        home: MEMORY_HOME,
        name,
        ...options,
        network: async (identity) =>
          tapped(createMemoryNet(hub, { identity }), { name, onFrame, lie, onAddresses }),
      })
      onTestFinished(() => node.stop())
      return node
    },
    acquaint: async (inviter, adder) => {
      const { code } = await inviter.contacts.invite()
      await adder.contacts.add(code)
    },
    stranger: () => createMemoryNet(hub, { identity: signerFromSeed(randomBytes(32)) }),
    impersonate: ({ device }) =>
      createMemoryNet(hub, { identity: { publicKey: publicKeyOfDevice(device) } }),
  }
}

export function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

interface Taps {
  readonly name: string
  readonly onFrame: (frame: SeenFrame) => void
  readonly lie: (frame: SeenFrame) => readonly Uint8Array[]
  readonly onAddresses: Net['setAddresses']
}

function tapped(net: Net, { name, onFrame, lie, onAddresses }: Taps): Net {
  const tap = (stream: FrameStream, protocol: string): FrameStream => ({
    ...stream,
    send: async (bytes, options) => {
      const frame = { from: name, to: stream.peer, protocol, bytes }
      onFrame(frame)
      for (const said of lie(frame)) await stream.send(said, options)
    },
  })
  const taps: Pick<Net, 'open' | 'handle' | 'setAddresses'> = {
    open: async (peer, protocol, options) =>
      tap(await net.open(peer, protocol, options), protocol.id),
    handle: (protocol, answer) =>
      net.handle(protocol, (stream) => answer(tap(stream, protocol.id))),
    setAddresses: (peer, addresses) => {
      onAddresses(peer, addresses)
      net.setAddresses(peer, addresses)
    },
  }
  return new Proxy(net, {
    get: (target, key) => {
      if (key === 'open' || key === 'handle' || key === 'setAddresses') return taps[key]
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
