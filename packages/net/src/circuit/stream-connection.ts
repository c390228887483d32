import type { AbortOptions, Stream } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Uint8ArrayList } from 'uint8arraylist'

/** A circuit: a stream to a relay that carries a whole connection, with its back-pressure. */
export class StreamConnection extends AbstractMultiaddrConnection {
  readonly #stream: Stream

  constructor(stream: Stream, remoteAddr: Multiaddr) {
    super({ log: stream.log, direction: stream.direction, remoteAddr })
    this.#stream = stream
    stream.addEventListener('message', ({ data }) => this.onData(data))
    stream.addEventListener('drain', () => this.safeDispatchEvent('drain'))
    stream.addEventListener('close', ({ error }) => this.onTransportClosed(error))
    stream.addEventListener('remoteCloseWrite', () => this.#endWithPeer())
  }

  override sendData(data: Uint8ArrayList): SendResult {
    return { sentBytes: data.byteLength, canSendMore: this.#stream.send(data) }
  }

  override async sendClose(options?: AbortOptions): Promise<void> {
    await this.#stream.close(options)
  }

  override sendReset(error: Error): void {
    this.#stream.abort(error)
  }

  override sendPause(): void {
    if (this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  override sendResume(): void {
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
  }

  /** A connection has no half: when the peer ends its direction, ours ends too. */
  #endWithPeer(): void {
    this.onRemoteCloseWrite()
    this.close().catch((error: Error) => this.abort(error))
  }
}
