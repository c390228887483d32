/** A connection between two simulated devices, which either end may take for alive while it is not. */

import type { FrameStream, NetProtocol, PeerIdText } from '@kithmesh/net'
import { NetError } from '../../../packages/net/src/errors.ts'
import type { Carry } from './half.ts'
import type { SimNet } from './net.ts'
import type { Network } from './network.ts'
import { createStream, type StreamEnd } from './stream.ts'
import { delayOf, noticedAfter } from './weather.ts'

/** One connection; two devices may have more than one. */
export interface Connection {
  /** A stream to the other end of `from`. @throws ERR_PROTOCOL_UNSUPPORTED, ERR_UNREACHABLE */
  open(from: SimNet, protocol: NetProtocol): Promise<FrameStream>
  otherThan(net: SimNet): SimNet
  /** Nothing comes through any more. `silent`: each end notices for itself, later. */
  break(how: 'told' | 'silent'): void
  /** The machine of one end is off: the other end notices later. */
  leave(net: SimNet): void
}

/** Connects two devices that are on and reach each other. */
export function connect(network: Network, a: SimNet, b: SimNet): Connection {
  const { time, random, weather } = network
  const ends = new Map<SimNet, Set<StreamEnd>>([
    [a, new Set()],
    [b, new Set()],
  ])
  let isAlive = true

  const connection: Connection = {
    otherThan: (net) => (net === a ? b : a),
    break: (how) => {
      if (!isAlive) return
      isAlive = false
      for (const net of [a, b]) notice(net, how === 'told' ? 0 : noticedAfter(random))
    },
    leave: (net) => {
      const wasAlive = isAlive
      isAlive = false
      ends.delete(net)
      if (wasAlive) notice(connection.otherThan(net), net.isOn() ? 0 : noticedAfter(random))
    },
    open,
  }

  /** One end learns that the connection is gone. */
  function notice(net: SimNet, ms: number): void {
    time.at(ms, () => {
      const streams = ends.get(net)
      if (streams === undefined || !net.isOn()) return
      ends.delete(net)
      for (const end of streams) end.lose()
      net.lost(connection)
    })
  }

  /** Frames of one direction of one stream: in order, and gone with the connection. */
  function carrier(from: PeerIdText, to: PeerIdText, protocol: NetProtocol): Carry {
    let last = 0
    return (frame, arrive) => {
      last = Math.max(last, time.now() + delayOf(weather, random))
      if (frame !== undefined && random.chance(weather.resets)) return connection.break('silent')
      time.at(last - time.now(), () => {
        if (!isAlive) return
        if (frame !== undefined) network.carried(from, to, protocol.id, frame)
        arrive()
      })
    }
  }

  async function open(from: SimNet, protocol: NetProtocol): Promise<FrameStream> {
    const to = connection.otherThan(from)
    await new Promise<void>((resolve) => time.at(delayOf(weather, random), resolve))
    if (!ends.has(from)) throw new NetError('ERR_UNREACHABLE', 'The connection was lost')
    // Nobody answers over a connection that only looks alive.
    if (!isAlive) return silence(from)
    const served = to.servedFor(protocol.id)
    if (served === undefined) {
      throw new NetError('ERR_PROTOCOL_UNSUPPORTED', `It does not answer ${protocol.id}`)
    }
    const pair = createStream({
      opener: from.peer,
      answerer: to.peer,
      path: network.pathOf(from.peer, to.peer),
      protocols: { opener: protocol, answerer: served.protocol },
      there: carrier(from.peer, to.peer, protocol),
      back: carrier(to.peer, from.peer, protocol),
    })
    hold(from, pair.opener)
    const open = [...(ends.get(to) ?? [])].filter((end) => end.isOpen).length
    if (open >= MAX_STREAMS) {
      pair.answerer.stream.abort(new NetError('ERR_TOO_MANY_STREAMS', 'Too many streams'))
    } else {
      hold(to, pair.answerer)
      void to.answer(served, pair.answerer)
    }
    return pair.opener.stream
  }

  /** What was asked over a dead connection fails when its death is noticed. */
  function silence(from: SimNet): Promise<never> {
    return new Promise((_, reject) => {
      const end: StreamEnd = {
        stream: NO_STREAM,
        isOpen: true,
        dropIncoming: () => undefined,
        lose: () => reject(new NetError('ERR_UNREACHABLE', 'The connection was lost')),
      }
      hold(from, end)
    })
  }

  function hold(net: SimNet, end: StreamEnd): void {
    const held = ends.get(net)
    if (held === undefined) return end.lose()
    for (const one of held) if (!one.isOpen) held.delete(one)
    held.add(end)
  }

  return connection
}

/** Streams of one connection at one end; far more than the limits of all protocols together. */
const MAX_STREAMS = 64

const NO_STREAM: FrameStream = {
  peer: '',
  path: 'lan',
  incoming: (async function* () {})(),
  send: async () => {},
  close: async () => {},
  abort: () => undefined,
}
