import type { ExchangeEnd } from '../exchange/ending.ts'
import type { ExchangeRun } from '../exchange/exchanges.ts'
import type { AccountLog } from '../log/account-log.ts'
import type { TestDevice } from './devices.ts'
import { createDuplex, type Duplex } from './duplex.ts'

/** What of a device a meeting needs. */
export type Meeter = Pick<TestDevice, 'id' | 'exchanges'> & {
  readonly log: Pick<AccountLog, 'device'>
}

/** Two devices connected by a stream in memory. */
export interface Meeting {
  readonly line: Duplex
  /** Resolves when each holds everything the other can send. */
  caughtUp(): Promise<void>
  /** Closes the stream; how it ended on either side. */
  close(): Promise<readonly [ExchangeEnd, ExchangeEnd]>
  /** How it ends on either side, without closing it. */
  readonly ends: readonly [Promise<ExchangeEnd>, Promise<ExchangeEnd>]
}

/** Connects two devices and lets them exchange. */
export function meet(
  one: Meeter,
  other: Meeter,
  runs: readonly [Partial<ExchangeRun>, Partial<ExchangeRun>] = [{}, {}],
): Meeting {
  const line = createDuplex()
  const caught = [untilCaughtUp(one, other), untilCaughtUp(other, one)]
  const ends = [
    one.exchanges.run({ sibling: other.id, stream: line.ends[0], ...runs[0] }),
    other.exchanges.run({ sibling: one.id, stream: line.ends[1], ...runs[1] }),
  ] as const
  return {
    line,
    ends,
    caughtUp: async () => {
      await Promise.all(caught)
    },
    close: async () => {
      line.close()
      return Promise.all(ends)
    },
  }
}

/** Exchanges until both have caught up, then ends. */
export async function sync(one: Meeter, other: Meeter): Promise<void> {
  const meeting = meet(one, other)
  await meeting.caughtUp()
  await meeting.close()
}

function untilCaughtUp({ exchanges }: Meeter, { id }: Meeter): Promise<void> {
  return new Promise((resolve) => {
    const found = new AbortController()
    exchanges.events.addEventListener(
      'sibling:caught-up',
      ({ detail }) => {
        if (detail.sibling !== id) return
        found.abort()
        resolve()
      },
      { signal: found.signal },
    )
  })
}
