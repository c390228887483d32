import { type ContenderName, OURS } from '../contenders/contenders.ts'
import type { Way } from '../contenders/session-pair.ts'
import { type Party, startParty } from '../party.ts'
import { inScope } from '../scope.ts'
import { type Figures, type Job, type JobOptions, NOISE } from './job.ts'

/** What sessions cost by themselves: both devices in one process, no network and no disk between them. */
export const sessions: Job = {
  name: 'sessions',
  title:
    'sealing and opening 200 bytes, both devices in one process' +
    ' (goals in Chromium, wall: burst 6,000/s, ping-pong 1,800/s)',
  contenders: ['libsignal', 'Kithmesh in Chromium', OURS],
  measures: [
    { name: 'burst', unit: 'per s', means: 'sealed by one, opened by the other; per CPU second' },
    { name: 'ping-pong', unit: 'per s', means: 'the same, each message an answer' },
    { name: 'set-up', unit: 'per s', means: 'session started, first message sealed and opened' },
    { name: 'burst, wall', unit: 'per s', means: 'burst per second of the clock' },
    { name: 'ping-pong, wall', unit: 'per s', means: 'the same' },
    { name: 'set-up, wall', unit: 'per s', means: 'the same' },
  ],
  bars: [
    { measure: 'burst', against: 'libsignal', rule: 'at least', ratio: 2, noise: NOISE },
    { measure: 'ping-pong', against: 'libsignal', rule: 'at least', ratio: 1.1, noise: NOISE },
    { measure: 'set-up', against: 'libsignal', rule: 'at least', ratio: 0.6, noise: NOISE },
  ],
  prepare: async (options) => (contender) => measureSessions(contender, options),
}

/** How many of each way count in one round: about a second. The processor's clock of a page is coarse. */
const COUNTS: Readonly<Record<Way, number>> = { burst: 10_000, 'ping-pong': 4_000, 'set-up': 400 }

function measureSessions(name: ContenderName, { profile }: JobOptions): Promise<Figures> {
  return inScope(async (keep) => {
    const pair = keep(await startParty(name, 'pair', { profile }))
    await pair.call('start')
    return {
      ...(await measureWay(pair, 'burst')),
      ...(await measureWay(pair, 'ping-pong')),
      ...(await measureWay(pair, 'set-up')),
    }
  })
}

async function measureWay(pair: Party<'pair'>, way: Way): Promise<Figures> {
  const count = COUNTS[way]
  // Code is compiled anew for some thousands of messages: a device that runs for a day is past that.
  await pair.call('run', { way, count })
  const { cpu, wall } = await pair.call('run', { way, count })
  return { [way]: (count / cpu) * 1_000, [`${way}, wall`]: (count / wall) * 1_000 }
}
