/**
 * Shapes: what a value looks like in bytes. Records are arrays in declared order, so there are no keys
 * to repeat, to sort or to poison (C4); depth is that of the shape, so no input nests deeper (C1);
 * every length is checked before what it announces is read (C3).
 */

import { type Token, Type } from 'cborg'
import { KithError } from '../errors.ts'

/** What stands on the wire: the part of CBOR we use. */
export type Wire = null | boolean | number | string | Uint8Array | readonly Wire[]

/** Tokens of one input, in order; throws ERR_MALFORMED at its end. */
export interface TokenSource {
  next(): Token
}

/** How a value of type T is written and read. */
export interface Shape<T> {
  /** @throws ERR_MALFORMED, ERR_TOO_LARGE */
  write(value: T): Wire
  /** @throws ERR_MALFORMED, ERR_SUITE_UNKNOWN */
  read(source: TokenSource): T
  /** Reads when the first token is already taken. */
  readFrom(first: Token, source: TokenSource): T
}

/** The type a shape is of. */
export type Infer<S> = S extends Shape<infer T> ? T : never

/** A shape that may be left out of a record. */
export interface OptionalShape<T> extends Shape<T | undefined> {
  readonly optional: true
}

/** Bytes: exactly `length`, or at most `max`. */
export function bytes(
  limit: { readonly length: number } | { readonly max: number },
): Shape<Uint8Array> {
  const fits = (length: number): boolean =>
    'length' in limit ? length === limit.length : length <= limit.max
  return shape({
    write: (value) => {
      if (!(value instanceof Uint8Array)) throw refuse('bytes expected')
      if (!fits(value.length)) throw tooLarge('bytes')
      return value
    },
    readFrom: (first) => {
      const value: unknown = expect(first, Type.bytes).value
      if (!(value instanceof Uint8Array) || !fits(value.length))
        throw refuse('bytes of another length')
      return value
    },
  })
}

/** Text of at most `max` bytes of UTF-8. Ill-formed text is refused, never repaired. */
export function text({ max }: { readonly max: number }): Shape<string> {
  return shape({
    write: (value) => {
      if (typeof value !== 'string' || !value.isWellFormed()) throw refuse('text expected')
      if (value.length > max || utf8Length(value) > max) throw tooLarge('text')
      return value
    },
    readFrom: (first) => {
      // cborg keeps one ready-made token for the empty text, without its bytes.
      const { byteValue = NO_BYTES } = expect(first, Type.string)
      if (byteValue.length > max) throw refuse('text too long')
      return strictUtf8.decode(byteValue)
    },
  })
}

/** A whole number from 0 to `max`; without `max`, to 2^53 − 1. */
export function uint({
  max = Number.MAX_SAFE_INTEGER,
}: {
  readonly max?: number
} = {}): Shape<number> {
  const fits = (value: unknown): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max
  return shape({
    write: (value) => {
      if (!fits(value) || Object.is(value, -0))
        throw refuse('a whole number within limits expected')
      return value
    },
    readFrom: (first) => {
      const value: unknown = expect(first, Type.uint).value
      if (!fits(value)) throw refuse('a number out of limits')
      return value
    },
  })
}

/** True or false. */
export function bool(): Shape<boolean> {
  return shape({
    write: (value) => {
      if (typeof value !== 'boolean') throw refuse('true or false expected')
      return value
    },
    readFrom: (first) => {
      if (Type.equals(first.type, Type.true)) return true
      if (Type.equals(first.type, Type.false)) return false
      throw refuse('true or false expected')
    },
  })
}

/** At most `max` items of one shape, in order. */
export function list<T>(item: Shape<T>, { max }: { readonly max: number }): Shape<readonly T[]> {
  return shape({
    write: (values) => {
      if (!Array.isArray(values)) throw refuse('a list expected')
      if (values.length > max) throw tooLarge('list')
      return values.map((value) => item.write(value))
    },
    readFrom: (first, source) => {
      const length: unknown = expect(first, Type.array).value
      if (typeof length !== 'number' || length > max) throw refuse('a list too long')
      const values: T[] = []
      while (values.length < length) values.push(item.read(source))
      return values
    },
  })
}

type Fields = Readonly<Record<string, Shape<unknown>>>

type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends OptionalShape<unknown> ? K : never
}[keyof F]

/** The record of these fields: optional ones may be missing. */
export type RecordOf<F extends Fields> = Simplify<
  { readonly [K in Exclude<keyof F, OptionalNames<F>>]: Infer<F[K]> } & {
    readonly [K in OptionalNames<F>]?: Exclude<Infer<F[K]>, undefined>
  }
>

type Simplify<T> = { [K in keyof T]: T[K] }

/** Named fields, written as an array in the order they are declared here. */
export function record<F extends Fields>(fields: F): Shape<RecordOf<F>> {
  const named = Object.entries(fields)
  return shape({
    write: (value) => {
      if (typeof value !== 'object' || value === null) throw refuse('a record expected')
      const parts: Readonly<Record<string, unknown>> = value
      return named.map(([name, field]) => field.write(parts[name]))
    },
    readFrom: (first, source) => {
      if (expect(first, Type.array).value !== named.length)
        throw refuse('a record of another length')
      const value: Record<string, unknown> = {}
      for (const [name, field] of named) {
        const part = field.read(source)
        if (part !== undefined) value[name] = part
      }
      return value as RecordOf<F>
    },
  })
}

/** A field of a record that may be missing; null on the wire then. */
export function optional<T>(present: Shape<T>): OptionalShape<T> {
  const inner = shape<T | undefined>({
    write: (value) => (value === undefined ? null : present.write(value)),
    readFrom: (first, source) =>
      Type.equals(first.type, Type.null) ? undefined : present.readFrom(first, source),
  })
  return { ...inner, optional: true }
}

/** The union told apart by the field `K`, whose members are these records with that field added. */
export type VariantsOf<K extends string, V extends Fields> = {
  [Name in keyof V & string]: Simplify<{ readonly [_ in K]: Name } & Infer<V[Name]>>
}[keyof V & string]

/** One of several records, told apart by the text in `key`; written as that text and the record. */
export function variants<K extends string, const V extends Fields>(
  key: K,
  members: V,
): Shape<VariantsOf<K, V>> {
  const byName = new Map(Object.entries(members))
  const names = text({ max: 32 })
  return shape({
    write: (value) => {
      const tagged: Readonly<Record<string, unknown>> = value
      const name = tagged[key]
      const member = typeof name === 'string' ? byName.get(name) : undefined
      if (typeof name !== 'string' || member === undefined) throw refuse(`an unknown ${key}`)
      return [name, member.write(value)]
    },
    readFrom: (first, source) => {
      if (expect(first, Type.array).value !== 2) throw refuse('not one of several records')
      const name = names.read(source)
      const member = byName.get(name)
      if (member === undefined) throw refuse(`an unknown ${key}`)
      return { [key]: name, ...Object(member.read(source)) } as VariantsOf<K, V>
    },
  })
}

/** A shape seen as another type. `from` refuses by throwing; both must be exact inverses. */
export function mapped<T, W>(inner: Shape<W>, to: (value: T) => W, from: (wire: W) => T): Shape<T> {
  return shape({
    write: (value) => inner.write(to(value)),
    readFrom: (first, source) => from(inner.readFrom(first, source)),
  })
}

/** The number that says which set of algorithms and formats a record uses; refused when it is another. */
export function suite<const S extends number>(known: S): Shape<S> {
  return mapped<S, number>(
    uint(),
    (value) => value,
    (value) => {
      if (value === known) return known
      throw new KithError('ERR_SUITE_UNKNOWN', `suite ${value} is not known here`, {
        hint: 'Update this device.',
      })
    },
  )
}

/**
 * A value behind the number of its suite: `[known, value]`. A record of another suite is told from bad
 * bytes whatever stands behind its number, so that an older device can say what is the matter.
 */
export function suited<T>(known: number, inner: Shape<T>): Shape<T> {
  const number = suite(known)
  return shape({
    write: (value) => [known, inner.write(value)],
    readFrom: (first, source) => {
      const length: unknown = expect(first, Type.array).value
      if (length === 0) throw refuse('a suite expected')
      number.read(source)
      if (length !== 2) throw refuse('a record of another length')
      return inner.read(source)
    },
  })
}

/** What is not of the shape; the sentence holds no part of the input. */
export function refuse(reason: string): KithError {
  return new KithError('ERR_MALFORMED', reason)
}

function tooLarge(what: string): KithError {
  return new KithError('ERR_TOO_LARGE', `${what} of a length that is not allowed`)
}

function shape<T>(parts: Pick<Shape<T>, 'write' | 'readFrom'>): Shape<T> {
  return { ...parts, read: (source) => parts.readFrom(source.next(), source) }
}

function expect(token: Token, type: Type): Token {
  if (!Type.equals(token.type, type)) throw refuse(`${type.name} expected`)
  return token
}

/** Keeps a byte order mark: dropping it would give two encodings of one text. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const utf8 = new TextEncoder()
const NO_BYTES = new Uint8Array()

function utf8Length(value: string): number {
  return utf8.encode(value).length
}
