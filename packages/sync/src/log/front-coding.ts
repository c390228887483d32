import type { RecordContent } from './record.ts'

/**
 * Contents of one lane begin alike: the same chat, the same author. Each is written as what it shares
 * with one of those before it and the rest. Only beginnings count, so what it takes tells who wrote in
 * which chat, and nothing of what was said: contents have random bytes before their words.
 */
export interface FrontCoded {
  /** Missing: the kind of the content before it. */
  readonly kind?: string
  /** How many contents back the one is that it begins like; 0 for none. */
  readonly back: number
  /** Bytes it shares with that one. */
  readonly shared: number
  readonly rest: Uint8Array
}

/** Contents looked back at: two people in each of some chats that are written in by turns. */
export const MAX_BACK = 16

/** Writes contents, one after the other. */
export interface FrontCoder {
  code(content: RecordContent): FrontCoded
}

/** A coder that has seen nothing. */
export function createFrontCoder(): FrontCoder {
  const seen = createWindow()
  return {
    code: (content) => {
      const kind = seen.kind === content.kind ? {} : { kind: content.kind }
      const { back, shared } = mostAlike(seen.bodies, content.body)
      seen.push(content)
      return { ...kind, back, shared, rest: content.body.subarray(shared) }
    },
  }
}

/** Reads contents back; undefined where what it says does not stand, or would be over the limit. */
export interface FrontReader {
  read(coded: FrontCoded): RecordContent | undefined
}

/** A reader that has seen nothing and gives at most `maxBytes` in all: a few bytes may stand for many. */
export function createFrontReader(maxBytes: number): FrontReader {
  const seen = createWindow()
  let left = maxBytes
  return {
    read: ({ kind = seen.kind, back, shared, rest }) => {
      const like = back === 0 ? NOTHING : seen.bodies.at(-back)
      if (kind === undefined || like === undefined || shared > like.length) return undefined
      left -= shared + rest.length
      if (left < 0) return undefined
      const body = new Uint8Array(shared + rest.length)
      body.set(like.subarray(0, shared))
      body.set(rest, shared)
      const content = { kind, body }
      seen.push(content)
      return content
    },
  }
}

interface Window {
  readonly bodies: readonly Uint8Array[]
  readonly kind: string | undefined
  push(content: RecordContent): void
}

/** The last contents, the newest at the end. */
function createWindow(): Window {
  const bodies: Uint8Array[] = []
  let kind: string | undefined
  return {
    bodies,
    get kind() {
      return kind
    },
    push: (content) => {
      kind = content.kind
      bodies.push(content.body)
      if (bodies.length > MAX_BACK) bodies.shift()
    },
  }
}

function mostAlike(
  bodies: readonly Uint8Array[],
  body: Uint8Array,
): { readonly back: number; readonly shared: number } {
  let best = { back: 0, shared: 0 }
  for (let back = 1; back <= bodies.length; back += 1) {
    const shared = sharedStart(bodies.at(-back) ?? NOTHING, body)
    if (shared > best.shared) best = { back, shared }
  }
  return best
}

function sharedStart(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length)
  let at = 0
  while (at < end && a[at] === b[at]) at += 1
  return at
}

const NOTHING = new Uint8Array()
