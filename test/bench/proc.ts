import { readdir, readFile } from 'node:fs/promises'
import type { Cost } from './contenders/contender.ts'

/** Ticks of the kernel's clock in a second, on every Linux that Debian builds (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

/** What another process has cost, as the kernel says (proc(5): fields 14, 15 and 24 of `stat`). */
export async function costOf(pid: number): Promise<Cost> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return {
    cpu: (ticks / TICKS_PER_SECOND) * 1_000,
    memory: Number(fields[21]) * PAGE_BYTES,
  }
}

/** What a process and those it started have cost, and how often they woke up so far. */
export interface TreeCost extends Cost {
  readonly wakeUps: number
}

/** The sum over a process and all below it. */
export async function treeCostOf(pid: number): Promise<TreeCost> {
  const pids = await treeOf(pid)
  const costs = await Promise.all(pids.map(costOf))
  const woken = await Promise.all(pids.map(wakeUpsOf))
  return {
    cpu: costs.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: costs.reduce((sum, { memory }) => sum + memory, 0),
    wakeUps: woken.reduce((sum, count) => sum + count, 0),
  }
}

async function treeOf(pid: number): Promise<readonly number[]> {
  const children = await Promise.all(
    (await tasksOf(pid)).map((task) =>
      readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => ''),
    ),
  )
  const below = children.flatMap((text) => text.trim().split(' ').filter(Boolean).map(Number))
  return [pid, ...(await Promise.all(below.map(treeOf))).flat()]
}

/** Times its threads gave up the processor to wait for something, and so were woken. */
async function wakeUpsOf(pid: number): Promise<number> {
  const texts = await Promise.all(
    (await tasksOf(pid)).map((task) =>
      readFile(`/proc/${pid}/task/${task}/status`, 'utf8').catch(() => ''),
    ),
  )
  return texts.reduce(
    (sum, text) => sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1] ?? 0),
    0,
  )
}

function tasksOf(pid: number): Promise<readonly string[]> {
  return readdir(`/proc/${pid}/task`)
}
