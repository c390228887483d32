import { type ContenderName, OURS } from '../contenders/contenders.ts'
import { type AcquaintedHomes, acquaintedHomes } from '../homes/homes.ts'
import { startParty } from '../party.ts'
import { inScope } from '../scope.ts'
import { percentile } from '../statistics.ts'
import { type Figures, type Job, type JobOptions, LONGEST_PAUSE, NOISE } from './job.ts'

/** Two accounts talk: one message and its answer in turn, then one direction as quickly as it goes. */
export const message: Job = {
  name: 'message',
  title: 'messages of 200 bytes between two accounts',
  contenders: ['raw TCP', 'libsignal over a socket', OURS],
  measures: [
    { name: 'p50', unit: 'ms', means: 'sent → received → answer received' },
    { name: 'p99', unit: 'ms', means: 'the same, one in a hundred slower' },
    {
      name: 'one way',
      unit: 'per s',
      means: 'sent one after the other, until all are acknowledged',
    },
    {
      name: 'bytes',
      unit: 'bytes',
      means: 'on the wire for each message of one direction, with its acknowledgement',
    },
    LONGEST_PAUSE,
  ],
  bars: [
    {
      measure: 'p50',
      against: 'libsignal over a socket',
      rule: 'at most',
      ratio: 0.7,
      noise: NOISE,
    },
    {
      measure: 'one way',
      against: 'libsignal over a socket',
      rule: 'at least',
      ratio: 2,
      noise: NOISE,
    },
  ],
  prepare: async (options) => {
    const homes = await acquaintedHomes(options)
    return (contender) => measureMessages(contender, homes, options)
  },
}

/** Round trips before the clock counts. */
const WARM_UP = 100
/** Round trips of one round. */
const ROUND_TRIPS = 200
/** Messages of one direction in one round. */
const MESSAGES = 2_000

function measureMessages(
  name: ContenderName,
  homes: AcquaintedHomes,
  { profile }: JobOptions,
): Promise<Figures> {
  return inScope(async (keep) => {
    const round = name === OURS ? keep(await homes.copy()) : undefined
    const answerer = keep(await startParty(name, 'answerer', { profile }))
    const asker = keep(await startParty(name, 'asker', { profile }))
    const home = round?.answerer ?? ''
    const where = await answerer.call('start', { records: 0, where: '', home })
    await asker.call('start', { records: 0, where, home: round?.asker ?? '' })

    await asker.call('roundTrips', WARM_UP)
    await Promise.all([asker.call('longestPause'), answerer.call('longestPause')])
    const took = await asker.call('roundTrips', ROUND_TRIPS)
    const pauses = [await asker.call('longestPause'), await answerer.call('longestPause')]
    await asker.call('stream', MESSAGES / 10)
    const before = await asker.call('wireBytes')
    const streamed = await asker.call('stream', MESSAGES)
    const bytes = (await asker.call('wireBytes')) - before
    return {
      p50: percentile(took, 0.5),
      p99: percentile(took, 0.99),
      'one way': (MESSAGES / streamed) * 1_000,
      bytes: bytes / MESSAGES,
      GC: Math.max(...pauses),
    }
  })
}
