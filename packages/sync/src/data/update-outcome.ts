/** Why an update was refused. The document is then as it was. */
export type UpdateRefusal =
  /** Not an update in encoding version 1. */
  | 'ERR_UPDATE_MALFORMED'
  /** Longer than its kind may be. */
  | 'ERR_UPDATE_TOO_LARGE'
  /** Clocks with gaps, repeated, or beyond what a client id can reach. */
  | 'ERR_UPDATE_CLOCK'
  /** Something account data has no use for: another type, key or value. */
  | 'ERR_UPDATE_CONTENT'
  /** Took longer than its size allows, or failed, on the scratch document. */
  | 'ERR_UPDATE_TRIAL'
  /** Would make account data larger than it may be. */
  | 'ERR_UPDATE_FULL'
  /** Its device has brought as many writers as one may (ACC-30). */
  | 'ERR_UPDATE_WRITERS'
  /** Waits for updates not yet seen, and too many of its source wait already. */
  | 'ERR_UPDATE_HELD_LIMIT'

/** What became of another device's update. */
export type UpdateOutcome =
  | { readonly kind: 'applied' }
  /** It waits for updates not yet seen; `onSettled` says the rest. */
  | { readonly kind: 'held' }
  /** The document is as it was. */
  | { readonly kind: 'refused'; readonly code: UpdateRefusal }
  /** It waited, and its source was dropped. */
  | { readonly kind: 'dropped' }
