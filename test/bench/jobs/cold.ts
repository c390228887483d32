import { type ContenderName, OURS } from '../contenders/contenders.ts'
import { startParty } from '../party.ts'
import { inScope } from '../scope.ts'
import { type Figures, type Job, type JobOptions, NOISE } from './job.ts'

/** Account data that was edited for years: what it takes up, and how long a device reads it when it starts. */
export const cold: Job = {
  name: 'cold',
  title: '50,000 edits of 1,000 contacts, one by one: sealed at rest, and opened again',
  contenders: ['a sealed log', 'one snapshot', OURS],
  measures: [
    { name: 'at rest', unit: 'bytes', means: 'all that is kept, sealed and signed' },
    { name: 'load', unit: 'ms', means: 'read, opened, proved and put together' },
  ],
  bars: [
    // 100 kB where the log took 6.5 MB.
    { measure: 'at rest', against: 'a sealed log', rule: 'at most', ratio: 1 / 65, noise: 1 },
    { measure: 'load', against: 'a sealed log', rule: 'at most', ratio: 1 / 100, noise: NOISE },
  ],
  prepare: async (options) => (contender) => measureCold(contender, options),
}

const CONTACTS = 1_000
const EDITS = 50_000

function measureCold(name: ContenderName, { profile }: JobOptions): Promise<Figures> {
  return inScope(async (keep) => {
    const archive = keep(await startParty(name, 'archive', { profile }))
    const bytes = await archive.call('fill', { contacts: CONTACTS, edits: EDITS })
    const { took, contacts } = await archive.call('load')
    if (contacts !== CONTACTS) throw new Error(`${contacts} contacts were read`)
    return { 'at rest': bytes, load: took }
  })
}
