import type { LogPosition } from '../log/lane.ts'
import type { LogRecord } from '../log/record.ts'
import type { TestDevice } from './devices.ts'

/** What a device wrote in its own messages lane. */
export async function recordsOf(
  { log, id }: TestDevice,
  lane = 'messages' as const,
): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for await (const record of log.read({ device: id, lane, from: 1, to: 1e9 })) records.push(record)
  return records
}

/** Bytes with one bit changed. */
export function flipped(bytes: Uint8Array, at = 0): Uint8Array {
  const other = bytes.slice()
  other[at] = (other[at] ?? 0) ^ 1
  return other
}

/** The forks a device tells of, from now on. */
export function forksOf({ log }: TestDevice): readonly LogPosition[] {
  const forks: LogPosition[] = []
  log.events.addEventListener('log:forked', ({ detail }) => forks.push(detail))
  return forks
}
