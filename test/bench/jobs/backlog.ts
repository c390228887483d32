import { type ContenderName, OURS } from '../contenders/contenders.ts'
import { type LinkedHomes, linkedHomes } from '../homes/homes.ts'
import { startParty } from '../party.ts'
import { inScope } from '../scope.ts'
import { DISK_NOISE, type Figures, type Job, type JobOptions, LONGEST_PAUSE } from './job.ts'

/** A sibling that was off comes back, and its application is told of all it missed. */
export const backlog: Job = {
  name: 'backlog',
  title: 'a sibling comes back and catches up',
  contenders: ['raw TCP', 'Yjs over WebSocket', 'libp2p and Yjs', 'hocuspocus', 'cojson', OURS],
  measures: [
    { name: 'first', unit: 'ms', means: 'sibling starts → told of the first record' },
    { name: 'all', unit: 'ms', means: 'sibling starts → told of every record' },
    LONGEST_PAUSE,
  ],
  bars: [
    { measure: 'all', against: 'hocuspocus', rule: 'at most', ratio: 1, noise: DISK_NOISE },
    { measure: 'all', against: 'cojson', rule: 'at most', ratio: 1, noise: DISK_NOISE },
  ],
  prepare: async (options) => {
    const { records } = options
    const homes = await linkedHomes(options, { messages: records, starred: records })
    return (contender) => measureBacklog(contender, homes, options)
  },
}

function measureBacklog(
  name: ContenderName,
  homes: LinkedHomes,
  { records, profile }: JobOptions,
): Promise<Figures> {
  return inScope(async (keep) => {
    const round = name === OURS ? keep(await homes.copy()) : undefined
    const origin = keep(await startParty(name, 'origin', { profile }))
    const sibling = keep(await startParty(name, 'sibling', { profile }))
    const where = await origin.call('start', { records, where: '', home: round?.origin ?? '' })
    const { first, all } = await sibling.call('start', {
      records,
      where,
      home: round?.sibling ?? '',
    })
    const pauses = [await origin.call('longestPause'), await sibling.call('longestPause')]
    return { first, all, GC: Math.max(...pauses) }
  })
}
