/** What an operator gives to the first device. */
export interface ClaimCode {
  /** `WEB+KITH:R/…`, for `kith relay claim`. */
  readonly code: string
  readonly expiresInMs: number
}
