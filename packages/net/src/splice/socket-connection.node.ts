import type { Socket } from 'node:net'
import type { AbortOptions } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import type { RoadEnds } from './road.ts'

/** Fewer bytes than this are copied together. */
const COPIED_BYTES = 8 * 1024

/** A TCP socket that leads to the other device, with its back-pressure. It joins writes by itself (rule NET-19). */
export class SocketConnection extends AbstractMultiaddrConnection {
  readonly joinsWrites: boolean = true
  readonly #socket: Socket

  constructor(socket: Socket, ends: RoadEnds) {
    super(ends)
    this.#socket = socket
    socket.on('data', (bytes) => this.onData(bytes))
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    socket.on('error', (error) => this.abort(error))
    socket.once('end', () => this.onTransportClosed())
    socket.once('close', () => this.onTransportClosed())
    if (socket.destroyed) queueMicrotask(() => this.onTransportClosed())
  }

  /** One system call, however many pieces the data is in: a copy where that costs less than to tell the kernel of each. */
  override sendData(data: Uint8ArrayList): SendResult {
    const sentBytes = data.byteLength
    if (sentBytes < COPIED_BYTES)
      return { sentBytes, canSendMore: this.#socket.write(data.subarray()) }
    this.#socket.cork()
    let canSendMore = true
    for (const piece of data) canSendMore = this.#socket.write(piece)
    this.#socket.uncork()
    return { sentBytes, canSendMore }
  }

  override async sendClose({ signal }: AbortOptions = {}): Promise<void> {
    if (this.#socket.destroyed) return
    const closed = Promise.withResolvers<void>()
    const onAbort = (): void => closed.reject(signal?.reason)
    this.#socket.once('close', () => closed.resolve())
    signal?.addEventListener('abort', onAbort)
    this.#socket.destroySoon()
    await closed.promise.finally(() => signal?.removeEventListener('abort', onAbort))
  }

  override sendReset(): void {
    // behind an end there is no reset any more (https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_close_reset)
    if (this.#socket.writableEnded) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  override sendPause(): void {
    this.#socket.pause()
  }

  override sendResume(): void {
    this.#socket.resume()
  }
}
