import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cost } from '../contenders/contender.ts'
import { type ContenderName, OURS } from '../contenders/contenders.ts'
import { missingProgram } from '../installed.ts'
import { type Party, startParty } from '../party.ts'
import { inScope, type Keep } from '../scope.ts'
import { percentile } from '../statistics.ts'
import { type Figures, type Job, type JobOptions, NOISE } from './job.ts'

/** Bytes between two devices that only a relay joins. */
export const relay: Job = {
  name: 'relay',
  title: 'two devices that only a relay joins (ours: raw sockets spliced, as with relaysrv)',
  contenders: ['syncthing-relaysrv', 'stock libp2p relay', 'libp2p, direct', 'coturn', OURS],
  measures: [
    { name: 'throughput', unit: 'MB/s', means: 'one direction, from the first byte to the last' },
    { name: 'p50', unit: 'ms', means: '64 bytes there and back' },
    { name: 'CPU', unit: 's/GB', means: 'processor time of the relay' },
    { name: 'connection', unit: 'MB/s', means: 'over a whole connection, sealed between devices' },
    { name: 'circuit', unit: 'MB/s', means: 'the same over a circuit of libp2p' },
    { name: 'growth', unit: 'MB', means: 'memory of the relay, over all bytes of the round' },
    { name: 'stopped', unit: 'MB', means: 'the same while the reader takes nothing' },
  ],
  bars: [
    bar('throughput', 'syncthing-relaysrv', 'at least', 0.7),
    bar('throughput', 'stock libp2p relay', 'at least', 8),
    bar('p50', 'syncthing-relaysrv', 'at most', 1.2),
    bar('CPU', 'syncthing-relaysrv', 'at most', 2.5),
    bar('connection', 'libp2p, direct', 'at least', 0.9),
    bar('circuit', 'stock libp2p relay', 'at least', 1.5),
  ],
  goals: [
    { measure: 'growth', most: 32 },
    { measure: 'stopped', most: 32 },
  ],
  missing: missingProgram,
  prepare: async (options) => (contender) =>
    contender === OURS ? measureOurs(options) : measureOther(contender, options),
}

function bar(
  measure: string,
  against: ContenderName,
  rule: 'at most' | 'at least',
  ratio: number,
): Job['bars'][number] {
  return { measure, against, rule, ratio, noise: NOISE }
}

const MB = 1_000_000
const PINGS = 1_000
/** Code is compiled, and windows grow, within the first of them. */
const WARM_UP_PINGS = 300
const WARM_UP_BYTES = 20 * MB
/** Bytes of one round: about a second on an idle machine. */
const BYTES: Readonly<Partial<Record<ContenderName, number>>> = {
  'syncthing-relaysrv': 1_000 * MB,
  'Kithmesh, splice': 1_000 * MB,
}
const FEWER_BYTES = 100 * MB
/** Over ten times so many bytes a relay may not grow. */
const MANY_BYTES = 1_000 * MB
const MANY_TIMES = 10
/** More than every window and socket between takes. */
const STOPPED_BYTES = 500 * MB

async function measureOurs(options: JobOptions): Promise<Figures> {
  const splice = await inScope(async (keep) => {
    const ends = await start('Kithmesh, splice', keep, options)
    const before = await costOf(ends)
    const figures = await measure('Kithmesh, splice', ends)
    for (let time = 0; time < MANY_TIMES; time++) await pass(ends, MANY_BYTES)
    const growth = ((await costOf(ends)).memory - before.memory) / MB
    return { ...figures, growth, stopped: await stopReading(ends) }
  })
  const alone = (name: ContenderName): Promise<number> =>
    inScope(async (keep) => {
      const ends = await start(name, keep, options)
      await pass(ends, WARM_UP_BYTES)
      return pass(ends, FEWER_BYTES)
    })
  return {
    ...splice,
    connection: await alone('Kithmesh, whole connection'),
    circuit: await alone('Kithmesh, circuit'),
  }
}

/**
 * Less than it costs that relay, in s/GB, to take each byte in hand: those of the round went past it, and say nothing of
 * it. coturn takes 13 where all of them go through.
 */
const LEAST_CPU: Partial<Record<ContenderName, number>> = { coturn: 5 }
const LEAST_OF_ANY = 0.1
/** libjuice now and then finds the way past its TURN server that two ends on one machine have. */
const TRIES = 5

async function measureOther(name: ContenderName, options: JobOptions): Promise<Figures> {
  for (let left = TRIES; left > 0; left--) {
    const figures = await measureOnce(name, options)
    if (!('CPU' in figures) || figures.CPU >= (LEAST_CPU[name] ?? LEAST_OF_ANY)) return figures
    options.say(`relay: ${name} was gone past; again`)
  }
  throw new Error(`its bytes went past the relay ${TRIES} times`)
}

function measureOnce(
  name: ContenderName,
  options: JobOptions,
): Promise<Figures & { readonly CPU?: number }> {
  return inScope(async (keep) => {
    const ends = await start(name, keep, options)
    const before = await costOf(ends)
    const figures = await measure(name, ends)
    switch (name) {
      case 'libp2p, direct':
        return { connection: figures.throughput }
      case 'stock libp2p relay':
        return { ...figures, circuit: figures.throughput, growth: await growthSince(ends, before) }
      default:
        return { ...figures, growth: await growthSince(ends, before) }
    }
  })
}

/** The processes of one contender, with a way between the two ends. */
interface Ends {
  readonly server: Party<'server'> | undefined
  readonly receiver: Party<'receiver'>
  readonly sender: Party<'sender'>
}

async function start(
  name: ContenderName,
  keep: Keep,
  { profile, scratch }: JobOptions,
): Promise<Ends> {
  const server =
    name === 'libp2p, direct' ? undefined : keep(await startParty(name, 'server', { profile }))
  const receiver = keep(await startParty(name, 'receiver', { profile }))
  const sender = keep(await startParty(name, 'sender', { profile }))
  const home = await mkdtemp(join(scratch, 'relay-'))
  const at = await server?.call('start', { records: 0, where: '', home })
  const where = await receiver.call('start', { records: 0, where: at ?? '', home })
  await sender.call('start', { records: 0, where, home })
  await Promise.all([sender.call('pings', 1), receiver.call('taken')])
  return { server, receiver, sender }
}

async function measure(name: ContenderName, ends: Ends) {
  const { sender } = ends
  await sender.call('pings', WARM_UP_PINGS)
  const pings = await sender.call('pings', PINGS)
  await pass(ends, WARM_UP_BYTES)
  const bytes = BYTES[name] ?? FEWER_BYTES
  const before = await costOf(ends)
  const throughput = await pass(ends, bytes)
  const after = await costOf(ends)
  return {
    throughput,
    p50: percentile(pings, 0.5),
    CPU: (after.cpu - before.cpu) / 1_000 / (bytes / 1_000 / MB),
  }
}

/** MB per second. */
async function pass({ receiver, sender }: Ends, bytes: number): Promise<number> {
  await receiver.call('count')
  const [at, began] = await Promise.all([
    receiver.call('received', bytes),
    sender.call('blast', bytes),
  ])
  return bytes / MB / ((at - began) / 1_000)
}

/** MB by which the relay grew when its reader took nothing more. */
async function stopReading(ends: Ends): Promise<number> {
  const before = await costOf(ends)
  await ends.receiver.call('stopReading')
  await ends.sender.call('blastUntilFull', STOPPED_BYTES)
  return growthSince(ends, before)
}

async function growthSince(ends: Ends, { memory }: Cost): Promise<number> {
  return ((await costOf(ends)).memory - memory) / MB
}

async function costOf({ server }: Ends): Promise<Cost> {
  return (await server?.call('cost')) ?? { cpu: 0, memory: 0 }
}
