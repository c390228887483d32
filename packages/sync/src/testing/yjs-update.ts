/**
 * Writes Yjs updates (encoding version 1) by hand, as an honest Yjs never would. Layout:
 * yjs/src/utils/UpdateEncoder.js, numbers as lib0 variable-length unsigned integers.
 */

/** One struct; content in bytes as it stands on the wire. */
export type WireStruct =
  | { readonly kind: 'gc' | 'skip'; readonly length: number }
  | {
      readonly kind: 'item'
      readonly origin?: readonly [client: number, clock: number]
      readonly rightOrigin?: readonly [client: number, clock: number]
      /** Name of the root; needed without an origin. */
      readonly root?: string
      readonly key?: string
      readonly content: readonly number[]
      /** Its number on the wire: 1 deleted, 3 binary, 4 string, 7 type, 8 any, … */
      readonly contentRef: number
    }

/** What one client wrote. */
export interface WireClient {
  readonly client: number
  readonly clock: number
  readonly structs: readonly WireStruct[]
  /** Overrides the true number. */
  readonly count?: number
}

/** A whole update. */
export function wireUpdate(
  clients: readonly WireClient[],
  deletes: readonly {
    readonly client: number
    readonly ranges: readonly (readonly [number, number])[]
  }[] = [],
): Uint8Array {
  return Uint8Array.from([
    ...uint(clients.length),
    ...clients.flatMap(({ client, clock, structs, count = structs.length }) => [
      ...uint(count),
      ...uint(client),
      ...uint(clock),
      ...structs.flatMap(structBytes),
    ]),
    ...uint(deletes.length),
    ...deletes.flatMap(({ client, ranges }) => [
      ...uint(client),
      ...uint(ranges.length),
      ...ranges.flatMap(([clock, length]) => [...uint(clock), ...uint(length)]),
    ]),
  ])
}

/** An honest value: a text in a field. */
export function textItem(root: string, key: string, value: string): WireStruct {
  return { kind: 'item', root, key, contentRef: 8, content: [...uint(1), 119, ...text(value)] }
}

/** A value that replaces the one at `origin`. */
export function nextTextItem(origin: readonly [number, number], value: string): WireStruct {
  return { kind: 'item', origin, contentRef: 8, content: [...uint(1), 119, ...text(value)] }
}

/** A number of any size up to 2^53 − 1. */
export function uint(value: number): readonly number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  return [...bytes, rest]
}

/** Text behind its length. */
export function text(value: string): readonly number[] {
  const bytes = new TextEncoder().encode(value)
  return [...uint(bytes.length), ...bytes]
}

function structBytes(struct: WireStruct): readonly number[] {
  if (struct.kind !== 'item') return [struct.kind === 'gc' ? 0 : 10, ...uint(struct.length)]
  const { origin, rightOrigin, root, key, contentRef, content } = struct
  const flags = (origin ? 0x80 : 0) | (rightOrigin ? 0x40 : 0) | (key === undefined ? 0 : 0x20)
  const ids = [...(origin ?? []), ...(rightOrigin ?? [])].flatMap(uint)
  const place =
    origin === undefined && rightOrigin === undefined
      ? [...uint(1), ...text(root ?? ''), ...(key === undefined ? [] : text(key))]
      : []
  return [contentRef | flags, ...ids, ...place, ...content]
}
