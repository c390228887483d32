/** What stands in the memory of a running process, read from `/proc`. */

import { type FileHandle, open, readFile } from 'node:fs/promises'

/** Bytes read at once; a word across the border of two is found all the same. */
const CHUNK_BYTES = 4 * 1024 * 1024

interface Region {
  readonly from: number
  readonly to: number
}

/** Whether this process may look: on Linux, as root or as the parent where that is allowed. */
export async function mayReadMemory(pid: number): Promise<boolean> {
  try {
    const memory = await open(`/proc/${pid}/mem`, 'r')
    const [region] = await regionsOf(pid)
    await memory.read(Buffer.alloc(1), 0, 1, region?.from ?? 0)
    await memory.close()
    return true
  } catch {
    return false
  }
}

/** Those of the words that stand in the memory of a process, as UTF-8 or as UTF-16. */
export async function findInMemory(
  pid: number,
  words: readonly string[],
): Promise<readonly string[]> {
  const needles = words.flatMap((word) => [
    { word, bytes: Buffer.from(word, 'utf8') },
    { word, bytes: Buffer.from(word, 'utf16le') },
  ])
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length))
  const found = new Set<string>()
  const memory = await open(`/proc/${pid}/mem`, 'r')
  try {
    for (const region of await regionsOf(pid)) {
      for await (const chunk of chunksOf(memory, region, overlap)) {
        for (const { word, bytes } of needles) if (chunk.includes(bytes)) found.add(word)
      }
    }
  } finally {
    await memory.close()
  }
  return words.filter((word) => found.has(word))
}

/** Private regions that can be read and written: heap, stacks, buffers. */
async function regionsOf(pid: number): Promise<readonly Region[]> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8')
  return maps
    .split('\n')
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line))
    .filter((match) => match !== null)
    .map(([, from = '', to = '']) => ({
      from: Number.parseInt(from, 16),
      to: Number.parseInt(to, 16),
    }))
}

async function* chunksOf(
  memory: FileHandle,
  { from, to }: Region,
  overlap: number,
): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(CHUNK_BYTES)
  for (let at = from; at < to; at += CHUNK_BYTES - overlap) {
    const length = Math.min(CHUNK_BYTES, to - at)
    const read = await memory.read(buffer, 0, length, at).catch(() => undefined)
    // Freed or never touched meanwhile: there is nothing to read.
    if (!read || read.bytesRead === 0) return
    yield buffer.subarray(0, read.bytesRead)
  }
}
