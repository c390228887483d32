import type { StreamMuxerFactory } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'
import { methodOf } from './method-of.ts'

/** What makes the multiplexing of a host. */
type MuxerFactory = NonNullable<Libp2pOptions['streamMuxers']>[number]

/**
 * Yamux that renews the window of a stream when half of it is used (rule NET-5), as other implementations do
 * (https://github.com/hashicorp/yamux/blob/master/stream.go, `sendWindowUpdate`). @chainsafe/libp2p-yamux 8.0.1 does so
 * with every frame that comes: each small message cost a second one, sealed and opened, in the other direction, and
 * round trips of 200 bytes took half as long again.
 */
export function sparingWindows(create: MuxerFactory): MuxerFactory {
  return (components) => {
    const factory: StreamMuxerFactory = create(components)
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => {
      const muxer = createStreamMuxer(connection)
      const newStream = methodOf(muxer, '_newStream', YAMUX)
      Reflect.set(muxer, '_newStream', (...given: readonly unknown[]) => {
        const stream: object = Reflect.apply(newStream, muxer, given)
        spareWindow(stream)
        return stream
      })
      return muxer
    }
    return factory
  }
}

const YAMUX = '@chainsafe/libp2p-yamux'

/** The first is never left out: it opens the stream, or says that it was opened. */
function spareWindow(stream: object): void {
  const sendWindowUpdate = methodOf(stream, 'sendWindowUpdate', YAMUX)
  let isOpened = false
  Reflect.set(stream, 'sendWindowUpdate', () => {
    const whole: unknown = Reflect.get(stream, 'recvWindow')
    const left: unknown = Reflect.get(stream, 'recvWindowCapacity')
    const isWideOpen =
      typeof whole === 'number' && typeof left === 'number' && 2 * left > whole && isOpened
    isOpened = true
    if (!isWideOpen) Reflect.apply(sendWindowUpdate, stream, [])
  })
}
