/**
 * A disk that keeps what was written when the machine loses its power, and nothing else (SIM-4): a write is
 * whole or not there, and acknowledged only when it is there.
 */

import { compareBytes } from '@kithmesh/protocol'
import type { Backend, ByteEntry, ByteWrite } from '../../../packages/node/src/store/backend.ts'
import { lowerBound, pageOf } from '../../../packages/node/src/store/memory-backend.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './time.ts'

/** What a device has written: ordered entries that nobody changes, and the anchor beside them. */
export interface Disk {
  entries: readonly ByteEntry[]
  anchors: readonly Uint8Array[]
}

/** A disk as it comes from the shop, or a copy of another one. */
export function createDisk({ entries = [], anchors = [] }: Partial<Disk> = {}): Disk {
  return { entries, anchors }
}

/** What a disk does to one run of a device. */
export interface DiskRun {
  readonly time: VirtualTime
  readonly random: Random
  /** Whether the device is on; from the moment it is not, nothing settles any more. */
  readonly isOn: () => boolean
  /** Whether there is room: a write fails as long as there is none. */
  readonly isFull: () => boolean
  /** Longest time a write takes, ms. */
  readonly writeMs: number
  /** How many of the reads take time. */
  readonly slowReads: number
  /** Called with each batch that is on the disk. */
  readonly written: (batch: readonly ByteWrite[]) => void
}

/** The disk as one run of a device has it open. */
export interface OpenDisk {
  readonly backend: Backend
  /** Power is lost: each write under way is on the disk or not, by chance. */
  cut(): void
}

/** Opens a disk for one run of a device. */
export function openDisk(disk: Disk, run: DiskRun): OpenDisk {
  const { time, random } = run
  const underWay = new Set<readonly ByteWrite[]>()

  function write(batch: readonly ByteWrite[]): Promise<void> {
    if (run.isFull()) return later(1 + random.below(2)).then(() => Promise.reject(noSpace()))
    underWay.add(batch)
    return later(random.below(run.writeMs + 1)).then(() => {
      underWay.delete(batch)
      disk.entries = withBatch(disk.entries, batch)
      run.written(batch)
    })
  }

  function read<T>(look: () => T): Promise<T> {
    if (!run.isOn()) return NEVER
    if (run.slowReads === 0 || !random.chance(run.slowReads)) return Promise.resolve(look())
    return later(random.below(3)).then(look)
  }

  /** Settles in `ms`, unless the power is lost before. */
  function later(ms: number): Promise<void> {
    return new Promise((resolve) => {
      time.at(ms, () => {
        if (run.isOn()) resolve()
      })
    })
  }

  return {
    backend: {
      get: (key) => read(() => lookUp(disk.entries, key)),
      getMany: (keys) => read(() => keys.map((key) => lookUp(disk.entries, key))),
      page: (range, limit) => read(() => pageOf(disk.entries, range, limit)),
      keys: (range, limit) => read(() => pageOf(disk.entries, range, limit).map(([key]) => key)),
      write: (batch) => (run.isOn() ? write(batch) : NEVER),
      isWritable: async () => !run.isFull(),
      compact: async () => {},
      close: async () => {},
    },
    cut: () => {
      for (const batch of underWay) {
        if (!random.chance(0.5)) continue
        disk.entries = withBatch(disk.entries, batch)
        run.written(batch)
      }
      underWay.clear()
    },
  }
}

/** What is asked of a machine that is off. */
const NEVER: Promise<never> = new Promise(() => undefined)

function noSpace(): Error {
  return Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
}

/** The entries with a batch: one walk along both, since a batch has few keys and keys are ordered. */
function withBatch(
  entries: readonly ByteEntry[],
  batch: readonly ByteWrite[],
): readonly ByteEntry[] {
  const next = entries.slice()
  for (const { key, value } of batch) {
    const at = lowerBound(next, key)
    const there = next[at]
    const isThere = there !== undefined && compareBytes(there[0], key) === 0
    if (value !== undefined) next.splice(at, isThere ? 1 : 0, [key.slice(), value.slice()])
    else if (isThere) next.splice(at, 1)
  }
  return next
}

function lookUp(entries: readonly ByteEntry[], key: Uint8Array): Uint8Array | undefined {
  const entry = entries[lowerBound(entries, key)]
  return entry !== undefined && compareBytes(entry[0], key) === 0 ? entry[1].slice() : undefined
}
