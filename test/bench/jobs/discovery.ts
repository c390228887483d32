import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { now } from '../clock.ts'
import { type ContenderName, OURS } from '../contenders/contenders.ts'
import { missingProgram } from '../installed.ts'
import { startParty } from '../party.ts'
import { inScope } from '../scope.ts'
import { type Figures, type Job, type JobOptions, NOISE } from './job.ts'

/** A device is started where another waits, and nobody tells it where. */
export const discovery: Job = {
  name: 'discovery',
  title: 'found on the local network, from the start of the second to its first answer',
  contenders: ['stock mdns', 'syncthing, two', OURS],
  measures: [
    { name: 'first', unit: 'ms', means: 'started → found → connected → 64 bytes and back' },
  ],
  bars: [{ measure: 'first', against: 'stock mdns', rule: 'at most', ratio: 0.5, noise: NOISE }],
  missing: missingProgram,
  prepare: async (options) => (contender) =>
    measureDiscovery(contender === OURS ? 'Kithmesh, kept peers' : contender, options),
}

function measureDiscovery(name: ContenderName, { profile, scratch }: JobOptions): Promise<Figures> {
  return inScope(async (keep) => {
    const waiting = keep(await startParty(name, 'receiver', { profile }))
    const home = await mkdtemp(join(scratch, 'found-'))
    const where = await waiting.call('start', { records: 0, where: '', home })
    const started = keep(await startParty(name, 'sender', { profile }))
    await started.call('warm')
    // its announcements of the start are over: what is found is found by what the second says
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
    const began = now()
    await started.call('start', { records: 0, where, home: '' })
    await started.call('pings', 1)
    return { first: now() - began }
  })
}

const QUIET_MS = 7_000
