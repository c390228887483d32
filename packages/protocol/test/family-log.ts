import type { DeviceLogState } from '../src/identity/device-log.ts'
import type { ReadEntry } from '../src/identity/log-check.ts'
import type { DeviceId, EntryId } from '../src/ids.ts'
import { accountOf, deviceOf, entryOf, rootOf } from './log-model/model-entry.ts'
import { type Act, add, reduce, write } from './log-model/model-log.ts'

/** The account all of this is about. */
export const account = accountOf('rules')

/** Its root key. */
export const root = rootOf('rules')

/** The first device. */
export const phone = deviceOf('phone')

/** Taken in by the phone. */
export const laptop = deviceOf('laptop')

/** Taken in by the phone, behind the laptop. */
export const tablet = deviceOf('tablet')

/** Taken in by the laptop. */
export const watch = deviceOf('watch')

/** In nobody’s log yet. */
export const ghost = deviceOf('ghost')

/** The first entry. */
export const genesis = entryOf(
  { kind: 'genesis', root, recoveryKey: new Uint8Array(1216), device: phone, at: 0 },
  root,
)

/** The entry an author writes behind `prev`. */
export const next = (author: DeviceId, prev: ReadEntry | EntryId, act: Act): ReadEntry =>
  write(account, { author, prev: typeof prev === 'string' ? prev : prev.id }, act)

/** The phone takes in a laptop and a tablet; the laptop takes in a watch. */
export const ofLaptop = next(phone, genesis, add(laptop))

/** The add of the tablet. */
export const ofTablet = next(phone, ofLaptop, add(tablet))

/** The add of the watch. */
export const ofWatch = next(laptop, ofLaptop, add(watch))

/** The log of them all, before anything happens. */
export const family = [genesis, ofLaptop, ofTablet, ofWatch]

/** What the log says when these entries follow. */
export const stateOf = (entries: readonly ReadEntry[]): DeviceLogState =>
  reduce(account, [...family, ...entries])

/** Who is in and who is not, in words. */
export const states = ({ devices }: DeviceLogState): string =>
  [...devices.values()].map(({ device, state }) => `${nameOf(device)} ${state}`).join(', ')

/** The name of a device. */
export const nameOf = (device: DeviceId): string =>
  ['phone', 'laptop', 'tablet', 'watch', 'ghost', 'desk'].find(
    (name) => deviceOf(name) === device,
  ) ?? ''

/** Why an entry was refused. */
export const reasonOf = (state: DeviceLogState, { id }: ReadEntry): string | undefined =>
  state.refused.find((refused) => refused.id === id)?.reason
