/** What a relay says an account used on one day, proved by its signature (RLY-45). */
export interface RelayUsage {
  /** Peer id of the relay. */
  readonly relay: string
  /** The day, UTC, as `2026-11-22`. */
  readonly day: string
  /** Bytes forwarded for the account, both ways. */
  readonly bytes: number
  /** Circuits and splices opened for it. */
  readonly circuits: number
}
