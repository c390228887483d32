import type { Net } from '@kithmesh/net'
import type { Clock, DeviceId, Primitives, Rng, Signer } from '@kithmesh/protocol'
import type { Logger } from './api/options.ts'
import type { Platform } from './platform.ts'
import type { OwnRelays } from './relays/own-relays.ts'
import type { Scheduler } from './scheduler.ts'
import type { Store } from './store/store-types.ts'
import type { Tables } from './tables.ts'

/** What every part of one device stands on; made once in `create-node.ts` and handed down. */
export interface DeviceContext {
  readonly clock: Clock
  readonly rng: Rng
  readonly scheduler: Scheduler
  readonly logger: Logger
  readonly primitives: Primitives
  readonly platform: Platform
  readonly store: Store
  readonly tables: Tables
  readonly net: Net
  readonly relays: OwnRelays
  /** Signs with the device's identity key, which is also its peer id. */
  readonly signer: Signer
  readonly device: DeviceId
  /** What the device calls itself to its siblings. */
  readonly name: string
  /** `cli`, `browser`, … */
  readonly kind: string
  /** Whether it lives in memory, and ends with its process. */
  readonly temporary: boolean
  /** Aborts when the device stops. */
  readonly signal: AbortSignal
}
