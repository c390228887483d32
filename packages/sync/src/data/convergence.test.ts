import { describe, expect, test } from 'vitest'
import { type Random, randomOf } from '../testing/random.ts'
import { type AccountData, createAccountData } from './account-data.ts'

/** Histories; more of them in a full run, one alone by its seed. */
const HISTORIES = Number(process.env['KITH_EDIT_HISTORIES'] ?? 150)
const ONLY = process.env['KITH_EDIT_SEED']
const DEVICES = 4
const STEPS = 60
/** Few, so that edits meet. */
const FIELDS = ['a', 'b', 'c']

/** One edit: a value that is nowhere else, or a clearing, and the edits of its field it took away. */
interface Edit {
  readonly id: number
  readonly field: string
  readonly value: number | undefined
  readonly replaced: ReadonlySet<number>
}

/** A device, and which edits are in its document. */
interface Writer {
  data: AccountData
  readonly knows: Set<number>
}

interface Told {
  readonly update: Uint8Array
  readonly edit: number
}

describe('D5 ACC-2 fields as lists of their writers', () => {
  const seeds = ONLY === undefined ? Array.from({ length: HISTORIES }, (_, at) => at + 1) : [+ONLY]

  test(`${seeds.length} histories with updates in any order, snapshots and new runs end alike, and no edit is lost that nobody replaced`, () => {
    for (const seed of seeds) {
      const history = play(randomOf(seed))
      const states = history.writers.map(({ data }) => data.encodeState())
      for (const state of states) expect(state, `seed ${seed}`).toEqual(states[0])
      for (const { data } of history.writers) {
        expect(data.heldCount, `seed ${seed}`).toBe(0)
        for (const field of FIELDS) {
          expect(standingOf(history.edits, field), `seed ${seed}, ${field}`).toContain(
            data.settings.get(field),
          )
        }
      }
    }
  })

  test('the check itself notices an edit that is lost', () => {
    const edits: readonly Edit[] = [
      { id: 1, field: 'a', value: 1, replaced: new Set() },
      { id: 2, field: 'a', value: 2, replaced: new Set([1]) },
    ]
    expect(standingOf(edits, 'a')).toEqual([2])
    expect(standingOf(edits, 'b')).toEqual([undefined])
  })
})

/** The values one of which must stand: those that no edit took away. */
function standingOf(edits: readonly Edit[], field: string): readonly (number | undefined)[] {
  const gone = new Set(edits.flatMap(({ replaced }) => [...replaced]))
  const values = edits
    .filter((edit) => edit.field === field && !gone.has(edit.id))
    .flatMap(({ value }) => value ?? [])
  return values.length > 0 ? values : [undefined]
}

function play(random: Random): { readonly writers: readonly Writer[]; readonly edits: Edit[] } {
  let runs = 0
  const edits: Edit[] = []
  const told: Told[] = []
  const begin = (knows: Set<number>, state?: Uint8Array): Writer => {
    runs += 1
    // Client ids neither rise nor fall with time: which of two values stands is the id's to say.
    const data = createAccountData({ clientId: 1 + random.below(2 ** 20) * 1_000 + runs })
    if (state !== undefined) data.applyUpdate(state, { kind: 'snapshot' })
    data.onUpdate((update) => told.push({ update, edit: edits.length }))
    return { data, knows }
  }
  const writers = Array.from({ length: DEVICES }, () => begin(new Set()))

  for (let step = 0; step < STEPS; step += 1) {
    const writer = random.of(writers)
    const kind = random.below(10)
    if (kind < 4) edit(writer, { edits, told, random })
    else if (kind < 8 && told.length > 0) tell(writer, random.of(told))
    else if (kind === 8) takeWhole(writer, random.of(writers))
    else {
      // The process ended: its document comes from its own disk, and it writes under another id.
      Object.assign(writer, begin(writer.knows, writer.data.encodeState()))
    }
  }
  for (const writer of writers) for (const one of shuffled(told, random)) tell(writer, one)
  return { writers, edits }
}

function edit(
  { data, knows }: Writer,
  {
    edits,
    told,
    random,
  }: { readonly edits: Edit[]; readonly told: Told[]; readonly random: Random },
): void {
  const id = edits.length + 1
  const field = random.of(FIELDS)
  const value = random.below(4) === 0 ? undefined : id
  const mine = edits.filter((one) => one.field === field && knows.has(one.id))
  edits.push({ id, field, value, replaced: new Set(mine.map((one) => one.id)) })
  const before = told.length
  if (value === undefined) data.settings.remove(field)
  else data.settings.set(field, value)
  knows.add(id)
  expect(told.length - before).toBeLessThanOrEqual(1)
}

function tell({ data, knows }: Writer, { update, edit }: Told): void {
  const known = (): unknown => knows.add(edit)
  const outcome = data.applyUpdate(update, {
    onSettled: ({ kind }) => kind === 'applied' && known(),
  })
  if (outcome.kind === 'applied') known()
  expect(outcome.kind).not.toBe('refused')
}

function takeWhole(to: Writer, from: Writer): void {
  expect(to.data.applyUpdate(from.data.encodeState(), { kind: 'snapshot' }).kind).toBe('applied')
  for (const id of from.knows) to.knows.add(id)
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, at: random.below(2 ** 30) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
