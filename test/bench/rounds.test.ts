import { describe, expect, test } from 'vitest'
import type { ContenderName } from './contenders/contenders.ts'
import type { Job } from './jobs/job.ts'
import { byRound, inOrder, runRounds } from './rounds.ts'

const options = { runs: 3, records: 1, scratch: '', say: () => undefined }

/** A job whose contenders note when it is their turn. */
function notedJob(turns: string[], run: (name: ContenderName) => number): Job {
  return {
    name: 'edits',
    title: 'a job',
    contenders: ['raw TCP', 'hocuspocus', 'Kithmesh'],
    measures: [],
    bars: [],
    prepare: async () => async (name) => {
      turns.push(name)
      return { p50: run(name) }
    },
  }
}

describe('rounds', () => {
  test('every contender runs once in each, and each begins one of them', async () => {
    const order: string[] = []
    await runRounds(
      notedJob(order, () => 1),
      options,
      () => undefined,
    )
    expect(order).toEqual([
      ...['raw TCP', 'hocuspocus', 'Kithmesh'],
      ...['hocuspocus', 'Kithmesh', 'raw TCP'],
      ...['Kithmesh', 'raw TCP', 'hocuspocus'],
    ])
  })

  test('a contender that fails is told and the others go on', async () => {
    const job = notedJob([], (name) => {
      if (name === 'hocuspocus') throw new Error('port in use')
      return 2
    })
    const turns = await runRounds(job, options, () => undefined)
    expect(turns.get('hocuspocus')?.[0]).toEqual({ kind: 'failed', reason: 'port in use' })
    expect(byRound(turns.get('hocuspocus'), 'p50')).toEqual([undefined, undefined, undefined])
    expect(byRound(turns.get('Kithmesh'), 'p50')).toEqual([2, 2, 2])
  })

  test('a circle of none is none', () => {
    expect(inOrder([], 3)).toEqual([])
  })
})
