/** Every simulated device that is on, and who is connected with whom. */

import type { FrameStream, PeerIdText } from '@kithmesh/net'
import type { Clock } from '@kithmesh/protocol'
import type { Random } from '../ground/random.ts'
import type { VirtualTime } from '../ground/time.ts'
import { type Connection, connect } from './connection.ts'
import { SimNet } from './net.ts'
import { createPartition, delayOf, type Weather } from './weather.ts'

/** What a network is made from. */
export interface NetworkParts {
  readonly time: VirtualTime
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly weather: Weather
  /** Sees each frame as it arrives. */
  readonly carried: (from: PeerIdText, to: PeerIdText, protocol: string, frame: Uint8Array) => void
}

/** The network of a world. */
export interface Network extends NetworkParts {
  /** Puts a device on it. */
  join(peer: PeerIdText, isOn: () => boolean): SimNet
  leave(net: SimNet): void
  /** Only peers of one group reach each other. */
  split(groups: readonly (readonly PeerIdText[])[], how: 'told' | 'silent'): void
  heal(): void
  /** Breaks the connections of two peers; they may connect again at once. */
  cut(a: PeerIdText, b: PeerIdText, how: 'told' | 'silent'): void
  /** Connects who wants to be, after a while. */
  settle(): void
  dial(from: SimNet, peer: PeerIdText): Promise<Connection | undefined>
  pathOf(a: PeerIdText, b: PeerIdText): FrameStream['path']
}

/** Longest time until a device dials again what it lost or what came back, ms. */
const REDIAL_MS = 2_000

/** A network where everybody reaches everybody. */
export function createNetwork(parts: NetworkParts): Network {
  const { time, random, weather } = parts
  const nets = new Map<PeerIdText, SimNet>()
  const partition = createPartition()
  const dialling = new Set<string>()

  const network: Network = {
    ...parts,
    join: (peer, isOn) => {
      const net = new SimNet(network, peer, isOn)
      nets.set(peer, net)
      settle()
      return net
    },
    leave: (net) => {
      if (nets.get(net.peer) === net) nets.delete(net.peer)
    },
    split: (groups, how) => {
      partition.split(groups)
      for (const net of nets.values()) {
        for (const one of net.connections()) {
          if (!partition.areTogether(net.peer, one.otherThan(net).peer)) one.break(how)
        }
      }
      settle()
    },
    heal: () => {
      partition.split([])
      settle()
    },
    cut: (a, b, how) => {
      for (const one of nets.get(a)?.connections() ?? []) {
        if (one.otherThan(required(nets.get(a))).peer === b) one.break(how)
      }
    },
    settle,
    dial: async (from, peer) => {
      await new Promise<void>((resolve) => time.at(2 * delayOf(weather, random), resolve))
      return connectNow(from, peer)
    },
    pathOf: () => 'lan',
  }

  function settle(): void {
    for (const net of nets.values()) {
      for (const peer of net.kept()) dialLater(net, peer)
    }
  }

  /** Keeps dialling: whoever comes back is found again within the time of a redial. */
  function dialLater(net: SimNet, peer: PeerIdText): void {
    const pair = net.peer < peer ? `${net.peer} ${peer}` : `${peer} ${net.peer}`
    if (dialling.has(pair) || !mayConnect(net, peer) || net.connected().includes(peer)) return
    dialling.add(pair)
    time.at(random.below(REDIAL_MS), () => {
      dialling.delete(pair)
      if (!net.isOn() || !net.kept().includes(peer) || net.connected().includes(peer)) return
      connectNow(net, peer)
      if (random.chance(weather.twice)) connectNow(net, peer)
    })
  }

  function mayConnect(net: SimNet, peer: PeerIdText): boolean {
    const other = nets.get(peer)
    if (other === undefined || other === net || !net.isOn() || !other.isOn()) return false
    if (nets.get(net.peer) !== net || !partition.areTogether(net.peer, peer)) return false
    return !net.refuses(peer) && !other.refuses(net.peer)
  }

  function connectNow(net: SimNet, peer: PeerIdText): Connection | undefined {
    const other = nets.get(peer)
    if (other === undefined || !mayConnect(net, peer)) return undefined
    const connection = connect(network, net, other)
    net.welcome(peer, connection)
    other.welcome(net.peer, connection)
    return connection
  }

  return network
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not part of this network')
  return value
}
