import type { MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { NetError } from '../errors.ts'
import type { TransportFactory } from '../platform.ts'

/**
 * WebRTC between two peers, without connections that never came to be (rule NET-51).
 *
 * `readCandidatesUntilConnected` of @libp2p/webrtc 6.0.33 swallows it when ICE fails, or when the other side
 * gave up: unless its own time is over too, a connection is announced that leads nowhere, and whatever is
 * opened over it waits for nothing. Between two symmetric NATs that is the rule.
 */
export function webRtcTransport(create: TransportFactory): TransportFactory {
  return (components) => {
    const transport = create(
      new Proxy(components, {
        get: (target, name) =>
          name === 'upgrader' ? connectedOnly(target.upgrader) : Reflect.get(target, name),
      }),
    )
    const dial = transport.dial.bind(transport)
    transport.dial = (address, options) =>
      dial(address, { ...options, upgrader: connectedOnly(options.upgrader) })
    return transport
  }
}

function connectedOnly(upgrader: Upgrader): Upgrader {
  return new Proxy(upgrader, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'upgradeInbound' && name !== 'upgradeOutbound') return value.bind(target)
      return async (connection: MultiaddrConnection, ...rest: unknown[]) => {
        if (isConnected(connection)) return value.call(target, connection, ...rest)
        throw new NetError('ERR_UNREACHABLE', 'The two found no way through their networks')
      }
    },
  })
}

function isConnected(connection: MultiaddrConnection): boolean {
  if (!('peerConnection' in connection)) return false
  const { peerConnection } = connection
  return (
    typeof peerConnection === 'object' &&
    peerConnection !== null &&
    Reflect.get(peerConnection, 'connectionState') === 'connected'
  )
}
