import type { MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import type { Admit } from '../floods/new-socket.ts'
import { guardedListener, MAX_HTTP_HEADER_BYTES } from '../floods/websocket-door.ts'
import type { TransportFactory } from '../platform.ts'

/**
 * WebSocket, with connections that really close when they are aborted (rule NET-8). The stock one
 * closes with code 1006, which every WebSocket refuses to send: a refused peer would stay connected
 * and never know, and sockets of refused peers would pile up.
 */
export function webSocketTransport({ admit }: { readonly admit?: Admit } = {}): TransportFactory {
  const create = webSockets({ http: { maxHeaderSize: MAX_HTTP_HEADER_BYTES } })
  return (components) => {
    const transport = create(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options) =>
      dial(address, { ...options, upgrader: closing(options.upgrader) })
    transport.createListener = (options) =>
      guardedListener(createListener({ ...options, upgrader: closing(options.upgrader) }), admit)
    return transport
  }
}

function closing(upgrader: Upgrader): Upgrader {
  return new Proxy(upgrader, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'upgradeInbound' && name !== 'upgradeOutbound') return value.bind(target)
      return async (connection: MultiaddrConnection, ...rest: unknown[]) => {
        closeOnAbort(connection)
        try {
          return await value.call(target, connection, ...rest)
        } catch (error) {
          // libp2p closes it politely, for which a silent peer lets us wait half a minute
          drop(connection)
          throw error
        }
      }
    },
  })
}

function closeOnAbort(connection: MultiaddrConnection): void {
  connection.addEventListener('close', ({ error }) => {
    if (error !== undefined) drop(connection)
  })
  // a broken or oversized frame is an error of the WebSocket, which ends the process where nobody listens
  if ('websocket' in connection && connection.websocket instanceof Object) {
    const { websocket } = connection
    if (hasMethod(websocket, 'addEventListener')) {
      Reflect.apply(websocket.addEventListener, websocket, ['error', () => drop(connection)])
    }
  }
}

function drop(connection: MultiaddrConnection): void {
  if (!('websocket' in connection)) return
  const { websocket } = connection
  // Node's server side can drop the socket at once; elsewhere there is only the polite way
  if (hasMethod(websocket, 'terminate')) websocket.terminate()
  else if (hasMethod(websocket, 'close')) websocket.close()
}

function hasMethod<N extends string>(value: unknown, name: N): value is Record<N, () => void> {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
  )
}
