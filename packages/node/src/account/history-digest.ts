import { contentCodec, domainBytes, type MessageId, messageIdToBytes } from '@kithmesh/protocol'
import type { HistoryDigest } from '../api/history.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'

/** What is counted: what was said from then on, ms since 1970 UTC. */
export interface DigestOptions extends CallOptions {
  readonly since?: number
}

/**
 * One value over the ids of all contents on this device (HIS-11). An id is a hash of its content, so two
 * devices with the same value have the same contents, word for word. Reads the whole history; holds ids only.
 */
export async function historyDigest(
  { tables, primitives }: Pick<DeviceContext, 'tables' | 'primitives'>,
  { since = 0, signal }: DigestOptions = {},
): Promise<HistoryDigest> {
  const ids: MessageId[] = []
  const contents = tables.contents.entries({}, signal ? { signal } : {})
  for await (const [[, , message], bytes] of contents) {
    if (since === 0 || contentCodec.decode(bytes).at >= since) ids.push(message)
  }
  // Each device keeps them in an order of its own: their keys are hidden by its own store key.
  const sorted = ids.toSorted().map(messageIdToBytes)
  const hash = await primitives.sha256(domainBytes('history digest', ...sorted))
  return { digest: hexOf(hash), contents: ids.length }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
