import { setImmediate } from 'node:timers/promises'
import { now } from '../clock.ts'
import type {
  ArchiveShape,
  Contender,
  Cost,
  Origin,
  Role,
  Spent,
  Start,
} from '../contenders/contender.ts'
import type { Way } from '../contenders/session-pair.ts'
import { watchWire } from '../wire.ts'
import { ANSWER, openAsker, QUESTION } from './asker.ts'
import { type HistoryTimes, openNewcomer } from './newcomer.ts'
import { watchPauses } from './pauses.ts'
import { openReceiver, openSender, type ReceiverRole, type SenderRole } from './pipes.ts'
import { type CatchUp, openSibling } from './sibling.ts'

/** What each process can be asked; the measuring is the same code for every contender. */
export interface Roles {
  readonly server: Starting<string> & {
    /** What it, or the program it started, has cost so far. */
    cost(): Promise<Cost>
  }
  readonly receiver: ReceiverRole
  readonly sender: SenderRole
  readonly origin: Starting<string> & {
    edit(n: number): Promise<void>
    /** Makes all these edits without waiting for any; when the first was begun. */
    burst(edits: Edits): Promise<number>
    /** When edits 1, 2, … were begun. */
    editTimes(): readonly number[]
  }
  /** It has started when all records are there. */
  readonly sibling: Starting<CatchUp> & {
    /** When it saw the `n`th edit. */
    seen(n: number): Promise<number>
    /** When it had seen all of these. */
    seenAll(edits: Edits): Promise<number>
  }
  readonly asker: Starting<string> & {
    /** Milliseconds of each message there and its answer back, one after the other. */
    roundTrips(count: number): Promise<readonly number[]>
    /** Milliseconds until `count` messages, sent as quickly as this side can, were all acknowledged. */
    stream(count: number): Promise<number>
  }
  readonly answerer: Starting<string>
  readonly newcomer: Starting<string> & {
    /** When it had been told of 500 messages of the account, and when of `count`. */
    told(count: number): Promise<HistoryTimes>
  }
  readonly linker: Starting<string> & {
    /** When it was linked, by the clock all processes share. */
    link(code: string): Promise<number>
  }
  readonly archive: {
    fill(shape: ArchiveShape): Promise<number>
    /** Milliseconds, and what was there then. */
    load(): Promise<{ readonly took: number; readonly contacts: number }>
  }
  readonly pair: {
    start(): Promise<void>
    run(task: { readonly way: Way; readonly count: number }): Promise<Spent>
  }
}

interface Starting<T> {
  start(options: Start): Promise<T>
  /** Milliseconds of the longest garbage collection since this was last asked. */
  longestPause(): number
  /** What it sent and received so far, in bytes. */
  wireBytes(): number
}

/** The `from`th to the `to`th edit. */
export interface Edits {
  readonly from: number
  readonly to: number
}

/** Makes a process's side of a role: the contender's part, and the clock around it. */
export const openRole: { readonly [R in Role]: (contender: Contender) => Roles[R] } = {
  server: (contender) => {
    const server = part(contender.server)
    return {
      start: (options) => server.start(options),
      cost: async () => (await server.cost?.()) ?? ownCost(),
      ...watched(),
    }
  },

  receiver: (contender) => openReceiver(part(contender.receiver)),
  sender: (contender) => openSender(part(contender.sender)),

  origin: (contender) => {
    const origin = part(contender.origin)
    const times: number[] = []
    return {
      start: (options) => origin.start(options),
      edit: async (n) => {
        times[n - 1] = now()
        await origin.edit(n)
      },
      burst: (edits) => makeBurst(origin, edits),
      editTimes: () => times,
      ...watched(),
    }
  },

  sibling: (contender) => ({
    ...openSibling(part(contender.sibling)),
    ...watched(),
  }),

  asker: (contender) => ({ ...openAsker(part(contender.asker)), ...watched() }),

  newcomer: (contender) => ({ ...openNewcomer(part(contender.newcomer)), ...watched() }),

  linker: (contender) => {
    const linker = part(contender.linker)
    return {
      start: (options) => linker.start(options),
      link: async (code) => {
        await linker.link(code)
        return now()
      },
      ...watched(),
    }
  },

  archive: (contender) => {
    const archive = part(contender.archive)
    return {
      fill: (shape) => archive.fill(shape),
      load: async () => {
        const began = now()
        const { contacts, close } = await archive.load()
        const took = now() - began
        await close()
        return { took, contacts }
      },
    }
  },

  pair: (contender) => {
    const pair = part(contender.pair)
    return {
      start: () => pair.start(),
      run: ({ way, count }) => pair.run(way, count),
    }
  },

  answerer: (contender) => {
    const answerer = part(contender.answerer)
    const received = (text: string): void => {
      if (text === QUESTION) void answerer.send(ANSWER)
    }
    return {
      start: (options) => answerer.start(options, { received, acked: () => undefined }),
      ...watched(),
    }
  },
}

/** Edits of a burst before whatever else the process does has a turn. */
const TURN = 50

async function makeBurst(origin: Origin, { from, to }: Edits): Promise<number> {
  const began = now()
  const edit = origin.editApart ?? origin.edit
  const made: unknown[] = []
  for (let n = from; n <= to; n++) {
    made.push(edit(n))
    if (n % TURN === 0) await setImmediate()
  }
  await Promise.all(made)
  return began
}

function ownCost(): Cost {
  const { user, system } = process.cpuUsage()
  return { cpu: (user + system) / 1_000, memory: process.memoryUsage.rss() }
}

const watched = (): { longestPause(): number; wireBytes(): number } => ({
  longestPause: watchPauses(),
  wireBytes: watchWire(),
})

function part<T>(make: (() => T) | undefined): T {
  if (make) return make()
  throw new Error('this contender has no such part')
}
