import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { now } from '../clock.ts'
import { type ContenderName, OURS } from '../contenders/contenders.ts'
import { startParty } from '../party.ts'
import { inScope } from '../scope.ts'
import { type Figures, type Job, type JobOptions, LONGEST_PAUSE } from './job.ts'

/** A code is read on one device, and both belong to one account: on one network, then with only a relay between. */
export const link: Job = {
  name: 'link',
  title: 'a new device is linked, without history (goals: LAN 3,000 ms, relay 5,000 ms)',
  contenders: ['TCP and Noise', OURS],
  measures: [
    { name: 'LAN', unit: 'ms', means: 'code read → linked on both, over TCP without any relay' },
    { name: 'relay', unit: 'ms', means: 'the same between devices that share only a relay' },
    LONGEST_PAUSE,
  ],
  // The goals are times a person waits, and hold on every machine; ratios tell what of them is ours.
  bars: [],
  prepare: async (options) => (contender) => measureLinking(contender, options),
}

async function measureLinking(name: ContenderName, options: JobOptions): Promise<Figures> {
  const near = await measurePlace(name, options, { relayed: false })
  const far = await measurePlace(name, options, { relayed: true })
  return { LAN: near.took, relay: far.took, GC: Math.max(near.pause, far.pause) }
}

let folders = 0

function measurePlace(
  name: ContenderName,
  { scratch, profile }: JobOptions,
  { relayed }: { readonly relayed: boolean },
): Promise<{ readonly took: number; readonly pause: number }> {
  return inScope(async (keep) => {
    const folder = join(scratch, `link-${++folders}`)
    await mkdir(folder)
    keep({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) })
    const homeOf = (device: string): string => join(folder, device)
    const server = relayed ? keep(await startParty(name, 'server', { profile })) : undefined
    const relay = { where: '', records: 0, home: homeOf('relay') }
    const where = (await server?.call('start', relay)) ?? ''

    const linker = keep(await startParty(name, 'linker', { profile }))
    const newcomer = keep(await startParty(name, 'newcomer', { profile }))
    await linker.call('start', { where, records: 0, home: homeOf('linker') })
    const code = await newcomer.call('start', { where, records: 0, home: homeOf('newcomer') })
    await Promise.all([linker.call('longestPause'), newcomer.call('longestPause')])
    const began = now()
    const ended = await linker.call('link', code)
    const pauses = [await linker.call('longestPause'), await newcomer.call('longestPause')]
    return { took: ended - began, pause: Math.max(...pauses) }
  })
}
