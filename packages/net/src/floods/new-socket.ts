/** A socket of which nothing is known but where it comes from. */
export interface NewSocket {
  readonly remoteAddress?: string | undefined
  /** Cuts it off on the spot. */
  destroy(): void
}

/**
 * Asked about each socket before a byte of it is read. Undefined refuses it; otherwise the result is
 * called once, when libp2p has taken the socket over or it is gone.
 */
export type Admit = (socket: NewSocket) => (() => void) | undefined
