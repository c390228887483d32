import type { DeviceId } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { frameCodec } from '../exchange/frames.ts'
import {
  ACCOUNT,
  FIRST_EPOCH,
  note,
  notesOf,
  openDevice,
  type TestDevice,
  type TestDeviceOptions,
  writeNotes,
} from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import { eventually } from '../testing/eventually.ts'
import { meet, sync } from '../testing/meeting.ts'
import type { AccountLogStore } from './account-log-store.ts'
import { createEpoch, createEpochRing, type EpochKey } from './epochs.ts'
import type { LogPosition } from './lane.ts'
import { createMemoryAccountLogStore } from './memory-account-log-store.ts'
import type { LogRecord } from './record.ts'
import { nobleRecordCrypto } from './record-crypto.ts'
import { createRecordSealer } from './seal.ts'
import { vouchContents } from './vouches.ts'

const NEXT_EPOCH = createEpoch(createSeededRng(2), 2)

describe('A8 ALOG-18 records of a device that is out', () => {
  test('ALOG-18: what a sibling had taken in before is taken in by all, and nothing after it', async () => {
    const { thief, ada, ben, out } = await openFamily()
    await writeNotes(thief, ['1', '2', '3'])
    await ada.log.accept(await recordsOf(thief))
    await writeNotes(thief, ['after'])
    out.add(thief.id)
    const all = await recordsOf(thief)
    expect(await refusals(ben, all)).toEqual(Array(4).fill('unvouched'))
    await ada.log.membersChanged()
    await ben.log.accept(await recordsOf(ada))
    expect(await refusals(ben, all)).toEqual(['unvouched'])
    expect(await notesOfThief(ben, thief)).toEqual(['1', '2', '3'])
    expect(await refusals(ada, all.slice(3))).toEqual(['unvouched'])
  })

  test('ALOG-18: a record is asked for one by one, from the vouched one down', async () => {
    const { thief, ada, ben, out } = await openFamily()
    await writeNotes(thief, ['1', '2', '3'])
    await ada.log.accept(await recordsOf(thief))
    out.add(thief.id)
    await ada.log.membersChanged()
    await ben.log.accept(await recordsOf(ada))
    const [one, two, three] = (await recordsOf(thief)).map((record) => [record])
    expect(await refusals(ben, one)).toEqual(['unvouched'])
    expect(await refusals(ben, two)).toEqual(['unvouched'])
    expect(await refusals(ben, three)).toEqual([])
    expect(await refusals(ben, one)).toEqual(['unvouched'])
    expect(await refusals(ben, two)).toEqual([])
    expect(await refusals(ben, one)).toEqual([])
  })

  test.each([
    ['below the vouched place, where the receiver has nothing', 2, FIRST_EPOCH, 'unvouched'],
    ['at the vouched place', 3, FIRST_EPOCH, 'unvouched'],
    ['right above it', 4, FIRST_EPOCH, 'unvouched'],
    ['far above it', 1_000, FIRST_EPOCH, 'unvouched'],
    ['under an epoch of its own with the next number', 4, NEXT_EPOCH, 'unvouched'],
  ] as const)(
    'ALOG-18: a record signed after the removal, %s, is refused',
    async (_, seq, epoch, reason) => {
      const { thief, ada, ben, out } = await openFamily()
      await writeNotes(thief, ['1', '2', '3'])
      const genuine = await recordsOf(thief)
      await ada.log.accept(genuine)
      out.add(thief.id)
      await ada.log.membersChanged()
      await ben.log.accept(await recordsOf(ada))
      const prev = await thief.log.hashAt({ ...messagesOf(thief), seq: seq - 1 })
      const forged = await sealAs(thief, { seq, prev, epoch })
      expect(await refusals(ben, [forged])).toEqual([reason])
      // Also in between the genuine ones, and whatever comes with it.
      const mixed = [...genuine.filter((record) => record.seq !== seq), forged]
      expect(await refusals(ben, mixed)).toContain(reason)
      expect(await notesOfThief(ben, thief)).not.toContain('forged')
      const later = seq === 3 || seq === 2 ? [] : ['1', '2', '3']
      if (later.length > 0) expect(await notesOfThief(ben, thief)).toEqual(later)
      await ben.log.accept(genuine)
      expect(await notesOfThief(ben, thief)).toEqual(['1', '2', '3'])
    },
  )

  test('ALOG-18: at a place that is taken nothing changes, and no fork is told of', async () => {
    const { thief, ada, out } = await openFamily()
    await writeNotes(thief, ['1', '2'])
    await ada.log.accept(await recordsOf(thief))
    out.add(thief.id)
    const forks: LogPosition[] = []
    ada.log.events.addEventListener('log:forked', ({ detail }) => forks.push(detail))
    const forged = await sealAs(thief, { seq: 2, prev: undefined, epoch: FIRST_EPOCH })
    expect(await refusals(ada, [forged])).toEqual(['equivocation'])
    expect([forks, await notesOfThief(ada, thief)]).toEqual([[], ['1', '2']])
  })

  test('ALOG-18: what it signed for itself before, or a device that is out too, vouches for nothing', async () => {
    const { thief, ada, ben, out } = await openFamily()
    const accomplice = await openDevice(4)
    const later = await sealAs(thief, { seq: 9, prev: undefined, epoch: FIRST_EPOCH })
    const hash = await ada.log.accept([later]).then(() => ada.log.hashAt(later))
    if (hash === undefined) throw new Error('nothing to vouch for')
    const contents = vouchContents({ device: thief.id, places: [{ seq: 9, hash }] })
    for (const one of [thief, accomplice]) await one.log.append({ lane: 'messages', contents })
    await ben.log.accept([...(await recordsOf(thief)), ...(await recordsOf(accomplice))])
    for (const one of [thief, accomplice]) out.add(one.id)
    expect(await refusals(ben, [later])).toEqual(['unvouched'])
    // The very same words by somebody who is in do.
    await ada.log.append({ lane: 'messages', contents })
    await ben.log.accept(await recordsOf(ada))
    expect(await refusals(ben, [later])).toEqual([])
  })

  test('ALOG-18: when who vouched is put out too, those who had believed it vouch themselves', async () => {
    const { thief, ada, ben, cleo, out } = await openFamily()
    await writeNotes(thief, ['1', '2'])
    await cleo.log.accept(await recordsOf(thief))
    out.add(thief.id)
    await cleo.log.membersChanged()
    for (const one of [ada, ben]) await one.log.accept(await recordsOf(cleo))
    await ada.log.accept(await recordsOf(thief))
    out.add(cleo.id)
    expect(await refusals(ben, await recordsOf(thief))).toEqual(['unvouched', 'unvouched'])
    await ada.log.membersChanged()
    await ben.log.accept(await recordsOf(ada))
    expect(await refusals(ben, await recordsOf(thief))).toEqual([])
  })

  test('ALOG-18: holes and forks part a lane: each end of a chain is vouched for', async () => {
    const { thief, ada, ben, out } = await openFamily()
    await writeNotes(thief, ['1', '2', '3', '4', '5', '6'])
    const genuine = await recordsOf(thief)
    const forked = await sealAs(thief, { seq: 2, prev: undefined, epoch: FIRST_EPOCH })
    const held = [...genuine.filter(({ seq }) => seq === 1 || seq === 3 || seq === 5), forked]
    for (const record of held) await ada.log.accept([record])
    out.add(thief.id)
    await ada.log.membersChanged()
    await ben.log.accept(await recordsOf(ada))
    await ben.log.accept(await recordsOfThief(ada, thief))
    expect(await recordsOfThief(ben, thief)).toEqual(await recordsOfThief(ada, thief))
    expect((await recordsOfThief(ben, thief)).map(({ seq }) => seq)).toEqual([1, 2, 3, 5])
  })

  test('ALOG-18: what it said a device does not say again, also after it was off; others read it from the store', async () => {
    const { thief, ada, ben, out } = await openFamily()
    await writeNotes(thief, ['1', '2'])
    await ada.log.accept(await recordsOf(thief))
    out.add(thief.id)
    await ada.log.membersChanged()
    await ada.log.membersChanged()
    const again = await openDevice(1, { store: ada.store, mayWrite: (id) => !out.has(id) })
    await again.log.membersChanged()
    expect((await recordsOf(again)).length).toBe(1)
    await ben.log.accept(await recordsOf(again))
    const benAgain = await openDevice(2, { store: ben.store, mayWrite: (id) => !out.has(id) })
    expect(await refusals(benAgain, await recordsOf(thief))).toEqual([])
  })

  test('ALOG-18: what was being taken in when the removal became known is vouched for, too', async () => {
    const out = new Set<DeviceId>()
    const thief = await openDevice(3)
    const slow = createSlowStore(thief.id)
    const ada = await openDevice(1, { ...sees(out), store: slow.store })
    await writeNotes(thief, ['1', '2'])
    const taking = ada.log.accept(await recordsOf(thief))
    await slow.reached
    out.add(thief.id)
    const settling = ada.log.membersChanged()
    slow.goOn()
    await Promise.all([taking, settling])
    const ben = await openDevice(2, sees(out))
    await ben.log.accept(await recordsOf(ada))
    expect(await refusals(ben, await recordsOf(thief))).toEqual([])
  })

  test('ALOG-18: a device that is out itself vouches for nobody', async () => {
    const { thief, ada, out } = await openFamily()
    await writeNotes(thief, ['1'])
    await ada.log.accept(await recordsOf(thief))
    out.add(thief.id)
    out.add(ada.id)
    await ada.log.membersChanged()
    expect(await recordsOf(ada)).toEqual([])
  })

  test('ALOG-18: data is refused, vouched for or not', async () => {
    const { thief, ada, ben, out } = await openFamily()
    await writeNotes(thief, ['1'], 'data')
    const records = await recordsOf(thief, 'data')
    await ada.log.accept(records)
    out.add(thief.id)
    await ada.log.membersChanged()
    await ben.log.accept(await recordsOf(ada))
    expect(await refusals(ben, records)).toEqual(['not-allowed'])
  })
})

describe('A8 ALOG-18 exchanges of what a removed device wrote', () => {
  test('ALOG-18: a record refused for want of a vouch is asked for when it comes, on the same stream', async () => {
    const [knowing, unknowing] = [new Set<DeviceId>(), new Set<DeviceId>()]
    const thief = await openDevice(3)
    const ada = await openDevice(1, sees(unknowing))
    const ben = await openDevice(2, sees(knowing))
    await writeNotes(thief, ['1', '2', '3'])
    await sync(thief, ada)
    knowing.add(thief.id)
    const meeting = meet(ada, ben)
    await meeting.caughtUp()
    expect(await notesOfThief(ben, thief)).toEqual([])
    unknowing.add(thief.id)
    await ada.log.membersChanged()
    await eventually(async () => expect(await notesOfThief(ben, thief)).toEqual(['1', '2', '3']))
    await meeting.close()
  })

  test('ALOG-18: a device that was suspended and is taken back is asked again, also for what it wrote meanwhile', async () => {
    const out = new Set<DeviceId>()
    const phone = await openDevice(3)
    const ben = await openDevice(2, sees(out))
    out.add(phone.id)
    await writeNotes(phone, ['meanwhile'])
    await writeNotes(phone, ['data meanwhile'], 'data')
    // Over somebody who did not know of it.
    const unknowing = await openDevice(5)
    await sync(phone, unknowing)
    const meeting = meet(unknowing, ben)
    await meeting.caughtUp()
    expect(await notesOf(ben)).toEqual([])
    out.clear()
    await ben.log.membersChanged()
    await eventually(async () => {
      expect(await notesOf(ben)).toEqual(['meanwhile'])
      expect(await notesOf(ben, 'data')).toEqual(['data meanwhile'])
    })
    await meeting.close()
  })

  test('ALOG-18: a device linked after the removal gets all of a long history, in one exchange', async () => {
    const out = new Set<DeviceId>()
    const thief = await openDevice(3)
    const ada = await openDevice(1, sees(out))
    const texts = Array.from({ length: 300 }, (_, at) => `${at}`.padEnd(6_000, '.'))
    await writeNotes(thief, texts)
    await sync(thief, ada)
    await writeNotes(ada, ['own'])
    out.add(thief.id)
    await ada.log.membersChanged()
    const newcomer = await openDevice(4, sees(out))
    await sync(ada, newcomer)
    expect(await notesOfThief(newcomer, thief)).toEqual(texts)
  })

  test('ALOG-18: two who had different parts of it come to have all of both', async () => {
    const out = new Set<DeviceId>()
    const thief = await openDevice(3)
    const [ada, ben] = [await openDevice(1, sees(out)), await openDevice(2, sees(out))]
    await writeNotes(thief, ['1', '2', '3', '4', '5', '6'])
    const records = await recordsOf(thief)
    await ada.log.accept(records.slice(0, 2))
    await ben.log.accept(records.slice(4))
    out.add(thief.id)
    for (const one of [ada, ben]) await one.log.membersChanged()
    await sync(ada, ben)
    for (const one of [ada, ben]) {
      expect(await notesOfThief(one, thief)).toEqual(['1', '2', '5', '6'])
    }
  })

  test('ALOG-18: what stays refused is not asked for again because something else came', async () => {
    const [knowing, unknowing] = [new Set<DeviceId>(), new Set<DeviceId>()]
    const thief = await openDevice(3)
    const ada = await openDevice(1, sees(unknowing))
    const ben = await openDevice(2, sees(knowing))
    await writeNotes(thief, ['1', '2'])
    await sync(thief, ada)
    knowing.add(thief.id)
    const meeting = meet(ada, ben)
    await meeting.caughtUp()
    const before = meeting.line.frames.length
    await writeNotes(ada, ['a', 'b', 'c'])
    await eventually(async () => expect(await notesOf(ben)).toEqual(['a', 'b', 'c']))
    const after = meeting.line.frames.slice(before).map((frame) => frameCodec.decode(frame).kind)
    expect(after).toContain('live')
    expect(after).not.toContain('want')
    await meeting.close()
  })
})

/** Ada, Ben and Cleo know who is out; the thief does not care. */
async function openFamily() {
  const out = new Set<DeviceId>()
  const thief = await openDevice(3)
  const [ada, ben, cleo] = [
    await openDevice(1, sees(out)),
    await openDevice(2, sees(out)),
    await openDevice(5, sees(out)),
  ]
  return { thief, ada, ben, cleo, out }
}

function sees(out: ReadonlySet<DeviceId>): TestDeviceOptions {
  const isIn = (device: DeviceId): boolean => !out.has(device)
  return { mayWrite: isIn, exchanges: { isSibling: isIn } }
}

/** A store that takes its time with the records of one device. */
function createSlowStore(device: DeviceId) {
  const store = createMemoryAccountLogStore()
  let goOn = (): void => {}
  let reach = (): void => {}
  const gate = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const commit: AccountLogStore['commit'] = async (change, options) => {
    if (change.records?.some((record) => record.device === device) === true) {
      reach()
      await gate
    }
    return store.commit(change, options)
  }
  return { store: { ...store, commit }, reached, goOn }
}

function messagesOf({ id }: TestDevice) {
  return { device: id, lane: 'messages' } as const
}

async function sealAs(
  { id, signer }: TestDevice,
  made: { readonly seq: number; readonly prev: Uint8Array | undefined; readonly epoch: EpochKey },
): Promise<LogRecord> {
  const epochs = await createEpochRing([made.epoch], nobleRecordCrypto)
  const sealer = createRecordSealer({ account: ACCOUNT, epochs, crypto: nobleRecordCrypto })
  const { seq, prev = new Uint8Array(32).fill(7) } = made
  const draft = { device: id, lane: 'messages' as const, seq, prev, contents: [note('forged')] }
  return (await sealer.seal(draft, { signer, rng: createSeededRng(77) })).record
}

async function refusals(
  { log }: TestDevice,
  records: readonly LogRecord[] | undefined,
): Promise<readonly string[]> {
  const { refused } = await log.accept(records ?? [])
  return refused.map(({ reason }) => reason).filter((reason) => reason !== 'known')
}

async function recordsOf(
  device: TestDevice,
  lane: 'data' | 'messages' = 'messages',
): Promise<readonly LogRecord[]> {
  return recordsIn(device, { device: device.id, lane })
}

function recordsOfThief(holder: TestDevice, thief: TestDevice): Promise<readonly LogRecord[]> {
  return recordsIn(holder, messagesOf(thief))
}

async function recordsIn(
  { log }: TestDevice,
  lane: Pick<LogPosition, 'device' | 'lane'>,
): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = []
  const span = { ...lane, from: 1, to: Number.MAX_SAFE_INTEGER }
  for await (const record of log.read(span)) records.push(record)
  return records
}

async function notesOfThief(holder: TestDevice, thief: TestDevice): Promise<readonly string[]> {
  const notes: string[] = []
  const span = { ...messagesOf(thief), from: 1, to: Number.MAX_SAFE_INTEGER }
  for await (const { contents } of holder.log.readOpened(span)) {
    notes.push(...contents.map(({ body }) => new TextDecoder().decode(body)))
  }
  return notes
}
