import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Anchor } from '../platform.ts'
import { ANCHOR_BYTES } from './ledger.ts'

/** Two places, written by turns: a torn or rotten one leaves the other. Each in a block of its own. */
const SLOT_OFFSETS = [0, 4096] as const

/**
 * Between a commit and the anchor. A write of 24 bytes is 0.1 ms of a busy process, since it wakes a thread; right
 * behind a commit it stood before whatever the commit made visible.
 */
const PAUSE_MS = 20

/** The anchor of a home, in its file `anchor`. */
export async function openNodeAnchor(home: string): Promise<Anchor> {
  const file = await openFile(join(home, 'anchor'))
  let turn = 0
  return {
    read: () => Promise.all(SLOT_OFFSETS.map((offset) => readSlot(file, offset))),
    write: async (bytes) => {
      turn = (turn + 1) % SLOT_OFFSETS.length
      // A full disk must not undo a commit that is already safe.
      await file.write(bytes, 0, bytes.length, SLOT_OFFSETS[turn]).catch(() => undefined)
    },
    pause: () => delay(PAUSE_MS, undefined, { ref: false }),
    close: () => file.close(),
  }
}

async function openFile(path: string): Promise<FileHandle> {
  return await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
}

async function readSlot(file: FileHandle, offset: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(ANCHOR_BYTES)
  const { bytesRead } = await file.read(bytes, 0, ANCHOR_BYTES, offset)
  return bytes.subarray(0, bytesRead)
}
