import { now } from '../clock.ts'
import type { Sibling, Start } from '../contenders/contender.ts'

/** Notes when records and edits come in. */
export function openSibling(sibling: Sibling): {
  start(options: Start): Promise<number>
  seen(n: number): Promise<number>
} {
  const keys = new Set<string>()
  const timesByEdit = new Map<number, number>()
  const all = Promise.withResolvers<number>()
  let waiting: { readonly n: number; readonly see: (at: number) => void } | undefined

  async function start(options: Start): Promise<number> {
    const began = now()
    const check = (): void => {
      if (keys.size === options.records) all.resolve(now() - began)
    }
    check()
    await sibling.start(options, {
      edit,
      record: (key) => {
        keys.add(key)
        check()
      },
    })
    return all.promise
  }

  function edit(n: number): void {
    const at = now()
    if (!timesByEdit.has(n)) timesByEdit.set(n, at)
    if (waiting?.n === n) waiting.see(at)
  }

  function seen(n: number): Promise<number> {
    return new Promise((see) => {
      const before = timesByEdit.get(n)
      if (before === undefined) waiting = { n, see }
      else see(before)
    })
  }

  return { start, seen }
}
