import type { Bar, Goal } from '../bars.ts'
import type { ContenderName } from '../contenders/contenders.ts'

/** One figure of a job. */
export interface Measure {
  readonly name: string
  readonly unit: 'ms' | 'per s' | 'per min' | 'bytes' | 'MB' | 'MB/s' | 's/GB'
  readonly means: string
}

/** What one contender needed in one round, by the name of the measure. */
export type Figures = Readonly<Record<string, number>>

/** What a job is run with. */
export interface JobOptions {
  /** Records of a backlog, edits of a burst, messages of a history. */
  readonly records: number
  /** Folder for one CPU profile per process. */
  readonly profile?: string | undefined
  /** Folder for what this run writes; removed at its end. */
  readonly scratch: string
  /** Says what is going on. */
  readonly say: (line: string) => void
}

/** One thing a person does, done by several contenders. */
export interface Job {
  readonly name: JobName
  readonly title: string
  /** In the order in which they run in the first round. */
  readonly contenders: readonly ContenderName[]
  readonly measures: readonly Measure[]
  readonly bars: readonly Bar[]
  /** What ours may be at most, whatever others are. */
  readonly goals?: readonly Goal[]
  /** Why a contender cannot run on this machine; undefined when it can. */
  missing?(contender: ContenderName): Promise<string | undefined>
  /** Makes what all rounds begin with, and resolves with one round of one contender. */
  prepare(options: JobOptions): Promise<(contender: ContenderName) => Promise<Figures>>
}

/** How jobs are called on the command line. */
export type JobName =
  | 'edits'
  | 'backlog'
  | 'burst'
  | 'cold'
  | 'message'
  | 'link'
  | 'history'
  | 'sessions'
  | 'relay'
  | 'discovery'
  | 'startup'

/** The figure every job that times single steps has beside its own. */
export const LONGEST_PAUSE: Measure = {
  name: 'GC',
  unit: 'ms',
  means: 'longest pause of the garbage collector in any of its processes',
}

/** What noise can do: the bars allow it, and more of it where a disk decides. */
export const NOISE = 1.25
export const DISK_NOISE = 1.4
