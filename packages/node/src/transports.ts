import type { Net } from '@kithmesh/net'
import type { Clock, Rng, Signer } from '@kithmesh/protocol'
import type { NodeOptions } from './api.ts'
import type { Platform } from './platform.ts'

/** What the network of a device is made of. */
export interface NetParts {
  readonly options: NodeOptions
  readonly platform: Platform
  readonly signer: Signer
  readonly clock: Clock
  readonly rng: Rng
  readonly relays: readonly string[]
}

/** Makes the network of a device on one platform. */
export type NetFactory = (parts: NetParts) => Promise<Net>
