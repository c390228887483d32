import {
  type Content,
  contentCodec,
  type DeviceId,
  directChatId,
  signerFromSeed,
} from '@kithmesh/protocol'
import {
  createAccountData,
  createEpoch,
  createEpochRing,
  createEvents,
  createMemoryAccountLogStore,
  type LaneId,
  nobleRecordCrypto,
  openAccountLog,
  rangesOf,
  type Withheld,
} from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { ADA, BEN, LAPTOP, PHONE, SIBLING } from '../../test/mail-desk.ts'
import { toContent } from '../account/log-contents.ts'
import { nodePlatform } from '../platform.node.ts'
import { platformScheduler } from '../scheduler.ts'
import type { Staged } from '../staged.ts'
import type { ApprovalEvents } from './history-approvals.ts'
import { createOlderRecords } from './older-records.ts'
import { createWithholding } from './withholding.ts'

const WAIT = { timeout: 5_000, interval: 5 } as const
/** When what stands in the records 1, 2, 3 was said. */
const SAID = [100, 200, 300]

function contentAt(at: number): Content {
  const body = { kind: 'text', text: `said at ${at}` } as const
  const author = { account: ADA, device: SIBLING }
  const salt = new Uint8Array(16).fill(at)
  return { chat: directChatId(ADA, BEN), author, seq: at, parents: [], at, salt, body }
}

/** A log of three messages; `far` was linked from afar at 250 and waits for its history. */
async function ground({ far }: { readonly far: DeviceId }) {
  const { rng, clock } = nodePlatform
  const ending = new AbortController()
  const { signal } = ending
  const log = await openAccountLog<Staged>({
    account: ADA,
    signer: signerFromSeed(rng.bytes(32)),
    epochs: await createEpochRing([createEpoch(rng, 1)], nobleRecordCrypto),
    store: createMemoryAccountLogStore<Staged>(),
    rng,
    crypto: nobleRecordCrypto,
    mayWrite: () => true,
  })
  for (const at of SAID) {
    const contents = [toContent({ kind: 'content', content: contentCodec.encode(contentAt(at)) })]
    await log.append({ lane: 'messages', contents })
  }
  const warned: string[] = []
  const logger = { debug: () => undefined, warn: (line: string) => void warned.push(line) }
  let failing = false
  /** The log, which can be told to fail when it is read. */
  const readable: typeof log = {
    ...log,
    readOpened: (span, call) => {
      if (failing) throw new Error('a disk that does not read')
      return log.readOpened(span, call)
    },
  }
  const data = createAccountData()
  const withholding = createWithholding(
    { clock, scheduler: platformScheduler, logger },
    {
      account: ADA,
      data,
      logs: { standing: (_, device) => (device === far ? standingAt(250) : undefined) },
      approvals: {
        events: createEvents<ApprovalEvents>(),
        waitsUntil: (device) => (device === far ? clock.now() + 60_000 : undefined),
      },
      older: createOlderRecords(readable, { signal }),
    },
  )
  const lane: LaneId = { device: log.device, lane: 'messages' }
  const allow = (device: DeviceId, historySince: number): void =>
    data.devices.set(device, { name: 'a device', kind: 'cli', historySince })
  const places = (withheld: Withheld) => withheld.of(lane)
  const fail = (fails: boolean): void => {
    failing = fails
  }
  return { withholding, allow, places, signal, end: () => ending.abort(), warned, fail }
}

function standingAt(addedAt: number) {
  return { state: 'in', addedAt } as never
}

const OLDEST = rangesOf([1])
const BEFORE_LINKING = rangesOf([1, 2])

test('HIS-4 HIS-8 what one device is allowed, however often it changes, gives another one nothing', async () => {
  const { withholding, allow, places, signal, end } = await ground({ far: PHONE })
  allow(LAPTOP, 150)
  const [laptop, phone] = [
    await withholding.of(LAPTOP, { signal }),
    await withholding.of(PHONE, { signal }),
  ]
  expect([places(laptop), places(phone)]).toEqual([OLDEST, BEFORE_LINKING])
  // A device that waits writes its own row a hundred times: it gets no more by it, nor does anybody else.
  for (let at = 0; at < 100; at += 1) {
    allow(PHONE, 1_000 + at)
    allow(SIBLING, 2_000 + at)
    const other = new AbortController()
    await withholding.of(SIBLING, { signal: other.signal })
    other.abort()
  }
  allow(PHONE, 0)
  await expect.poll(() => places(phone), WAIT).toEqual(BEFORE_LINKING)
  expect(places(laptop)).toEqual(OLDEST)
  end()
})

test('HIS-8 changes that overtake each other end with the last one', async () => {
  const { withholding, allow, places, signal, end } = await ground({ far: PHONE })
  const laptop = await withholding.of(LAPTOP, { signal })
  expect(places(laptop)).toEqual([])
  for (const since of [150, 0, 250, 0, 350, 150]) allow(LAPTOP, since)
  await expect.poll(() => places(laptop), WAIT).toEqual(OLDEST)
  end()
})

test('HIS-8 a change while the log is read for the first time is not missed', async () => {
  const { withholding, allow, places, signal, end } = await ground({ far: PHONE })
  allow(LAPTOP, 350)
  const opening = withholding.of(LAPTOP, { signal })
  allow(LAPTOP, 150)
  expect(places(await opening)).toEqual(OLDEST)
  end()
})

test('HIS-4 a log that does not read releases nothing, and is read again at the next change', async () => {
  const { withholding, allow, places, signal, end, warned, fail } = await ground({ far: PHONE })
  const phone = await withholding.of(PHONE, { signal })
  fail(true)
  allow(PHONE, 350)
  await expect.poll(() => warned, WAIT).toHaveLength(1)
  expect(places(phone)).toEqual(BEFORE_LINKING)
  fail(false)
  allow(PHONE, 351)
  await expect.poll(() => places(phone), WAIT).toEqual(rangesOf([1, 2, 3]))
  end()
})
