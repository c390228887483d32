/** The tables of docs/network.md. */

import { isWhole, type RungResult } from './ladder.ts'
import { NAT_KINDS } from './nat.ts'
import { isRelayedByNature, type PairResult } from './nat-matrix.ts'
import type { OutageResult } from './outages.ts'
import type { Arrival } from './people.ts'

/** Words are there again within this time. */
const BACK_MS = 5_000
/** Rungs up to this one carry everything. */
const LAST_WHOLE_RUNG = 7

/** Whether a pair did what it should: it met, directly where its routers allow that. */
export function isPairWell(result: PairResult): boolean {
  const isDirect = result.path === 'direct' || result.path === 'lan'
  return result.carries && (isDirect || (result.path === 'relayed' && isRelayedByNature(result)))
}

/** Whether a rung did what it should; of the last one nothing is asked. */
export function isRungWell(result: RungResult): boolean {
  return result.rung > LAST_WHOLE_RUNG || isWhole(result)
}

/** Whether everybody was back in time, and nothing was lost or came twice. */
export function isOutageWell({ backMs, said, adaToBen, benToAda }: OutageResult): boolean {
  const isBack = backMs.every((ms) => ms !== undefined && ms <= BACK_MS)
  const isAll = (count: number, { once, twice, isInOrder }: Arrival): boolean =>
    once === count && twice === 0 && isInOrder
  return isBack && isAll(said.ada, adaToBen) && isAll(said.ben, benToAda)
}

/** One row for each kind of router of the first device, one column for each of the second. */
export function natTable(results: readonly PairResult[]): string {
  const first = results[0]?.first ?? 'phone'
  return table(
    [`${first} ↓ · laptop →`, ...NAT_KINDS],
    NAT_KINDS.map((phone) => [
      phone,
      ...NAT_KINDS.map((laptop) =>
        cellOf(results.find((one) => one.phone === phone && one.laptop === laptop)),
      ),
    ]),
  )
}

function cellOf(result: PairResult | undefined): string {
  if (result === undefined) return ''
  const { path, directMs, metMs, carries } = result
  if (!carries || path === 'away') return '**not reached**'
  return path === 'relayed' ? `relayed, ${seconds(metMs)}` : `${path}, ${seconds(directMs)}`
}

/** One row for each rung. */
export function ladderTable(results: readonly RungResult[]): string {
  const head = [
    'rung',
    'Mbit/s',
    'round trip',
    'loss',
    'in bursts of',
    'Ada → Ben',
    'Ben → Ada',
    'last word',
  ]
  const rows = results.map(({ rung, line, messages, adaToBen, benToAda, settledMs }) => [
    String(rung),
    String(line.mbit),
    `${line.rtt} ms`,
    `${line.loss} %`,
    String(line.burst),
    arrivalWords(adaToBen, messages),
    arrivalWords(benToAda, messages),
    settledMs === undefined ? 'not all' : `after ${seconds(settledMs)}`,
  ])
  return table(head, rows)
}

function arrivalWords({ once, twice, isInOrder }: Arrival, messages: number): string {
  const order = isInOrder ? '' : ', out of order'
  return `${once} of ${messages}${twice === 0 ? '' : `, ${twice} twice`}${order}`
}

/** One row for each kind of trouble. */
export function outageTable(results: readonly OutageResult[]): string {
  const rows = results.map((result) => {
    const { name, before, lastsMs, backMs, said, adaToBen, benToAda } = result
    return [
      WORDS[name],
      before,
      lastsMs === 0 ? '' : seconds(lastsMs),
      seconds(medianOf(backMs)),
      seconds(worstOf(backMs)),
      String(backMs.length),
      `${adaToBen.once + benToAda.once} of ${said.ada + said.ben}`,
      String(adaToBen.twice + benToAda.twice),
    ]
  })
  return table(OUTAGE_HEAD, rows)
}

const OUTAGE_HEAD: readonly string[] = [
  'what',
  'way before',
  'lasts',
  'back after (median)',
  'at worst',
  'times',
  'arrived once',
  'twice',
]

type Back = OutageResult['backMs']

/** Never is worse than any time. */
const ordered = (backMs: Back): readonly number[] =>
  backMs.map((ms) => ms ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)

/** The slower one of the two in the middle. */
const medianOf = (backMs: Back): number | undefined => ordered(backMs)[backMs.length >> 1]

const worstOf = (backMs: Back): number | undefined => ordered(backMs).at(-1)

const WORDS: Readonly<Record<OutageResult['name'], string>> = {
  relay: 'the relay is killed and starts again',
  uplink: 'the device changes to another network',
  rebind: 'the router gets another address',
  udp: 'UDP is blocked',
  partition: 'the line is silent',
  suspend: 'the machine sleeps',
}

function seconds(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return 'never'
  return ms >= 60_000 ? `${ms / 60_000} min` : `${(ms / 1_000).toFixed(1)} s`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
