import type { FrameStream } from '@kithmesh/net'
import { type AccountId, type DeviceId, KithError, parseDeviceId } from '@kithmesh/protocol'
import type { Exchanges } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import type { Peers } from '../greeting/peers.ts'
import type { HistoryApprovals } from '../linking/history-approvals.ts'
import { createOlderRecords } from '../linking/older-records.ts'
import { createWithholding } from '../linking/withholding.ts'
import { SYNC } from '../protocols.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import type { AccountState } from './account-state.ts'
import type { DeviceLogs } from './device-logs.ts'

/** The account log between this device and its siblings, for as long as they are connected. */
export interface Siblings {
  /** Records here that a sibling is not known to have. */
  pendingFor(device: DeviceId): number
  readonly events: Exchanges['events']
}

/** Starts exchanging (`/kith/sync/1`): one stream with each sibling, opened by the smaller peer id. */
export function startSiblings(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: AccountState
    readonly logs: DeviceLogs
    readonly peers: Peers
    readonly approvals: HistoryApprovals
  },
): Siblings {
  const { net, signal } = context
  const { account, state, logs, peers } = parts
  const isSibling = (device: DeviceId): boolean => logs.accountOf(device) === account
  const { exchanges } = state
  const { approvals } = parts
  const older = createOlderRecords(state.log, { signal })
  const withheld = { account, data: state.data, logs, approvals, older }
  const withholding = createWithholding(context, withheld)

  net.handle(SYNC, async (stream) => {
    if (!isSibling(parseDeviceId(stream.peer))) throw new KithError('ERR_STRANGER', 'not a sibling')
    await exchange(stream)
  })
  peers.events.addEventListener(
    'peer:known',
    ({ detail: { device, account: theirs } }) => {
      // One of the two opens the stream, or each would hold the other's.
      if (theirs === account && context.device < device) void open(device)
    },
    { signal },
  )

  /** As long as the connection stands the exchange does, too; each begins from what both hold then. */
  const open = createRounds((device: DeviceId, asked) =>
    retry(context, {
      what: 'an exchange',
      attempt: async () => {
        const stream = await net.open(device, SYNC, { signal })
        // Whoever opened it opens it anew over a better way; what was under way is in the next one's heads.
        await exchange(stream, stream.outdated)
      },
      wanted: () => peers.accountOf(device) === account,
      asked,
    }),
  )

  async function exchange(stream: FrameStream, outdated?: AbortSignal): Promise<void> {
    const sibling = parseDeviceId(stream.peer)
    const over = new AbortController()
    // A device that is out gets nothing more, not even what is on its way (OUT-6, A8).
    logs.events.addEventListener(
      'log:changed',
      () => {
        if (!isSibling(sibling)) stream.abort(new KithError('ERR_STRANGER', 'not a sibling now'))
      },
      over,
    )
    const run = { sibling, stream, withheld: await withholding.of(sibling, over) }
    const until = outdated === undefined ? signal : AbortSignal.any([signal, outdated])
    const end = await exchanges.run(run, { signal: until }).finally(() => over.abort())
    if (end.kind === 'stopped' && !outdated?.aborted) return
    const code = end.kind === 'failed' ? end.code : 'ERR_STREAM_ENDED'
    const ended = new KithError('ERR_STREAM_ENDED', 'the exchange ended', { cause: code })
    stream.abort(ended)
    throw ended
  }

  return { pendingFor: exchanges.pending, events: exchanges.events }
}
