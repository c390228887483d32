/**
 * Shapes of JSON values: what the local socket reads is checked by them before anything else looks
 * at it (CLI-13). Every shape has a limit; what is not declared is refused.
 */

import { CommandError } from './errors.ts'

/** Reads a JSON value as `T`. `path` names the place for the error. @throws ERR_LOCAL_MALFORMED */
export interface Shape<T> {
  parse(value: unknown, path?: string): T
}

/** The type a shape reads. */
export type Infer<S> = S extends Shape<infer T> ? T : never

type Fields = Readonly<Record<string, Shape<unknown>>>
/** The type of a record of these fields. */
export type RecordOf<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> }

/** Text of `min` to `max` UTF-16 units. */
export function text({
  max,
  min = 0,
}: {
  readonly max: number
  readonly min?: number
}): Shape<string> {
  return shape(`text of ${min} to ${max} characters`, (value): value is string => {
    return typeof value === 'string' && value.length >= min && value.length <= max
  })
}

/** A whole number of `min` to `max`. */
export function uint({
  max,
  min = 0,
}: {
  readonly max: number
  readonly min?: number
}): Shape<number> {
  return shape(`a whole number of ${min} to ${max}`, (value): value is number => {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
  })
}

/** `true` or `false`. */
export function flag(): Shape<boolean> {
  return shape('true or false', (value): value is boolean => typeof value === 'boolean')
}

/** One of the given words. */
export function oneOf<const W extends string>(...words: readonly W[]): Shape<W> {
  return shape(`one of ${words.join(', ')}`, (value): value is W => words.some((w) => w === value))
}

/** The inner shape, or `null`. */
export function nullable<T>(inner: Shape<T>): Shape<T | null> {
  return { parse: (value, path) => (value === null ? null : inner.parse(value, path)) }
}

/** The inner shape, or a field that is not there. */
export function optional<T>(inner: Shape<T>): Shape<T | undefined> {
  return { parse: (value, path) => (value === undefined ? undefined : inner.parse(value, path)) }
}

/** A list of at most `max` items. */
export function list<T>(item: Shape<T>, { max }: { readonly max: number }): Shape<readonly T[]> {
  const items = shape(`a list of at most ${max}`, (value): value is readonly unknown[] => {
    return Array.isArray(value) && value.length <= max
  })
  return {
    parse: (value, path = '') => {
      return items.parse(value, path).map((entry, at) => item.parse(entry, `${path}[${at}]`))
    },
  }
}

/** An object with exactly these fields. */
export function record<F extends Fields>(fields: F): Shape<RecordOf<F>> {
  const names = Object.keys(fields)
  const known = shape('an object', isRecord)
  return {
    parse: (value, path = '') => {
      const given = known.parse(value, path)
      const unknown = Object.keys(given).find((name) => !names.includes(name))
      if (unknown !== undefined)
        throw malformed(path, `no field ${JSON.stringify(unknown.slice(0, 40))}`)
      const read = names.map((name) => [
        name,
        fields[name]?.parse(own(given, name), `${path}.${name}`),
      ])
      return Object.fromEntries(read) as RecordOf<F>
    },
  }
}

/** Reads a JSON object without knowing its fields. @throws ERR_LOCAL_MALFORMED */
export function recordOfUnknown(value: unknown): Readonly<Record<string, unknown>> {
  return shape('an object', isRecord).parse(value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Only what the sender wrote: never something inherited from Object.prototype. */
function own(given: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined
}

function shape<T>(expected: string, is: (value: unknown) => value is T): Shape<T> {
  return {
    parse: (value, path = '') => {
      if (is(value)) return value
      throw malformed(path, expected)
    },
  }
}

function malformed(path: string, expected: string): CommandError {
  const place = path === '' ? 'the line' : path.replace(/^\./, '')
  return CommandError.of('ERR_LOCAL_MALFORMED', `Malformed ${place}: expected ${expected}.`)
}
