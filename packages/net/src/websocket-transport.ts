import type { MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import type { TransportFactory } from './platform.ts'

/**
 * WebSocket, with connections that really close when they are aborted (rule NET-8). The stock one
 * closes with code 1006, which every WebSocket refuses to send: a refused peer would stay connected
 * and never know, and sockets of refused peers would pile up.
 */
export function webSocketTransport(): TransportFactory {
  const create = webSockets()
  return (components) => {
    const transport = create(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options) =>
      dial(address, { ...options, upgrader: closing(options.upgrader) })
    transport.createListener = (options) =>
      createListener({ ...options, upgrader: closing(options.upgrader) })
    return transport
  }
}

function closing(upgrader: Upgrader): Upgrader {
  return new Proxy(upgrader, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'upgradeInbound' && name !== 'upgradeOutbound') return value.bind(target)
      return (connection: MultiaddrConnection, ...rest: unknown[]) => {
        closeOnAbort(connection)
        return value.call(target, connection, ...rest)
      }
    },
  })
}

function closeOnAbort(connection: MultiaddrConnection): void {
  connection.addEventListener('close', ({ error }) => {
    if (error === undefined || !('websocket' in connection)) return
    const { websocket } = connection
    // Node's server side can drop the socket at once; elsewhere there is only the polite way
    if (hasMethod(websocket, 'terminate')) websocket.terminate()
    else if (hasMethod(websocket, 'close')) websocket.close()
  })
}

function hasMethod<N extends string>(value: unknown, name: N): value is Record<N, () => void> {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
  )
}
