import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Stream } from '@libp2p/interface'
import type { Pipe } from './contender.ts'

/** A socket as a pipe. */
export function socketPipe(socket: Socket): Pipe {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  return {
    write: (bytes) => socket.write(bytes),
    drained: async () => void (await once(socket, 'drain')),
    onBytes: (listener) => void socket.on('data', listener).resume(),
    stopReading: () => void socket.pause(),
  }
}

/** A stream of libp2p as a pipe. */
export function streamPipe(stream: Stream): Pipe {
  return {
    write: (bytes) => stream.send(bytes),
    drained: () => new Promise((resolve) => onceOn(stream, 'drain', resolve)),
    onBytes: (listener) =>
      stream.addEventListener('message', ({ data }) => listener(data.subarray())),
    stopReading: () => stream.pause(),
  }
}

function onceOn(stream: Stream, type: 'drain', then: () => void): void {
  stream.addEventListener(type, () => then(), { once: true })
}
