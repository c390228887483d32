/**
 * Devices of one account of which some are put out while not all can hear of it (A8). Each knows of the
 * removals it was told of; whoever was put out goes on with its keys as long as it likes.
 */

import { type DeviceId, type EntryId, entryIdFromBytes } from '@kithmesh/protocol'
import type { RecordEvent } from '../log/accepting.ts'
import type { EpochKey } from '../log/epochs.ts'
import type { LogRecord } from '../log/record.ts'
import { epochDue, nextEpoch } from '../log/rotation.ts'
import { FIRST_EPOCH, note } from './devices.ts'
import { createManualTime, createSeededRng, type ManualTime } from './environment.ts'
import { meet as connect, type Meeting, sync } from './meeting.ts'
import { nativeCrypto, nativeSigner } from './native-crypto.ts'
import { openReplica, type TestReplica } from './replicas.ts'

/** One entry of the device log that puts devices out: one, and those it had linked. */
export interface Removal {
  readonly entry: EntryId
  readonly out: ReadonlySet<DeviceId>
}

/** A device, as far as its own knowledge goes. */
export interface Member {
  readonly number: number
  readonly id: DeviceId
  readonly knows: Set<Removal>
  /** Removals it has just heard of, while what it was taking in then is not taken in yet. */
  readonly hears: Set<Removal>
  /** Of each record it wrote: what it knew of then. */
  readonly wrote: { readonly record: LogRecord; readonly knowing: readonly Removal[] }[]
  replica: TestReplica
  life: number
}

/** What must not happen, and what may, noted while it happens. */
export interface Witness {
  /** Signatures of records that somebody took in while it did not know that their device was out. */
  readonly takenUnknowing: Map<string, LogRecord>
  /** Records that somebody took in who did know, and nobody had taken in before. */
  readonly suspects: { readonly member: Member; readonly record: LogRecord }[]
  /** What somebody read in account data while it did not know. */
  readonly readUnknowing: Set<string>
  /** Records of devices that are out that were taken in because others vouched for them. */
  takenByVouch: number
  readonly violations: string[]
}

/** The devices and what was seen of them. */
export interface RemovalWorld {
  readonly members: readonly Member[]
  readonly time: ManualTime
  readonly witness: Witness
}

/** As many devices as asked for, all in, who met nobody yet. */
export async function openRemovalWorld(count: number): Promise<RemovalWorld> {
  const members: Member[] = []
  const witness = {
    takenUnknowing: new Map<string, LogRecord>(),
    suspects: [],
    readUnknowing: new Set<string>(),
    takenByVouch: 0,
    violations: [],
  }
  const world: RemovalWorld = { members, time: createManualTime(), witness }
  for (let number = 1; number <= count; number += 1) {
    members.push(await openMember(world, { number, epochs: [FIRST_EPOCH] }))
  }
  return world
}

/** A device with these epochs, that knows of these removals: one that was just linked. */
export async function openMember(
  world: RemovalWorld,
  start: {
    readonly number: number
    readonly epochs: readonly EpochKey[]
    readonly knows?: Iterable<Removal>
  },
): Promise<Member> {
  const { number, epochs } = start
  const knows = new Set(start.knows ?? [])
  const replica = await openOn(world, { number, knows, life: 0, epochs })
  const { id } = replica
  const member: Member = { number, id, knows, hears: new Set(), wrote: [], replica, life: 0 }
  observe(world, member)
  return member
}

/** Opens a device again on its store: what it only had in memory is gone. */
export async function restart(world: RemovalWorld, member: Member): Promise<void> {
  const { number, knows, replica } = member
  await replica.close()
  member.life += 1
  const { store } = replica
  const epochs = replica.log.epochs.list()
  member.replica = await openOn(world, { number, knows, life: member.life, epochs, store })
  observe(world, member)
}

async function openOn(
  { time }: RemovalWorld,
  parts: {
    readonly number: number
    readonly knows: ReadonlySet<Removal>
    readonly life: number
    readonly epochs: readonly EpochKey[]
    readonly store?: TestReplica['store']
  },
): Promise<TestReplica> {
  const { number, knows, ...rest } = parts
  const isIn = (device: DeviceId): boolean => !isOut({ knows }, device)
  return openReplica(number, {
    ...rest,
    time,
    crypto: nativeCrypto,
    signer: nativeSigner(number),
    mayWrite: isIn,
    isSibling: isIn,
  })
}

/** Whether a device is out, as far as one knows. */
export function isOut({ knows }: { readonly knows: Iterable<Removal> }, device: DeviceId): boolean {
  return [...knows].some(({ out }) => out.has(device))
}

/** A removal of these devices. */
export function removalOf(number: number, out: readonly Member[]): Removal {
  const entry = entryIdFromBytes(new Uint8Array(32).fill(number))
  return { entry, out: new Set(out.map(({ id }) => id)) }
}

/** A device hears of removals: the new epoch comes in the same step, then what is stored is settled. */
export async function learn(member: Member, removals: Iterable<Removal>): Promise<void> {
  const fresh = [...removals].filter((one) => !member.knows.has(one) && !one.out.has(member.id))
  if (fresh.length === 0) return
  await rotate(member, [...member.knows, ...fresh])
  for (const removal of fresh) {
    member.knows.add(removal)
    member.hears.add(removal)
  }
  // Behind everything that was judged before.
  void member.replica.log.accept([]).then(() => {
    for (const removal of fresh) member.hears.delete(removal)
  })
  await member.replica.membersChanged()
}

async function rotate({ number, replica }: Member, known: readonly Removal[]): Promise<void> {
  const { epochs } = replica.log
  const out = known.map(({ entry }) => entry)
  for (let at = 0; epochDue(epochs, { out, now: 0 }) !== undefined; at += 1) {
    const rng = createSeededRng(number * 1_000 + epochs.list().length + at)
    await epochs.add(nextEpoch(epochs, { out, at: 0 }, rng))
  }
}

/**
 * What two devices say before they exchange: their device logs, then the epochs one lacks. False when one
 * of them is out for the other.
 */
export async function greet(one: Member, other: Member): Promise<boolean> {
  if (isOut(one, other.id) || isOut(other, one.id)) return false
  await learn(one, other.knows)
  await learn(other, one.knows)
  if (isOut(one, other.id) || isOut(other, one.id)) return false
  await handOver(one, other)
  await handOver(other, one)
  return true
}

async function handOver(giver: Member, receiver: Member): Promise<void> {
  const held = receiver.replica.log.epochs
  for (const epoch of giver.replica.log.epochs.list()) {
    if (held.get(epoch.id) === undefined) await held.add(epoch)
  }
}

/** Two devices meet, exchange until both have all, and part. */
export async function meetOnce(one: Member, other: Member): Promise<void> {
  if (await greet(one, other)) await sync(meeter(one), meeter(other))
}

/** Two devices meet and stay connected. */
export async function meetForLong(one: Member, other: Member): Promise<Meeting | undefined> {
  if (!(await greet(one, other))) return undefined
  const meeting = connect(meeter(one), meeter(other))
  // Whoever leaves hangs up.
  void Promise.race(meeting.ends).then(meeting.line.close)
  return meeting
}

function meeter({ id, replica }: Member) {
  return { id, exchanges: replica.exchanges, log: replica.log }
}

/** Says something in the lane `messages`. */
export async function say({ replica }: Member, text: string): Promise<void> {
  await replica.log.append({ lane: 'messages', contents: [note(text)] })
}

/** Edits account data. */
export async function edit({ replica }: Member, key: string, value: string): Promise<void> {
  replica.data.settings.set(key, value)
  await replica.flush()
}

/** Every record a device holds of one lane, by device and place. */
export async function placesOf(
  { replica }: Member,
  lane: 'data' | 'messages',
): Promise<ReadonlyMap<string, string>> {
  const places = new Map<string, string>()
  for (const held of replica.log.holdings()) {
    if (held.lane !== lane) continue
    const span = { device: held.device, lane, from: 1, to: Number.MAX_SAFE_INTEGER } as const
    for await (const record of replica.log.read(span)) {
      places.set(`${record.device}/${record.seq}`, nameOf(record))
    }
  }
  return places
}

/** A record by what no two have in common. */
function nameOf({ signature }: Pick<LogRecord, 'signature'>): string {
  return signature.join()
}

/** Values of settings begin with the number of their writer. */
function writtenBy(value: unknown, { number }: Pick<Member, 'number'>): boolean {
  return typeof value === 'string' && value.startsWith(`${number}:`)
}

function observe(world: RemovalWorld, member: Member): void {
  const { log, data } = member.replica
  log.events.addEventListener('record:appended', ({ detail: { record } }) => {
    member.wrote.push({ record, knowing: [...member.knows] })
  })
  log.events.addEventListener('records:accepted', ({ detail }) => {
    for (const event of detail.events) witnessRecord(world, member, event)
  })
  data.events.addEventListener('setting:changed', ({ detail: { value } }) => {
    witnessValue(world, member, value)
  })
}

function witnessRecord({ witness }: RemovalWorld, member: Member, { record }: RecordEvent): void {
  const name = nameOf(record)
  if (!isOutForSure(member, record.device)) witness.takenUnknowing.set(name, record)
  else if (record.lane === 'data') {
    witness.violations.push(`${member.number} took in data of a device that is out`)
  } else if (!witness.takenUnknowing.has(name)) {
    witness.suspects.push({ member, record })
  } else witness.takenByVouch += 1
}

/**
 * What was taken in against the rule. A record that nobody had before is all right only if one that
 * somebody had names it by its hash: then it was written before that one.
 */
export async function violationsIn({ witness }: RemovalWorld): Promise<readonly string[]> {
  const { suspects, takenUnknowing, violations } = witness
  const named = new Set([...takenUnknowing.values()].map(({ prev }) => prev.join()))
  const guilty: string[] = []
  // From the newest down: what one of them names was written before, too.
  for (const { member, record } of suspects.toSorted((a, b) => b.record.seq - a.record.seq)) {
    const hash = await member.replica.log.hashAt(record)
    if (hash !== undefined && named.has(hash.join())) named.add(record.prev.join())
    else guilty.push(`${member.number} took in what nobody had before the removal`)
  }
  return [...violations, ...guilty]
}

function isOutForSure({ knows, hears }: Member, device: DeviceId): boolean {
  return isOut({ knows: [...knows].filter((one) => !hears.has(one)) }, device)
}

function witnessValue({ members, witness }: RemovalWorld, member: Member, value: unknown): void {
  const writer = members.find((one) => writtenBy(value, one))
  if (writer === undefined || typeof value !== 'string') return
  if (!isOutForSure(member, writer.id)) witness.readUnknowing.add(value)
  else if (!witness.readUnknowing.has(value)) {
    witness.violations.push(`${member.number} reads what was written after the removal`)
  }
}
