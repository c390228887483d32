/** Single faults in the real sources, each of which a run must find (SIM-7). */

/** One piece of a source file, and what is put in its place. */
export interface Fault {
  readonly name: string
  /** Below `packages/`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
  /** The first world that found it. */
  readonly seed: number
}

/** The source with the fault; it is part of the check that the rule still stands as the fault says. */
export function planted(source: string, { name, from, to }: Fault): string {
  const pieces = source.split(from)
  if (pieces.length !== 2) throw new Error(`"${name}" fits ${pieces.length - 1} times, not once`)
  return pieces.join(to)
}

/** Each is a mistake somebody could make; together they touch every room that keeps or carries something. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'somebody is told before the disk has it',
    file: 'node/src/staged.ts',
    from: 'if (ops.length > 0) await store.commit(ops)',
    to: 'if (ops.length > 0) void store.commit(ops).catch(() => undefined)',
    seed: 0,
  },
  {
    name: 'what could not be written is not taken back',
    file: 'node/src/staged.ts',
    from: '    for (const one of staged) one.discard?.()\n    throw error\n  }\n  for',
    to: '    throw error\n  }\n  for',
    seed: 29,
  },
  {
    name: 'a failed write is taken for a whole one',
    file: 'node/src/store/commit-queue.ts',
    from: '    rejectAll(group, error)\n    return { error }\n',
    to: '    for (const { settle } of group) settle.resolve()\n    return undefined\n',
    seed: 8,
  },
  {
    name: 'an attempt that failed is the last one',
    file: 'node/src/retry.ts',
    from: '      if (signal.aborted) return\n',
    to: '      return\n',
    seed: 2,
  },
  {
    name: 'entries of a device log are not written down',
    file: 'node/src/account/device-logs.ts',
    from: '...fresh.map(({ id, signed }) => tables.logEntries.put([account, id], signed)),\n',
    to: '',
    seed: 0,
  },
  {
    name: 'a content that came by a sibling is taken twice',
    file: 'node/src/account/history.ts',
    from: 'const fresh = await chats.lacking(contents)',
    to: 'const fresh = contents',
    seed: 0,
  },
  {
    name: 'records of messages are told and not written',
    file: 'node/src/account/account-log-store.ts',
    from: '...records.map((one) => tables.records.put([one.device, one.lane, one.seq], one)),\n',
    to: "...records\n          .filter(({ lane }) => lane === 'data')\n          .map((one) => tables.records.put([one.device, one.lane, one.seq], one)),\n",
    seed: 0,
  },
  {
    name: 'what belongs to records is not written with them',
    file: 'sync/src/log/accepting.ts',
    from: 'await parts.store.commit({ records, ...prepared }',
    to: 'await parts.store.commit({ records, ...prepared, alongside: [] }',
    seed: 0,
  },
  {
    name: 'a number of an own record is used again',
    file: 'sync/src/log/appending.ts',
    from: 'if (last.seq < seq) last = { seq, hash: sealed.hash }',
    to: 'if (last.seq < seq && last.seq % 5 !== 4) last = { seq, hash: sealed.hash }',
    seed: 0,
  },
  {
    name: 'an envelope is acknowledged before its content is on the disk',
    file: 'node/src/delivery/inbox.ts',
    from: '    await Promise.all(settled.map(({ durable }) => durable))\n',
    to: '',
    seed: 6,
  },
  {
    name: 'a session is kept in memory alone',
    file: 'node/src/delivery/sessions.ts',
    from: '[tables.sessions.put(device, sessionSetCodec.encode(set))]',
    to: '[]',
    seed: 21,
  },
  {
    name: 'what waits is kept in memory alone',
    file: 'node/src/delivery/undelivered.ts',
    from: 'return isDone ? [] : [tables.undelivered.put([chat, at, message], storedValue(entry))]',
    to: 'return []',
    seed: 1,
  },
  {
    name: 'all that is offered is said to be here',
    file: 'node/src/delivery/receive.ts',
    from: 'held: offered.filter((_, at) => isHeld[at]),',
    to: 'held: offered,',
    seed: 0,
  },
  {
    name: 'whom a message reached is kept in memory alone',
    file: 'node/src/delivery/delivery.ts',
    from: 'const ops = reached.map(({ message, device }) => tables.reached.put([message, device], true))',
    to: 'const ops = reached.flatMap(() => [])',
    seed: 0,
  },
  {
    name: 'what a contact has read is kept in memory alone',
    file: 'node/src/delivery/delivery.ts',
    from: 'const ops = messages.map((message) => tables.reads.put([message, account, device], at))',
    to: 'const ops = messages.flatMap(() => [])',
    seed: 14,
  },
  {
    name: 'a receipt that is owed is not written down',
    file: 'node/src/delivery/receipts.ts',
    from: 'ops: () => messages.map((message) => tables.owedReceipts.put([to, message], true)),',
    to: 'ops: () => [],',
    seed: 0,
  },
  {
    name: 'what is unread is kept in memory alone',
    file: 'node/src/delivery/unread.ts',
    from: '...stagedOps(tables.unread.put([contact, message], one)),',
    to: '...stagedOps(),',
    seed: 0,
  },
  {
    name: 'who reached one device has reached all',
    file: 'node/src/delivery/entitlement.ts',
    from: 'account !== undefined && devices.length > 0 && lackingOf(held, account, devices).length === 0',
    to: 'account !== undefined && devices.some((device) => held.reached.includes(device))',
    seed: 1,
  },
  {
    name: 'a failed change is shown all the same',
    file: 'node/src/staged.ts',
    from: '    for (const one of staged) one.discard?.()\n    throw error\n  }\n  for',
    to: '    for (const one of staged) one.publish?.()\n    throw error\n  }\n  for',
    seed: 8,
  },
  {
    name: 'snapshots alone are read at the start',
    file: 'sync/src/replica/into-data.ts',
    from: '      takeUpdates(events, log.device)\n',
    to: '',
    seed: 1,
  },
  {
    name: 'the newest record of a lane is not asked for',
    file: 'sync/src/exchange/asking.ts',
    from: 'const lacking = differenceRanges(view.serves(lane), heldRanges(log.holdingsOf(lane)))\n    return',
    to: 'const top = highestNumber(view.serves(lane))\n    const lacking = differenceRanges(\n      differenceRanges(view.serves(lane), rangesOf([top])),\n      heldRanges(log.holdingsOf(lane)),\n    )\n    return',
    seed: 9,
  },
  {
    name: 'a ring keeps the lane asleep',
    file: 'node/src/delivery/lane.ts',
    from: '    wake: () => work.ring(),',
    to: '    wake: () => undefined,',
    seed: 0,
  },
]
