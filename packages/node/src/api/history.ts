/** How far back a device gets the messages of its account. */
export type HistoryChoice =
  | 'all'
  /** Only what is said from now on. */
  | 'none'
  /** What was said in so many days, 1 to 36,500, and from now on. */
  | { readonly days: number }

/** How much of the account's messages is here, of what its other devices are known to have. */
export interface HistoryState {
  /** Records of the account log that are here; one holds one message or more. */
  readonly received: number
  /** The same, with those that are known and still to come. */
  readonly total: number
  /** 0 to 100; 100 only when done. */
  readonly percent: number
  /**
   * All that the devices met so far can give is here. A new device is not done before it has met one that
   * had nothing more to give.
   */
  readonly done: boolean
  /** This device gets nothing that was said before, ms since 1970 UTC; missing when it gets all. */
  readonly since?: number
  /** It was linked from afar, and gets no messages of before until then, ms since 1970 UTC. */
  readonly waitsUntil?: number
}

/** What two devices compare to see that they have the same messages. */
export interface HistoryDigest {
  /** 64 hexadecimal digits over the ids of all contents, whatever order they came in. */
  readonly digest: string
  /** Contents counted: messages, and receipts. */
  readonly contents: number
}
