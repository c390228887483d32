import type { AccountData } from '../data/account-data.ts'
import { RECORD_OVERHEAD_BYTES } from '../exchange/run-size.ts'
import type { AccountLog } from '../log/account-log.ts'
import { MAX_ENTRY_BYTES } from '../log/appending.ts'
import { MAX_CONTENTS, type RecordContent } from '../log/record.ts'
import type { Scheduler } from '../scheduler.ts'
import { UPDATE_KIND } from './into-data.ts'
import { createUpdateBatcher } from './update-batcher.ts'

/** From local edits of the document into this device's log. */
export interface OutOfData {
  /** Resolves when every edit made so far is durable. */
  flush(): Promise<void>
  close(): void
}

/** Writes local updates of `data`; one too large for a record goes as a snapshot of everything. */
export function createOutOfData(parts: {
  readonly data: AccountData
  readonly log: Pick<AccountLog, 'append'>
  readonly scheduler: Scheduler
  readonly writeSnapshot: () => Promise<void>
  /** Called with the bytes that updates took in the log, once they are durable. */
  readonly written: (bytes: number) => void
  readonly onFailure: (error: unknown) => void
}): OutOfData {
  const { data, log, scheduler, writeSnapshot, written, onFailure } = parts
  const write = async (updates: readonly Uint8Array[]): Promise<void> => {
    const entries = entriesOf(updates.filter(fitsRecord))
    const writes = entries.map((contents) => log.append({ lane: 'data', contents }))
    await Promise.all(writes)
    if (!updates.every(fitsRecord)) await writeSnapshot()
    written(entries.reduce((sum, contents) => sum + logBytesOf(contents), 0))
  }
  const batcher = createUpdateBatcher({ scheduler, write, onFailure })
  const stop = data.onUpdate(batcher.add)
  return {
    flush: batcher.flush,
    close: () => {
      stop()
      batcher.close()
    },
  }
}

/** What CBOR puts around a content, with room to spare. */
const AROUND_BYTES = 64

function logBytesOf(contents: readonly RecordContent[]): number {
  return contents.reduce((sum, { body }) => sum + body.length, RECORD_OVERHEAD_BYTES)
}

function fitsRecord(update: Uint8Array): boolean {
  return update.length + AROUND_BYTES <= MAX_ENTRY_BYTES
}

/** Updates in as few entries as the limits of a record allow. */
function entriesOf(updates: readonly Uint8Array[]): readonly (readonly RecordContent[])[] {
  const entries: RecordContent[][] = []
  let room = 0
  for (const body of updates) {
    const last = entries.at(-1)
    const isFull = last === undefined || last.length >= MAX_CONTENTS
    room -= body.length + AROUND_BYTES
    if (isFull || room < 0) {
      entries.push([{ kind: UPDATE_KIND, body }])
      room = MAX_ENTRY_BYTES - body.length - AROUND_BYTES
    } else {
      last.push({ kind: UPDATE_KIND, body })
    }
  }
  return entries
}
