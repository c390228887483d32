import { now } from '../clock.ts'
import type { Contender, Role, Spent, Start } from '../contenders/contender.ts'
import type { Way } from '../contenders/session-pair.ts'
import { ANSWER, openAsker, QUESTION } from './asker.ts'
import { watchPauses } from './pauses.ts'
import { type CatchUp, openSibling } from './sibling.ts'

/** What each process can be asked; the measuring is the same code for every contender. */
export interface Roles {
  readonly server: Starting<string>
  readonly origin: Starting<string> & {
    edit(n: number): Promise<void>
    /** When edits 1, 2, … were begun. */
    editTimes(): readonly number[]
  }
  /** It has started when all records are there. */
  readonly sibling: Starting<CatchUp> & {
    /** When it saw the `n`th edit. */
    seen(n: number): Promise<number>
  }
  readonly asker: Starting<string> & {
    /** Milliseconds of each message there and its answer back, one after the other. */
    roundTrips(count: number): Promise<readonly number[]>
    /** Milliseconds until `count` messages, sent as quickly as this side can, were all acknowledged. */
    stream(count: number): Promise<number>
  }
  readonly answerer: Starting<string>
  readonly newcomer: Starting<string>
  readonly linker: Starting<string> & {
    /** When it was linked, by the clock all processes share. */
    link(code: string): Promise<number>
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
}

/** Makes a process's side of a role: the contender's part, and the clock around it. */
export const openRole: { readonly [R in Role]: (contender: Contender) => Roles[R] } = {
  server: (contender) => {
    const server = part(contender.server)
    return { start: (options) => server.start(options), longestPause: watchPauses() }
  },

  origin: (contender) => {
    const origin = part(contender.origin)
    const times: number[] = []
    return {
      start: (options) => origin.start(options),
      edit: async (n) => {
        times[n - 1] = now()
        await origin.edit(n)
      },
      editTimes: () => times,
      longestPause: watchPauses(),
    }
  },

  sibling: (contender) => ({
    ...openSibling(part(contender.sibling)),
    longestPause: watchPauses(),
  }),

  asker: (contender) => ({ ...openAsker(part(contender.asker)), longestPause: watchPauses() }),

  newcomer: (contender) => {
    const newcomer = part(contender.newcomer)
    return { start: (options) => newcomer.start(options), longestPause: watchPauses() }
  },

  linker: (contender) => {
    const linker = part(contender.linker)
    return {
      start: (options) => linker.start(options),
      link: async (code) => {
        await linker.link(code)
        return now()
      },
      longestPause: watchPauses(),
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
      longestPause: watchPauses(),
    }
  },
}

function part<T>(make: (() => T) | undefined): T {
  if (make) return make()
  throw new Error('this contender has no such part')
}
