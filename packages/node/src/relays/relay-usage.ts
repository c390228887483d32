import {
  MAX_USAGE_BYTES,
  type Net,
  type NetProtocol,
  openUsage,
  USAGE_PROTOCOL,
} from '@kithmesh/net'
import { type AccountId, KithError } from '@kithmesh/protocol'
import type { RelayUsage } from '../api/relays.ts'

const USAGE: NetProtocol = {
  id: USAGE_PROTOCOL,
  maxFrameBytes: MAX_USAGE_BYTES,
  maxStreamsPerPeer: 2,
}

/** A relay answers at once, or hangs. */
const TIMEOUT_MS = 10_000
/** A relay keeps 62 days (RLY-45); one that says more is not believed to end. */
const MAX_DAYS = 100

/** Who asks, and of whom. */
export interface UsageQuestion {
  /** Peer id of the relay. */
  readonly relay: string
  /** The account of this device. */
  readonly account: AccountId
  readonly signal: AbortSignal
}

/**
 * What a relay says it forwarded for this account (RLY-45), each day signed by it. @throws ERR_SIGNATURE for a record of
 * another relay or account, ERR_PROTOCOL_UNSUPPORTED where none are kept, ERR_UNREACHABLE
 */
export async function readUsage(
  net: Pick<Net, 'open'>,
  { relay, account, signal: given }: UsageQuestion,
): Promise<readonly RelayUsage[]> {
  const signal = AbortSignal.any([given, AbortSignal.timeout(TIMEOUT_MS)])
  const stream = await net.open(relay, USAGE, { signal })
  const onAbort = (): void => stream.abort(new Error('It took too long'))
  signal.addEventListener('abort', onAbort)
  const days: RelayUsage[] = []
  try {
    for await (const sealed of stream.incoming) {
      days.push(await dayOf(sealed, { relay, account }))
      if (days.length > MAX_DAYS) throw new KithError('ERR_TOO_LARGE', 'more days than are kept')
    }
    await stream.close({ signal })
    return days
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('It failed'))
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function dayOf(
  sealed: Uint8Array,
  { relay, account }: Pick<UsageQuestion, 'relay' | 'account'>,
): Promise<RelayUsage> {
  const { relay: signer, record } = await openUsage(sealed)
  if (signer !== relay || record.account !== account) {
    throw new KithError('ERR_SIGNATURE', 'a record of what another relay or account used')
  }
  const { day, bytes, circuits } = record
  return { relay, day, bytes, circuits }
}
