/**
 * What this device has counted of writers (ACC-30), noted beside its own snapshot: the records by which it was
 * counted go with the snapshot, and a count that began anew at each start would be no limit.
 */

import { type Codec, codec, decoded, list, record, text, uint } from '@kithmesh/protocol'
import { MAX_WRITERS_PER_SOURCE } from '../data/writer-shares.ts'
import type { RecordContent } from '../log/record.ts'

/** The kind of content that says how many writers each device has brought. */
export const SHARES_KIND = 'writers'

/** Devices an account ever had that wrote anything; beyond it the smallest counts are left out. */
const MAX_NOTED = 1_024

/** Longer than the text of a device id. */
const MAX_SOURCE = 64

const sharesCodec: Codec<readonly { readonly source: string; readonly count: number }[]> = codec(
  list(
    record({
      source: text({ max: MAX_SOURCE }),
      count: uint({ max: MAX_WRITERS_PER_SOURCE }),
    }),
    { max: MAX_NOTED },
  ),
  { maxBytes: 128 * 1024 },
)

/** Counts as a content; none when there is nothing to note. */
export function noteShares(counts: ReadonlyMap<string, number>): readonly RecordContent[] {
  const noted = [...counts]
    .map(([source, count]) => ({ source, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_NOTED)
  return noted.length === 0 ? [] : [{ kind: SHARES_KIND, body: sharesCodec.encode(noted) }]
}

/** Counts out of a content; undefined when it says none. */
export function readShares({ kind, body }: RecordContent): ReadonlyMap<string, number> | undefined {
  const noted = kind === SHARES_KIND ? decoded(sharesCodec, body) : undefined
  return noted && new Map(noted.map(({ source, count }) => [source, count]))
}
