/**
 * Writes Yjs updates (encoding version 1) by hand, as an honest Yjs never would. Layout:
 * yjs/src/utils/UpdateEncoder.js, numbers as lib0 variable-length unsigned integers.
 */

/** One struct; content in bytes as it stands on the wire. */
export type WireStruct =
  | { readonly kind: 'gc' | 'skip'; readonly length: number }
  | {
      readonly kind: 'item'
      /** Clocks it takes; 1 unless told. */
      readonly length?: number
      /** Without one, and without a root, an item stands where its writer would put it (ACC-9). */
      readonly origin?: readonly [client: number, clock: number]
      readonly rightOrigin?: readonly [client: number, clock: number]
      /** Name of the root. */
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
      ...placed(structs, client, clock).flatMap(structBytes),
    ]),
    ...uint(deletes.length),
    ...deletes.flatMap(({ client, ranges }) => [
      ...uint(client),
      ...uint(ranges.length),
      ...ranges.flatMap(([clock, length]) => [...uint(clock), ...uint(length)]),
    ]),
  ])
}

/** An honest entry: a text in a field. `key`: row and field. */
export function textItem(table: string, key: string, value: string): WireStruct {
  return entryItem(`${table}/${key}`, [119, ...text(value)])
}

/** An entry whose value stands in bytes as on the wire (lib0 `writeAny`). */
export function entryItem(key: string, value: readonly number[]): WireStruct {
  const content = [...uint(1), 117, ...uint(2), 119, ...text(key), ...value]
  return { kind: 'item', contentRef: 8, content }
}

/** An entry that stands behind that at `origin`, whoever wrote it. */
export function nextTextItem(origin: readonly [number, number], value: string): WireStruct {
  return { ...textItem('settings', 'k/value', value), origin } as WireStruct
}

/** Entries that were taken away. */
export function deletedItem(length: number): WireStruct {
  return { kind: 'item', contentRef: 1, content: uint(length), length }
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

/** Puts items without a place where their writer would. */
function placed(
  structs: readonly WireStruct[],
  client: number,
  begin: number,
): readonly WireStruct[] {
  let clock = begin
  return structs.map((struct) => {
    const at = clock
    clock += struct.length ?? 1
    if (struct.kind !== 'item' || struct.origin || struct.rightOrigin) return struct
    if (struct.root !== undefined) return struct
    if (at === 0) return { ...struct, root: `w${client.toString(36)}` }
    return { ...struct, origin: [client, at - 1] as const }
  })
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
