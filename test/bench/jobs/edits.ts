import { setTimeout as delay } from 'node:timers/promises'
import { type ContenderName, OURS } from '../contenders/contenders.ts'
import { type LinkedHomes, linkedHomes } from '../homes/homes.ts'
import { type Party, startParty } from '../party.ts'
import { inScope } from '../scope.ts'
import { percentile } from '../statistics.ts'
import { type Figures, type Job, type JobOptions, LONGEST_PAUSE, NOISE } from './job.ts'

/** One edit at a time on a device, until its sibling tells its application of it. */
export const edits: Job = {
  name: 'edits',
  title: 'an edit is seen on a sibling',
  contenders: [
    'raw TCP',
    'Yjs over WebSocket',
    'libp2p and Yjs',
    'hocuspocus',
    'hocuspocus, two clients',
    'cojson',
    OURS,
  ],
  measures: [
    { name: 'p50', unit: 'ms', means: 'edit begun → sibling told, half of them quicker' },
    { name: 'p99', unit: 'ms', means: 'the same, one in a hundred slower' },
    LONGEST_PAUSE,
  ],
  bars: [
    { measure: 'p50', against: 'hocuspocus', rule: 'at most', ratio: 1.5, noise: NOISE },
    { measure: 'p50', against: 'cojson', rule: 'at most', ratio: 0.25, noise: NOISE },
    { measure: 'p99', against: 'cojson', rule: 'at most', ratio: 1, noise: NOISE },
  ],
  prepare: async (options) => {
    const records = Math.max(options.records, WARM_UP + EDITS)
    const homes = await linkedHomes(options, { messages: records, starred: records })
    return (contender) => measureEdits(contender, homes, { ...options, records })
  },
}

/** Edits before the clock counts: code is compiled, connections have grown their windows. */
const WARM_UP = 100
/** Edits of one round. */
const EDITS = 200
/** A person's edits find the machine at rest, not in the middle of the one before. */
const REST_MS = 5

function measureEdits(
  name: ContenderName,
  homes: LinkedHomes,
  { records, profile }: JobOptions,
): Promise<Figures> {
  return inScope(async (keep) => {
    const round = name === OURS ? keep(await homes.copy()) : undefined
    const start = { records, where: '', home: '' }
    const server =
      name === 'hocuspocus, two clients'
        ? keep(await startParty(name, 'server', { profile }))
        : undefined
    const origin = keep(await startParty(name, 'origin', { profile }))
    const sibling = keep(await startParty(name, 'sibling', { profile }))
    const served = (await server?.call('start', start)) ?? ''
    const where = await origin.call('start', { ...start, where: served, home: round?.origin ?? '' })
    await sibling.call('start', { ...start, where, home: round?.sibling ?? '' })

    await editInTurn({ origin, sibling }, 1, WARM_UP)
    await Promise.all([origin.call('longestPause'), sibling.call('longestPause')])
    const seen = await editInTurn({ origin, sibling }, WARM_UP + 1, WARM_UP + EDITS)
    const begun = (await origin.call('editTimes')).slice(WARM_UP)
    const took = seen.map((at, index) => at - (begun[index] ?? Number.NaN))
    const pauses = [await origin.call('longestPause'), await sibling.call('longestPause')]
    return { p50: percentile(took, 0.5), p99: percentile(took, 0.99), GC: Math.max(...pauses) }
  })
}

/** When the sibling saw each of these edits. */
async function editInTurn(
  { origin, sibling }: { readonly origin: Party<'origin'>; readonly sibling: Party<'sibling'> },
  from: number,
  to: number,
): Promise<readonly number[]> {
  const seen: number[] = []
  for (let n = from; n <= to; n++) {
    const sight = sibling.call('seen', n)
    origin.post('edit', n)
    seen.push(await sight)
    await delay(REST_MS)
  }
  return seen
}
