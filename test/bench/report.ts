import { type Bar, type Goal, judge, pairedRatio, type Verdict } from './bars.ts'
import { OURS } from './contenders/contenders.ts'
import type { Job, Measure } from './jobs/job.ts'
import type { MachineFacts } from './machine.ts'
import { byRound, type Turns } from './rounds.ts'
import { median, type Summary, summarize } from './statistics.ts'

/** A figure of one contender over all rounds, and how ours stands to it. */
export interface Figure {
  readonly contender: string
  readonly measure: string
  readonly unit: Measure['unit']
  /** Undefined when it failed in every round. */
  readonly summary: Summary | undefined
  readonly failed: number
  /** Why it did not run at all. */
  readonly missing?: string | undefined
  /** Ours ÷ theirs, of {@link pairedRatio}. */
  readonly ratio: number | undefined
}

/** What a job comes to. */
export interface Outcome {
  readonly figures: readonly Figure[]
  readonly bars: readonly { readonly bar: Bar; readonly verdict: Verdict }[]
  readonly goals: readonly { readonly goal: Goal; readonly reached: number | undefined }[]
}

/** Puts rounds together: figures, ratios, verdicts. */
export function concludeJob(job: Job, turns: Turns): Outcome {
  const names = job.contenders
  const valuesOf = (name: string, measure: string): ReturnType<typeof byRound> =>
    byRound(turns.get(names.find((one) => one === name) ?? OURS), measure)
  const ratio = (name: string, measure: string): number | undefined =>
    names.some((one) => one === name)
      ? pairedRatio(valuesOf(OURS, measure), valuesOf(name, measure))
      : undefined
  return {
    figures: names.flatMap((contender) =>
      job.measures.map(({ name: measure, unit }) => {
        const values = valuesOf(contender, measure)
        const known = values.filter((value) => value !== undefined)
        const all = turns.get(contender) ?? []
        return {
          contender,
          measure,
          unit,
          summary: known.length === 0 ? undefined : summarize(known),
          failed: all.filter(({ kind }) => kind === 'failed').length,
          missing: all.flatMap((turn) => (turn.kind === 'missing' ? [turn.reason] : []))[0],
          ratio: contender === OURS ? undefined : ratio(contender, measure),
        }
      }),
    ),
    bars: job.bars.map((bar) => ({ bar, verdict: judge(bar, ratio(bar.against, bar.measure)) })),
    goals: (job.goals ?? []).map((goal) => {
      const reached = valuesOf(OURS, goal.measure).filter((value) => value !== undefined)
      return { goal, reached: reached.length === 0 ? undefined : median(reached) }
    }),
  }
}

/** The head of a report. */
export function headText(machine: MachineFacts, runs: number): string {
  const { cores, cpu, node, system, load, disk, syncedWrite, peers } = machine
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`)
  return [
    `${cores} cores (${cpu}), ${system}, Node ${node}; load ${load} before the run`,
    `disk: ${disk}, ${syncedWrite} ms for a synced write`,
    `beside: ${versions.join(', ')}`,
    `rounds: ${runs}, the contenders in turn within each; medians over the rounds`,
    ...(load > cores / 2 ? ['This machine is busy: read ratios, not milliseconds.'] : []),
  ].join('\n')
}

/** One job as a table, and its bars in words. */
export function jobText(job: Job, outcome: Outcome): string {
  const cell = (contender: string, measure: string): string => {
    const figure = outcome.figures.find(
      (one) => one.contender === contender && one.measure === measure,
    )
    if (figure?.missing !== undefined) return 'absent'
    if (!figure?.summary) return figure?.failed ? 'failed' : '–'
    const value = withUnit(figure.summary.median, figure.unit)
    return figure.ratio === undefined || measure === 'GC'
      ? value
      : `${value}  ${times(figure.ratio)}`
  }
  const rows = [
    ['', ...job.measures.map(({ name }) => name)],
    ...job.contenders.map((contender) => [
      contender,
      ...job.measures.map(({ name }) => cell(contender, name)),
    ]),
  ]
  const failures = outcome.figures.filter(
    ({ failed, measure }) => failed > 0 && measure === job.measures[0]?.name,
  )
  const missing = outcome.figures.filter(
    (one) => one.missing !== undefined && one.measure === job.measures[0]?.name,
  )
  return [
    `${job.title} (× is ours ÷ theirs)`,
    ...columns(rows).map((row) => `  ${row}`),
    ...job.measures.map(({ name, means }) => `  ${name}: ${means}`),
    ...failures.map(
      ({ contender, failed, summary }) =>
        `  ${contender} failed in ${failed} of ${failed + (summary?.n ?? 0)} rounds`,
    ),
    ...missing.map(({ contender, missing: why }) => `  ${contender} is absent: ${why}`),
    ...outcome.bars.map(({ bar, verdict }) => `  ${barText(bar, verdict)}`),
    ...outcome.goals.map(({ goal, reached }) => `  ${goalText(job, goal, reached)}`),
  ].join('\n')
}

function barText(bar: Bar, verdict: Verdict): string {
  const sign = bar.rule === 'at most' ? '≤' : '≥'
  const rule = `bar: ${bar.measure} ${sign} ${Number(bar.ratio.toPrecision(3))}× ${bar.against}`
  switch (verdict.kind) {
    case 'holds':
      return `${rule} – holds (${times(verdict.ratio)})`
    case 'within noise':
      return `${rule} – misses by ${times(verdict.by)} (${times(verdict.ratio)}), as much as noise allows`
    case 'misses':
      return `${rule} – misses by ${times(verdict.by)} (${times(verdict.ratio)})`
    case 'not measured':
      return `${rule} – not judged: ${notJudged(bar)}`
  }
}

function goalText(job: Job, { measure, most }: Goal, reached: number | undefined): string {
  const unit = job.measures.find(({ name }) => name === measure)?.unit ?? 'MB'
  const goal = `goal: ${measure} ≤ ${withUnit(most, unit)}`
  if (reached === undefined) return `${goal} – not judged: ours failed`
  return `${goal} – ${reached <= most ? 'holds' : 'misses'} (${withUnit(reached, unit)})`
}

const notJudged = ({ against, elsewhere }: Bar): string =>
  elsewhere === undefined
    ? 'one of the two failed or is absent'
    : `this run does not start ${against} (${elsewhere} on the machine that set the bar)`

function withUnit(value: number, unit: Measure['unit']): string {
  if (unit === 'ms') return `${short(value)} ms`
  if (unit === 'MB' || unit === 'MB/s' || unit === 's/GB') return `${short(value)} ${unit}`
  const whole = Math.round(value).toLocaleString('en')
  if (unit === 'per min') return `${whole}/min`
  return unit === 'bytes' ? `${whole} B` : `${whole}/s`
}

const times = (ratio: number): string => `${short(ratio)}×`

/** Three digits that say something. */
const short = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toString() : value.toPrecision(value < 0.1 ? 2 : 3)

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths?.[column] ?? 0))
      .join('   ')
      .trimEnd(),
  )
}
