/** A socket with back-pressure, whatever it is made of: all a relay needs to know of the two it joins. */
export interface RawRoad {
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown
  on(event: 'drain' | 'end' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  /** False: it is full, and says `drain` when it is not. */
  write(bytes: Uint8Array): boolean
  pause(): unknown
  resume(): unknown
  /** No more comes from us, behind what was written. */
  end(): unknown
  destroy(): unknown
  /** Breaks the connection instead of ending it, where there is such a difference. */
  resetAndDestroy?(): unknown
  readonly destroyed: boolean
  readonly writableEnded: boolean
  /** Bytes read and not taken, and bytes written and not sent: what it holds in memory. */
  readonly readableLength: number
  readonly writableLength: number
  /** False would end our direction with the other's. */
  allowHalfOpen: boolean
}

/**
 * Called with a socket that presented a ticket, whatever ticket it is. Who is called owns the socket: it is paused, and
 * what it said behind the ticket is the first that can be read from it.
 */
export type Present = (ticket: Uint8Array, road: RawRoad) => void
