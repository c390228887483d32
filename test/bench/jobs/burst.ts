import { type ContenderName, OURS } from '../contenders/contenders.ts'
import { type LinkedHomes, linkedHomes } from '../homes/homes.ts'
import { startParty } from '../party.ts'
import { inScope } from '../scope.ts'
import { DISK_NOISE, type Figures, type Job, type JobOptions, LONGEST_PAUSE } from './job.ts'

/** Many edits at once, as an import makes them, until the sibling has told its application of each. */
export const burst: Job = {
  name: 'burst',
  title: 'many edits at once are seen on a sibling',
  contenders: ['raw TCP', 'Yjs over WebSocket', 'libp2p and Yjs', 'hocuspocus', 'cojson', OURS],
  measures: [
    { name: 'all', unit: 'ms', means: 'first edit begun → sibling told of every edit' },
    { name: 'bytes', unit: 'bytes', means: 'on the wire, both directions, for each edit' },
    LONGEST_PAUSE,
  ],
  bars: [
    { measure: 'all', against: 'hocuspocus', rule: 'at most', ratio: 1, noise: DISK_NOISE },
    {
      measure: 'bytes',
      against: 'Yjs over WebSocket',
      rule: 'at most',
      ratio: 1.5,
      noise: DISK_NOISE,
    },
  ],
  prepare: async (options) => {
    const homes = await linkedHomes(options, { messages: options.records, starred: 0 })
    return (contender) => measureBurst(contender, homes, options)
  },
}

/** Edits one after another before, with numbers behind those of the burst: the two are connected and compiled. */
const WARM_UP = 100

function measureBurst(
  name: ContenderName,
  homes: LinkedHomes,
  { records, profile }: JobOptions,
): Promise<Figures> {
  return inScope(async (keep) => {
    const round = name === OURS ? keep(await homes.copy()) : undefined
    const origin = keep(await startParty(name, 'origin', { profile }))
    const sibling = keep(await startParty(name, 'sibling', { profile }))
    const start = { records: name === OURS ? 0 : records, where: '' }
    const where = await origin.call('start', { ...start, home: round?.origin ?? '' })
    await sibling.call('start', { ...start, where, home: round?.sibling ?? '' })

    // Even ones: ours only renames in those, and has every message left to star.
    const first = records + (records % 2)
    for (let n = first + 2; n <= first + 2 * WARM_UP; n += 2) {
      const sight = sibling.call('seen', n)
      origin.post('edit', n)
      await sight
    }
    await Promise.all([origin.call('longestPause'), sibling.call('longestPause')])
    const before = await origin.call('wireBytes')
    const seen = sibling.call('seenAll', { from: 1, to: records })
    const began = await origin.call('burst', { from: 1, to: records })
    const all = (await seen) - began
    const bytes = ((await origin.call('wireBytes')) - before) / records
    const pauses = [await origin.call('longestPause'), await sibling.call('longestPause')]
    return { all, bytes, GC: Math.max(...pauses) }
  })
}
