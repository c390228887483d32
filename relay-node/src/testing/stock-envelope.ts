// biome-ignore-all lint/style/noRestrictedImports: the envelope of libp2p checks ours
import { RecordEnvelope } from '@libp2p/peer-record'

/**
 * Opens a signed envelope as libp2p does, and gives the payload and the raw key that signed it.
 * Rejects when the signature is not over this domain.
 */
export async function openStockEnvelope(
  bytes: Uint8Array,
  domain: string,
): Promise<{ readonly payload: Uint8Array; readonly publicKey: Uint8Array }> {
  const { payload, publicKey } = await RecordEnvelope.openAndCertify(bytes, domain)
  return { payload, publicKey: publicKey.raw }
}
