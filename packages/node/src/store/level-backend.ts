import { KithError } from '@kithmesh/protocol'
import type { Level } from 'level'
import type { Backend, ByteEntry, ByteRange, ByteWrite } from './backend.ts'

/** Level as the store uses it: bytes to bytes. */
export type ByteLevel = Level<Uint8Array, Uint8Array>

/** Both keys and values are bytes. */
export const BYTE_LEVEL = { keyEncoding: 'view', valueEncoding: 'view' } as const

/** What the platform adds to what level does everywhere. */
export type LevelExtras = Pick<Backend, 'isWritable' | 'compact' | 'isMended'>

/** A page of an iterator ends early beyond this many bytes (classic-level). */
const PAGE_BYTES = 1024 * 1024

/** A backend over an open level; `sync` is what makes classic-level wait for the disk. */
export function createLevelBackend(level: ByteLevel, extras: LevelExtras): Backend {
  return {
    ...extras,
    get: (key) => reading(async () => ownView(await level.get(key))),
    getMany: (keys) => reading(async () => (await level.getMany([...keys])).map(ownView)),
    page: (range, limit) => reading(() => readPage(level, range, limit)),
    keys: (range, limit) => reading(() => readKeys(level, range, limit)),
    write: (batch) => level.batch(batch.map(operation), { sync: true }),
    close: () => level.close(),
  }
}

type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

function operation({ key, value }: ByteWrite): Operation {
  return value === undefined ? { type: 'del', key } : { type: 'put', key, value }
}

async function readPage(
  level: ByteLevel,
  range: ByteRange,
  limit: number,
): Promise<readonly ByteEntry[]> {
  const iterator = level.iterator(iteratorOptions(range, limit))
  try {
    const page = await iterator.nextv(limit)
    return page.map(([key, value]) => [viewOf(key), viewOf(value)])
  } finally {
    await iterator.close()
  }
}

async function readKeys(
  level: ByteLevel,
  range: ByteRange,
  limit: number,
): Promise<readonly Uint8Array[]> {
  const iterator = level.keys(iteratorOptions(range, limit))
  try {
    return (await iterator.nextv(limit)).map(viewOf)
  } finally {
    await iterator.close()
  }
}

function iteratorOptions({ from, to, reverse = false }: ByteRange, limit: number) {
  return {
    ...(from === undefined ? {} : { gte: from }),
    ...(to === undefined ? {} : { lt: to }),
    reverse,
    limit,
    highWaterMarkBytes: PAGE_BYTES,
  }
}

/** A block that is damaged is said so: the store repairs it when it is opened next. */
async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_CORRUPTION'))
      throw cause
    throw new KithError('ERR_STORE_CORRUPT', 'a part of the store is damaged', {
      cause,
      hint: 'Restart the device: the store repairs itself when it is opened.',
    })
  }
}

/** Level's types promise a value even where there is none. */
function ownView(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : viewOf(bytes)
}

/** No Buffer leaves this file: its slice shares memory. */
function viewOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
