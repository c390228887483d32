/** Moves the anchor behind the commits, without one of them waiting for it (STO-31). */

import type { Anchor, StoreKey } from '../platform.ts'
import { anchorBytes } from './ledger.ts'

/** Writes the newest number it was told. */
export interface AnchorWriter {
  /** Called when this many commits are on the disk: the anchor may lag, never lead. */
  move(commits: number): void
  /** Resolves when the newest number is written; from then on nothing pauses. */
  settled(): Promise<void>
}

/** Of numbers that come during a pause, or while one is being written, only the newest is. */
export function createAnchorWriter(anchor: Anchor, storeKey: StoreKey): AnchorWriter {
  let newest = 0
  let written = 0
  let running: Promise<void> | undefined
  const hurry = Promise.withResolvers<void>()

  async function run(): Promise<void> {
    while (written < newest) {
      if (anchor.pause) await Promise.race([anchor.pause(), hurry.promise])
      written = newest
      await anchor.write(await anchorBytes(newest, storeKey))
    }
    running = undefined
  }

  return {
    move: (commits) => {
      newest = commits
      running ??= run()
    },
    settled: async () => {
      hurry.resolve()
      await running
    },
  }
}
