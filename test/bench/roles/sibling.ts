import { now } from '../clock.ts'
import type { Sibling, Start } from '../contenders/contender.ts'

/** Milliseconds from its start until the first record was there, and until the last was. */
export interface CatchUp {
  readonly first: number
  readonly all: number
}

/** Notes when records and edits come in. */
export function openSibling(sibling: Sibling): {
  start(options: Start): Promise<CatchUp>
  seen(n: number): Promise<number>
  seenAll(edits: { readonly from: number; readonly to: number }): Promise<number>
} {
  const keys = new Set<string>()
  const timesByEdit = new Map<number, number>()
  const caughtUp = Promise.withResolvers<CatchUp>()
  let waiting: { readonly n: number; readonly see: (at: number) => void } | undefined
  let missing: { readonly edits: Set<number>; readonly complete: (at: number) => void } | undefined

  async function start(options: Start): Promise<CatchUp> {
    const began = now()
    let first = 0
    await sibling.start(options, {
      edit,
      record: (key) => {
        keys.add(key)
        if (keys.size === 1) first = now() - began
        if (keys.size === options.records) caughtUp.resolve({ first, all: now() - began })
      },
    })
    return options.records === 0 ? { first, all: 0 } : caughtUp.promise
  }

  function edit(n: number): void {
    const at = now()
    if (!timesByEdit.has(n)) timesByEdit.set(n, at)
    if (waiting?.n === n) waiting.see(at)
    if (missing?.edits.delete(n) && missing.edits.size === 0) missing.complete(at)
  }

  function seen(n: number): Promise<number> {
    return new Promise((see) => {
      const before = timesByEdit.get(n)
      if (before === undefined) waiting = { n, see }
      else see(before)
    })
  }

  function seenAll({ from, to }: { readonly from: number; readonly to: number }): Promise<number> {
    const edits = new Set<number>()
    for (let n = from; n <= to; n++) if (!timesByEdit.has(n)) edits.add(n)
    return new Promise((complete) => {
      if (edits.size === 0) complete(now())
      else missing = { edits, complete }
    })
  }

  return { start, seen, seenAll }
}
