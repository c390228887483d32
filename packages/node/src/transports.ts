import type { HostCertificate, Net, NetIdentity, NetOptions } from '@kithmesh/net'
import { type Clock, type Codec, codec, type Rng, record, text } from '@kithmesh/protocol'
import type { Logger, NodeOptions } from './api/options.ts'
import type { Platform } from './platform.ts'

/** What the network of a device is made of. */
export interface NetParts {
  readonly options: NodeOptions
  readonly platform: Platform
  readonly identity: NetIdentity
  readonly clock: Clock
  readonly rng: Rng
  readonly logger: Logger
  readonly relays: readonly string[]
  /** Says to a relay whose this device is. */
  readonly introduce: NonNullable<NetOptions['introduce']>
}

/** The part of `@kithmesh/net` that makes networks on one platform. */
export interface NetPackage {
  createNet(options: NetOptions): Promise<Net>
  /** Missing where a device cannot listen on webrtc-direct, as in a page. */
  createCertificate?(environment: { clock: Clock; rng: Rng }): Promise<HostCertificate>
}

/** The network of a device: what the host brought, or libp2p with what the home keeps for it. */
export async function openNet(
  parts: NetParts,
  { createNet, createCertificate }: NetPackage,
): Promise<Net> {
  const { options, platform, identity, clock, rng, relays, logger, introduce } = parts
  if (options.network) return options.network(identity)
  const certificate =
    createCertificate &&
    certificateCodec.decode(
      await platform.loadOrCreate(options.home, 'webrtc.cert', async () =>
        certificateCodec.encode(await createCertificate({ clock, rng })),
      ),
    )
  return createNet({
    identity,
    relays,
    clock,
    rng,
    logger,
    introduce,
    ...(certificate ? { certificate } : {}),
    ...(options.listen ? { listen: options.listen } : {}),
    ...(options.lan === undefined ? {} : { lan: options.lan }),
  })
}

/** A P-256 key and certificate in PEM are under 1 KiB together. */
const certificateCodec: Codec<HostCertificate> = codec(
  record({
    privateKey: text({ max: 2048 }),
    pem: text({ max: 4096 }),
    certhash: text({ max: 128 }),
  }),
  { maxBytes: 8 * 1024 },
)
