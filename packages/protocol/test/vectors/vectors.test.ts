import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { noblePrimitives } from '../../src/index.ts'
import { nativePrimitives } from '../native-primitives.ts'
import { checkVectors } from './check.ts'
import { VECTOR_FILES } from './files.ts'
import { isList, isObject, type Json, type JsonObject } from './json.ts'
import { ownOperations } from './operations.ts'
import { readVectorText } from './read-vectors.ts'
import { referenceOperations } from './reference/operations.ts'
import { parseVectorFile, type VectorCase } from './vector-file.ts'
import { writeVectors } from './written.ts'

const own = { operations: ownOperations, primitives: noblePrimitives }
const reference = { ...own, operations: referenceOperations, isPartial: true }

const files = await Promise.all(
  VECTOR_FILES.map(async (name) => ({ name, file: parseVectorFile(await readVectorText(name)) })),
)
const groups = files.flatMap(({ name, file: { about, groups: all } }) =>
  all.map((group) => ({
    name: `${group.rules.join(' ')} ${name}, ${group.name}`,
    group,
    file: { about, groups: [group] },
  })),
)

describe.each(groups)('$name', ({ group, file }) => {
  test('comes out as published, with noble', async () => {
    expect((await checkVectors(file, own)).differences).toEqual([])
  })

  test('and with node:crypto', async () => {
    const checked = await checkVectors(file, { ...own, primitives: nativePrimitives })
    expect(checked.differences).toEqual([])
  })

  test('and by what was written a second time from the specification', async () => {
    expect((await checkVectors(file, reference)).differences).toEqual([])
  })

  test('a changed digit of what is expected is noticed, in every case', async () => {
    for (const [at, one] of group.cases.entries()) {
      const planted = { ...file, groups: [{ ...group, cases: [withPlanted(one)] }] }
      const { differences } = await checkVectors(planted, own)
      expect(differences, `case ${at}, ${one.name}`).toHaveLength(1)
      expect(differences[0]).toMatch(/^\/groups\/0\/cases\/0\/(out|error)/)
    }
  })
})

describe.each(groups.filter(({ group }) => group.cases.some(comesOut)))('$name', ({ group }) => {
  test('a changed digit of what goes in is noticed', async () => {
    const one = group.cases.find(comesOut)
    if (one === undefined) throw new Error('a case with bytes expected')
    expect(await firstNoticed(one)).toBeDefined()
  })
})

test('the reference knows all that is sealed, signed, derived or encoded', () => {
  const operations = groups.flatMap(({ group }) => group.cases.map(({ operation }) => operation))
  const made = new Set(
    operations.filter((name) => !/^(read|reduce|compare|write-security)-|-from-/.test(name)),
  )
  expect([...made].filter((name) => referenceOperations[name] === undefined)).toEqual([])
  expect(made.size).toBeGreaterThan(15)
})

test('every rule the vectors name stands in the specification', async () => {
  const folder = new URL('../../../../docs/spec/', import.meta.url)
  const pages = (await readdir(folder)).map((page) => readFile(new URL(page, folder), 'utf8'))
  const text = (await Promise.all(pages)).join('\n')
  const named = new Set(groups.flatMap(({ group }) => group.rules))
  expect([...named].filter((rule) => !text.includes(`**${rule}**`))).toEqual([])
})

test('MSG-6 suite 1 stays as it is: writing the vectors anew changes no byte', async () => {
  for (const [name, text] of Object.entries(await writeVectors())) {
    const published = files.find((file) => file.name === name)
    expect(published && parseVectorFile(text), name).toEqual(published?.file)
  }
})

test('the check says where, and refuses what is no file of vectors', async () => {
  const [first] = files
  const [group] = first?.file.groups ?? []
  const [one] = group?.cases ?? []
  if (first === undefined || group === undefined || one === undefined) throw new Error('no vectors')
  const check = async (changed: Partial<VectorCase>) => {
    const file = { ...first.file, groups: [{ ...group, cases: [one, { ...one, ...changed }] }] }
    return (await checkVectors(file, own)).differences.map((path) => path.split(':')[0])
  }
  expect(await check({})).toEqual([])
  expect(await check({ operation: 'none' })).toEqual(['/groups/0/cases/1/in'])
  expect(await check({ in: {} })).toEqual(['/groups/0/cases/1/in'])
  expect(await check({ expected: { kind: 'refused', error: 'ERR_SESSION_OPEN' } })).toContain(
    '/groups/0/cases/1/error',
  )
  expect(() => parseVectorFile('{"version":2,"about":"","groups":[]}')).toThrow('another version')
})

test('randomness that is left over, or missing, is noticed', async () => {
  const sealing = groups
    .flatMap(({ group }) => group.cases)
    .find(({ operation }) => operation === 'seal-message')
  if (sealing === undefined) throw new Error('no sealing')
  const check = async (randomness: Json) => {
    const cases = [{ ...sealing, in: { ...sealing.in, randomness } }]
    const group = { name: '', rules: [], cases }
    return (await checkVectors({ about: '', groups: [group] }, own)).differences
  }
  const drawn = sealing.in['randomness']
  if (!isList(drawn)) throw new Error('it draws a nonce')
  expect(await check(drawn)).toEqual([])
  expect(await check([...drawn, ...drawn])).toHaveLength(1)
  expect(await check([])).toHaveLength(1)
})

/** Bytes go in and bytes come out. */
function comesOut({ expected, in: input }: VectorCase): boolean {
  return expected.kind === 'out' && hasHex(expected.out) && hasHex(input)
}

function hasHex(object: JsonObject): boolean {
  return places(object).some((at) => isHex(textAt(object, at)))
}

/** The last place of the input where another digit shows; some say nothing, as who else might be meant. */
async function firstNoticed(one: VectorCase): Promise<Place | undefined> {
  for (const place of places(one.in)
    .filter((at) => isHex(textAt(one.in, at)))
    .reverse()) {
    const cases = [{ ...one, in: changedAt(one.in, place) }]
    const file = { about: '', groups: [{ name: '', rules: [], cases }] }
    if ((await checkVectors(file, own)).differences.length > 0) return place
  }
  return undefined
}

/** One letter of one expected value is another: a digit of bytes where there are some. */
function withPlanted(one: VectorCase): VectorCase {
  const { expected } = one
  if (expected.kind === 'refused') {
    return { ...one, expected: { ...expected, error: changedText(expected.error) } }
  }
  const { out } = expected
  const all = places(out)
  const place = all.findLast((at) => isHex(textAt(out, at))) ?? all.at(-1) ?? []
  return { ...one, expected: { ...expected, out: changedAt(out, place) } }
}

type Place = readonly string[]

/** Where texts stand. */
function places(value: Json | undefined): readonly Place[] {
  if (typeof value === 'string') return [[]]
  if (!isList(value) && !isObject(value)) return []
  return Object.entries(value).flatMap(([name, part]) =>
    places(part).map((place) => [name, ...place]),
  )
}

function textAt(value: Json | undefined, [name, ...rest]: Place): string {
  if (typeof value === 'string') return value
  if (name === undefined) throw new Error('a text expected')
  if (isObject(value)) return textAt(value[name], rest)
  return textAt(isList(value) ? value[Number(name)] : undefined, rest)
}

function changedAt(value: JsonObject, [name = '', ...rest]: Place): JsonObject {
  return { ...value, [name]: changedPart(value[name], rest) }
}

function changedPart(part: Json | undefined, rest: Place): Json {
  if (typeof part === 'string') return changedText(part)
  if (isObject(part)) return changedAt(part, rest)
  const [index, ...deeper] = rest
  if (!isList(part)) throw new Error('a text expected')
  return part.map((item, at) => (String(at) === index ? changedPart(item, deeper) : item))
}

function isHex(text: string): boolean {
  return /^[0-9a-f]{8,}$/.test(text)
}

function changedText(text: string): string {
  return `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`
}
