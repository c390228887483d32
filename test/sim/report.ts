/** One page that says what was simulated and what came of it. */

import { createHash } from 'node:crypto'
import { type Request, wordsOf } from './command-line.ts'
import type { Told } from './worker.ts'

/** What a page is made of. */
export interface ReportParts {
  readonly request: Request
  readonly all: readonly Told[]
  /** What must hold, in words. */
  readonly invariants: readonly string[]
  /** Seconds it took. */
  readonly seconds: number
}

/** Failures that are told as stories; more of them seldom help. */
const MAX_STORIES = 3

/** The one trace of all worlds, by their seeds. */
export function traceOf(all: readonly Told[]): string {
  const lines = all.map(({ seed, trace }) => `${seed} ${trace}\n`).join('')
  return createHash('sha256').update(lines).digest('hex').slice(0, 16)
}

/** The page. */
export function reportOf({ request, all, invariants, seconds }: ReportParts): string {
  const wrong = all.filter(({ findings }) => findings.length > 0)
  return [
    'KITHMESH SIMULATOR',
    '',
    ...simulated(request, all, seconds),
    '',
    'Once everybody was on again, together and quiet',
    ...invariants.map((invariant) => holds(invariant, all)),
    '',
    wrong.length === 0
      ? `All ${number(all.length)} worlds are well.`
      : `${number(wrong.length)} of ${number(all.length)} worlds went wrong.`,
    ...wrong.slice(0, MAX_STORIES).flatMap((told) => ['', ...storyOf(request, told)]),
    '',
    `Trace ${traceOf(all)}: every frame, write and step of every world, in order. The same`,
    'command on the same sources prints the same trace, in any process on any machine.',
    `Again:     ${command(request, `${request.from}..${request.to}`)}`,
    `One world: ${command(request, String(wrong[0]?.seed ?? request.from))} --trace`,
  ].join('\n')
}

function simulated(
  { from, to, wishes }: Request,
  all: readonly Told[],
  seconds: number,
): readonly string[] {
  const sum = (of: (told: Told) => number): number => all.reduce((total, one) => total + of(one), 0)
  const deeds = (...words: readonly string[]): string =>
    number(sum(({ counts }) => words.reduce((all, word) => all + (counts.deeds[word] ?? 0), 0)))
  const devices = all.map(({ counts }) => counts.devices)
  const row = (name: string, text: string): string => `  ${name.padEnd(14)} ${text}`
  return [
    'Real devices (the code of packages/node, sync and protocol) in worlds where clocks, timers,',
    'randomness, network and disks are simulated and follow from a seed; only ciphers and signatures',
    'are stand-ins. In each world people write, edit, link and unlink while things go wrong.',
    '',
    row('worlds', `${number(all.length)} (seeds ${from}..${to})`),
    row('devices', `${Math.min(...devices)} to ${Math.max(...devices)} in each world`),
    ...(wishes.partition ? [row('partitions', `${wishes.partition / 1000} s each`)] : []),
    row('messages', `${number(sum(({ counts }) => counts.messages))} accepted for delivery`),
    row('edits', `${deeds('star', 'unstar', 'rename')} stars and names`),
    row(
      'members',
      `${deeds('link')} links, ${deeds('unlink', 'suspend', 'readmit')} removals and returns`,
    ),
    row(
      'mishaps',
      `${deeds('split')} partitions, ${deeds('cut')} broken connections, ${deeds('crash')} power cuts,`,
    ),
    row(
      '',
      `${deeds('restart')} restarts, ${deeds('full')} full disks, ${deeds('skew')} wrong clocks`,
    ),
    row(
      'events',
      `${number(sum(({ counts }) => counts.events))} frames, writes and timers in ${span(
        sum(({ counts }) => counts.simulated),
      )} of simulated time`,
    ),
    row('took', `${seconds.toFixed(1)} s (${(all.length / seconds).toFixed(1)} worlds a second)`),
  ]
}

function holds(invariant: string, all: readonly Told[]): string {
  const broken = all.filter(({ findings }) => findings.some((one) => one.invariant === invariant))
  if (broken.length === 0) return `  ✓ ${invariant}`
  const seeds = broken.slice(0, 5).map(({ seed }) => seed)
  return `  ✗ ${invariant} (seeds ${seeds.join(', ')}${broken.length > 5 ? ', …' : ''})`
}

/** Lines of one story at most. */
const MAX_LINES = 40

function storyOf(request: Request, told: Told): readonly string[] {
  const { seed, findings, story = [], only } = told
  const shown = story.length > MAX_LINES ? [...story.slice(0, MAX_LINES), '  …'] : story
  const steps = only === undefined ? '' : ` --only ${only.join(',')}`
  return [
    `Seed ${seed}${only === undefined ? '' : ', in as few steps as still show it'}`,
    ...shown.map((line) => `  ${line}`),
    ...findings.slice(0, 3).map(({ invariant, how }) => `  ✗ ${invariant}:\n    ${how}`),
    `  Replay: ${command(request, String(seed))}${only?.length === 0 ? '' : steps}`,
  ]
}

function command({ wishes }: Request, seeds: string): string {
  return ['npm run sim -- --seeds', seeds, ...wordsOf(wishes)].join(' ')
}

function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

function span(ms: number): string {
  const hours = ms / 3_600_000
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`
}
