import { type Transport, transportSymbol } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { NetError } from '../errors.ts'
import type { TransportFactory } from '../platform.ts'

/** A transport that is not there yet. */
export interface LateTransport {
  /** Its name in libp2p. */
  readonly tag: string
  /** Whether it is for an address. */
  matches(address: Multiaddr): boolean
  /** Loads it; undefined where it cannot be had. */
  load(): Promise<TransportFactory | undefined>
}

/** A transport that is loaded when it is dialled by for the first time. It cannot be listened on. */
export function dialledLate({ tag, matches, load }: LateTransport): TransportFactory {
  return (components) => {
    let loading: Promise<Transport | undefined> | undefined
    return {
      [transportSymbol]: true,
      [Symbol.toStringTag]: tag,
      dialFilter: (addresses) => addresses.filter(matches),
      listenFilter: () => [],
      createListener: () => {
        throw new NetError('ERR_ADDRESS', `This host does not listen by ${tag}`)
      },
      dial: async (address, options) => {
        loading ??= load().then((create) => create?.(components))
        const transport = await loading
        if (transport !== undefined) return transport.dial(address, options)
        throw new NetError('ERR_UNREACHABLE', `This machine cannot dial by ${tag}`)
      },
    }
  }
}
