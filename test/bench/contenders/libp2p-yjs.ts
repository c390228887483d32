import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import * as Y from 'yjs'
import type { Contender, Origin, Sibling } from './contender.ts'
import { edit, fill, watch } from './yjs-document.ts'

/**
 * What somebody builds in a day from the same parts as ours: libp2p over TCP, Noise and yamux as they come, and on
 * one stream a state vector and Yjs updates. The line is encrypted; nothing is signed, sealed or kept on disk.
 */
export const libp2pYjs: Contender = { origin, sibling }

const PROTOCOL = '/yjs/1'

type Libp2p = Awaited<ReturnType<typeof createLibp2p>>
type Stream = Awaited<ReturnType<Libp2p['dialProtocol']>>

function origin(): Origin {
  const doc = new Y.Doc()
  let held = 0
  return {
    start: async ({ records }) => {
      held = records
      fill(doc, records)
      const node = await start(['/ip4/127.0.0.1/tcp/0'])
      await node.handle(PROTOCOL, (stream) => {
        const write = writer(stream)
        readFrames(stream, (stateVector) => {
          write(Y.encodeStateAsUpdate(doc, stateVector))
          doc.on('update', write)
        })
      })
      return String(node.getMultiaddrs()[0])
    },
    edit: (n) => edit(doc, n, held),
  }
}

function sibling(): Sibling {
  const doc = new Y.Doc()
  return {
    start: async ({ where }, sights) => {
      watch(doc, sights)
      const node = await start([])
      const stream = await node.dialProtocol(multiaddr(where), PROTOCOL)
      readFrames(stream, (update) => Y.applyUpdate(doc, update))
      writer(stream)(Y.encodeStateVector(doc))
    },
  }
}

function start(listen: readonly string[]): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
  })
}

/** Writes frames one after another, and waits where the stream says so. */
function writer(stream: Stream): (frame: Uint8Array) => void {
  const waiting: Uint8Array[] = []
  let isWriting = false
  const writeAll = async (): Promise<void> => {
    isWriting = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!stream.send(next)) await stream.onDrain()
    }
    isWriting = false
  }
  return (frame) => {
    waiting.push(withLength(frame))
    if (!isWriting) void writeAll()
  }
}

function withLength(frame: Uint8Array): Uint8Array {
  const framed = new Uint8Array(LENGTH_BYTES + frame.length)
  new DataView(framed.buffer).setUint32(0, frame.length)
  framed.set(frame, LENGTH_BYTES)
  return framed
}

const LENGTH_BYTES = 4

function readFrames(stream: Stream, read: (frame: Uint8Array) => void): void {
  let parts: Uint8Array[] = []
  let held = 0
  stream.addEventListener('message', ({ data }) => {
    const chunk = data.subarray()
    parts.push(chunk)
    held += chunk.length
    // Joined once a frame is whole, not with each chunk of it.
    if (held < LENGTH_BYTES || held < lengthOf(joined(parts.slice(0, LENGTH_BYTES)))) return
    let rest = joined(parts)
    while (rest.length >= LENGTH_BYTES && rest.length >= lengthOf(rest)) {
      read(rest.subarray(LENGTH_BYTES, lengthOf(rest)))
      rest = rest.subarray(lengthOf(rest))
    }
    parts = rest.length === 0 ? [] : [rest]
    held = rest.length
  })
}

/** Of the whole frame at the beginning of these bytes. */
function lengthOf(bytes: Uint8Array): number {
  return LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  return Uint8Array.from(Buffer.concat(parts))
}
