import { joinBytes } from '@kithmesh/protocol'
import { createEpochRing, type EpochKey } from '../log/epochs.ts'
import type { LogPosition } from '../log/lane.ts'
import type { LogRecord, RecordContent } from '../log/record.ts'
import { createRecordSealer } from '../log/seal.ts'
import { vouchContents } from '../log/vouches.ts'
import { ACCOUNT, note } from './devices.ts'
import { createSeededRng } from './environment.ts'
import { nativeCrypto, nativeSigner } from './native-crypto.ts'
import type { Random } from './random.ts'
import type { Member } from './removal-world.ts'

/** What an attacker makes of the real keys of removed devices. */
export interface Forger {
  /** Has a device vouch beforehand for records it will show later. */
  prepare(): Promise<void>
  /** Presses forged records on a device in place of those another vouches for, before they come. */
  usurp(victim: Member, voucher: Member): Promise<void>
  /** Presses records on a device, past every exchange. */
  force(victim: Member): Promise<void>
}

/** The attacker of a world: whoever is hostile, together. */
export function createForger(
  members: readonly Member[],
  hostile: readonly Member[],
  random: Random,
): Forger {
  const prepared: LogRecord[] = []
  const sealAs = async (member: Member, place: LogPosition, made: Made): Promise<LogRecord> => {
    const epochs = await createEpochRing([made.epoch], nativeCrypto)
    const sealer = createRecordSealer({ account: ACCOUNT, epochs, crypto: nativeCrypto })
    const signer = nativeSigner(member.number)
    const rng = createSeededRng(random.below(2 ** 31))
    const draft = { ...place, prev: made.prev, contents: made.contents }
    return (await sealer.seal(draft, { signer, rng })).record
  }
  const hashOf = async (record: LogRecord): Promise<Uint8Array> => {
    const epochs = await createEpochRing([oldEpoch(hostile, random)], nativeCrypto)
    return createRecordSealer({ account: ACCOUNT, epochs, crypto: nativeCrypto }).hashOf(record)
  }
  const chain = async (member: Member, from: number, length: number): Promise<LogRecord[]> => {
    const records: LogRecord[] = []
    for (let seq = from; seq < from + length; seq += 1) {
      const last = records.at(-1)
      const place = { device: member.id, lane: 'messages' as const, seq }
      const epoch = oldEpoch(hostile, random)
      const prev = last === undefined ? random.bytes(32) : await hashOf(last)
      records.push(await sealAs(member, place, { epoch, prev, contents: [note(`${seq} later`)] }))
    }
    return records
  }
  const tipOf = ({ replica, id }: Member): number =>
    replica.log.holdingsOf({ device: id, lane: 'messages' }).tip?.seq ?? 0
  const own = async ({ replica, id }: Member, lane: 'data' | 'messages'): Promise<LogRecord[]> => {
    const span = { device: id, lane, from: 1, to: Number.MAX_SAFE_INTEGER } as const
    const records: LogRecord[] = []
    for await (const record of replica.log.read(span)) records.push(record)
    return records
  }
  /** One that takes the place of a record which somebody may vouch for. */
  const inPlaceOf = async (member: Member, holder: Member): Promise<LogRecord[]> => {
    const held = holder.replica.log.holdingsOf({ device: member.id, lane: 'messages' })
    const places = held.stored.map(({ to }) => chain(member, to, 1))
    return (await Promise.all(places)).flat()
  }
  const vouchOf = async (records: readonly LogRecord[]): Promise<readonly RecordContent[]> => {
    const [top] = records.slice(-1)
    if (top === undefined) return []
    return vouchContents({
      device: top.device,
      places: [{ seq: top.seq, hash: await hashOf(top) }],
    })
  }
  return {
    prepare: async () => {
      const [member, voucher] = [random.of(hostile), random.of(hostile)]
      const records = await chain(member, tipOf(member) + 10, 3)
      prepared.push(...records)
      const contents = await vouchOf(records)
      await voucher.replica.log.append({ lane: 'messages', contents })
    },
    usurp: async (victim, voucher) => {
      await victim.replica.log.accept(await own(voucher, 'messages'))
      for (const member of hostile) {
        await victim.replica.log.accept(await inPlaceOf(member, voucher))
      }
    },
    force: async (victim) => {
      const member = random.of(hostile)
      const genuine = await own(member, 'messages')
      const tip = tipOf(member)
      const { stored } = victim.replica.log.holdingsOf({ device: member.id, lane: 'messages' })
      const held = stored.at(-1)?.to ?? 0
      const later = await chain(member, tip + 1 + random.below(3), 2)
      const holder = random.of(members)
      const vouch = { device: member.id, lane: 'messages' as const, seq: tip + 4 }
      const made = { epoch: oldEpoch(hostile, random), prev: random.bytes(32) }
      const batches = [
        genuine,
        await own(member, 'data'),
        prepared,
        later,
        await inPlaceOf(member, holder),
        await inPlaceOf(member, holder),
        // In the middle of what the victim lacks, or holds.
        await chain(member, 1 + random.below(held + 3), 1),
        // Hung onto what the victim has.
        await hungOnto(member, held),
        [...later, await sealAs(member, vouch, { ...made, contents: await vouchOf(later) })],
        genuine.map((record) => ({ ...record, seq: record.seq + 1 })),
        genuine.map((record) => ({ ...record, sealed: joinBytes(record.sealed, record.sealed) })),
      ]
      await victim.replica.log.accept(random.of(batches))
    },
  }

  async function hungOnto(member: Member, seq: number): Promise<LogRecord[]> {
    const place = { device: member.id, lane: 'messages' as const, seq }
    const prev = (await member.replica.log.hashAt(place)) ?? random.bytes(32)
    const next = { ...place, seq: seq + 1 }
    const epoch = oldEpoch(hostile, random)
    return [await sealAs(member, next, { epoch, prev, contents: [note('hung on')] })]
  }
}

interface Made {
  readonly epoch: EpochKey
  readonly prev: Uint8Array
  readonly contents: readonly RecordContent[]
}

/** Any epoch that the attackers hold. */
function oldEpoch(hostile: readonly Member[], random: Random): EpochKey {
  return random.of(random.of(hostile).replica.log.epochs.list())
}
