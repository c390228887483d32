/**
 * Shapes: what a value looks like in bytes. Records are arrays in declared order, so there are no keys
 * to repeat, to sort or to poison (C4); depth is that of the shape, so no input nests deeper (C1);
 * every length is checked before what it announces is read (C3).
 */

import { KithError } from '../errors.ts'
import {
  type CborReader,
  passNull,
  passRaw,
  readArrayHead,
  readBool,
  readBytesHead,
  readRaw,
  readTextHead,
  readUint,
  readUtf8,
  refuse,
} from './cbor-reader.ts'
import {
  type CborWriter,
  writeArrayHead,
  writeBool,
  writeBytes,
  writeNull,
  writeRaw,
  writeText,
  writeUint,
  written,
} from './cbor-writer.ts'

export { refuse }

/** How a value of type T is written and read. */
export interface Shape<T> {
  /** @throws ERR_MALFORMED, ERR_TOO_LARGE */
  write(value: T, writer: CborWriter): void
  /** @throws ERR_MALFORMED, ERR_SUITE_UNKNOWN */
  read(reader: CborReader): T
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
  return {
    write: (value, writer) => {
      if (!(value instanceof Uint8Array)) throw refuse('bytes expected')
      if (!fits(value.length)) throw tooLarge('bytes')
      writeBytes(writer, value)
    },
    read: (reader) => {
      const length = readBytesHead(reader)
      if (!fits(length)) throw refuse('bytes of another length')
      return readRaw(reader, length)
    },
  }
}

/** Text of at most `max` bytes of UTF-8. Ill-formed text is refused, never repaired. */
export function text({ max }: { readonly max: number }): Shape<string> {
  return {
    write: (value, writer) => {
      if (typeof value !== 'string' || !value.isWellFormed()) throw refuse('text expected')
      if (value.length > max || writeText(writer, value) > max) throw tooLarge('text')
    },
    read: (reader) => {
      const length = readTextHead(reader)
      if (length > max) throw refuse('text too long')
      return readUtf8(reader, length)
    },
  }
}

/** A whole number from 0 to `max`; without `max`, to 2^53 − 1. */
export function uint({
  max = Number.MAX_SAFE_INTEGER,
}: {
  readonly max?: number
} = {}): Shape<number> {
  return {
    write: (value, writer) => {
      if (!Number.isSafeInteger(value) || value < 0 || value > max || Object.is(value, -0))
        throw refuse('a whole number within limits expected')
      writeUint(writer, value)
    },
    read: (reader) => {
      const value = readUint(reader)
      if (value > max) throw refuse('a number out of limits')
      return value
    },
  }
}

/** True or false. */
export function bool(): Shape<boolean> {
  return {
    write: (value, writer) => {
      if (typeof value !== 'boolean') throw refuse('true or false expected')
      writeBool(writer, value)
    },
    read: readBool,
  }
}

/** At most `max` items of one shape, in order. */
export function list<T>(item: Shape<T>, { max }: { readonly max: number }): Shape<readonly T[]> {
  return {
    write: (values, writer) => {
      if (!Array.isArray(values)) throw refuse('a list expected')
      if (values.length > max) throw tooLarge('list')
      writeArrayHead(writer, values.length)
      for (const value of values) item.write(value, writer)
    },
    read: (reader) => {
      const length = readArrayHead(reader)
      if (length > max) throw refuse('a list too long')
      const values: T[] = []
      while (values.length < length) values.push(item.read(reader))
      return values
    },
  }
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
  return {
    write: (value, writer) => {
      if (typeof value !== 'object' || value === null) throw refuse('a record expected')
      const parts: Readonly<Record<string, unknown>> = value
      writeArrayHead(writer, named.length)
      for (const [name, field] of named) field.write(parts[name], writer)
    },
    read: (reader) => {
      if (readArrayHead(reader) !== named.length) throw refuse('a record of another length')
      const value: Record<string, unknown> = {}
      for (const [name, field] of named) {
        const part = field.read(reader)
        if (part !== undefined) value[name] = part
      }
      return value as RecordOf<F>
    },
  }
}

/** A field of a record that may be missing; null on the wire then. */
export function optional<T>(present: Shape<T>): OptionalShape<T> {
  return {
    optional: true,
    write: (value, writer) =>
      value === undefined ? writeNull(writer) : present.write(value, writer),
    read: (reader) => (passNull(reader) ? undefined : present.read(reader)),
  }
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
  const named = Object.entries(members).map(([name, member]) => ({
    name,
    member,
    // What stands in front of the record: `[name, …`.
    front: written((writer) => {
      writeArrayHead(writer, 2)
      writeText(writer, name)
    }),
  }))
  const byName = new Map(named.map((variant) => [variant.name, variant]))
  return {
    write: (value, writer) => {
      const tagged: Readonly<Record<string, unknown>> = value
      const name = tagged[key]
      const variant = typeof name === 'string' ? byName.get(name) : undefined
      if (variant === undefined) throw refuse(`an unknown ${key}`)
      writeRaw(writer, variant.front)
      variant.member.write(value, writer)
    },
    read: (reader) => {
      const variant = named.find(({ front }) => passRaw(reader, front))
      if (variant === undefined) throw refuse(`an unknown ${key}`)
      return { [key]: variant.name, ...Object(variant.member.read(reader)) } as VariantsOf<K, V>
    },
  }
}

/** A shape seen as another type. `from` refuses by throwing; both must be exact inverses. */
export function mapped<T, W>(inner: Shape<W>, to: (value: T) => W, from: (wire: W) => T): Shape<T> {
  return {
    write: (value, writer) => inner.write(to(value), writer),
    read: (reader) => from(inner.read(reader)),
  }
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
  return {
    write: (value, writer) => {
      writeArrayHead(writer, 2)
      number.write(known, writer)
      inner.write(value, writer)
    },
    read: (reader) => {
      const length = readArrayHead(reader)
      if (length === 0) throw refuse('a suite expected')
      number.read(reader)
      if (length !== 2) throw refuse('a record of another length')
      return inner.read(reader)
    },
  }
}

function tooLarge(what: string): KithError {
  return new KithError('ERR_TOO_LARGE', `${what} of a length that is not allowed`)
}
