import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { now } from '../clock.ts'
import { type ContenderName, OURS } from '../contenders/contenders.ts'
import { type LinkedHomes, linkedHomes } from '../homes/homes.ts'
import { startParty } from '../party.ts'
import { inScope } from '../scope.ts'
import { type Figures, type Job, type JobOptions, LONGEST_PAUSE } from './job.ts'

/** A device is linked to an account that has talked for years, and has all of it. */
export const history: Job = {
  name: 'history',
  title:
    'a new device gets the messages of the account (goals: first 500 in 300 ms, all in 1,000 ms)',
  contenders: ['one stream and SQLite', OURS],
  measures: [
    { name: 'first 500', unit: 'ms', means: 'code read → application told of 500 messages' },
    { name: 'all', unit: 'ms', means: 'code read → application told of every message' },
    { name: 'bytes', unit: 'bytes', means: 'on the wire, both directions, for each message' },
    LONGEST_PAUSE,
  ],
  // The goals are times a person waits; the ratio tells how far ours is from the floor.
  bars: [],
  prepare: async (options) => {
    const homes = await linkedHomes(options, { messages: options.records, starred: 0 })
    return (contender) => measureHistory(contender, homes, options)
  },
}

let folders = 0

function measureHistory(
  name: ContenderName,
  homes: LinkedHomes,
  { records, scratch, profile }: JobOptions,
): Promise<Figures> {
  return inScope(async (keep) => {
    const folder = join(scratch, `history-${++folders}`)
    await mkdir(folder)
    keep({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) })
    const round = name === OURS ? keep(await homes.copy()) : undefined
    const linker = keep(await startParty(name, 'linker', { profile }))
    const newcomer = keep(await startParty(name, 'newcomer', { profile }))
    await linker.call('start', { where: '', records, home: round?.origin ?? folder })
    const code = await newcomer.call('start', { where: '', records: 0, home: folder })
    await Promise.all([linker.call('longestPause'), newcomer.call('longestPause')])
    const before = await linker.call('wireBytes')
    const told = newcomer.call('told', records)
    const began = now()
    await linker.call('link', code)
    const { first, all } = await told
    const bytes = ((await linker.call('wireBytes')) - before) / records
    const pauses = [await linker.call('longestPause'), await newcomer.call('longestPause')]
    return { 'first 500': first - began, all: all - began, bytes, GC: Math.max(...pauses) }
  })
}
