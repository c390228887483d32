/**
 * Every codec of protocol, sync and node, noticed when it is made: a new one cannot be forgotten. A test puts
 * `recording` around the module of `codec()`; nothing about the codecs is changed.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Codec } from '@kithmesh/protocol'

type CodecModule = typeof import('../../packages/protocol/src/codec/codec.ts')

/** A codec by where it stands, e.g. `protocol/envelope.ts envelopeCodec`. */
export interface FoundCodec {
  readonly name: string
  readonly codec: Codec<unknown>
  readonly maxBytes: number
}

interface Made {
  readonly codec: Codec<unknown>
  readonly maxBytes: number
  readonly place: Place
}

/** A line of a source file, from 1. */
interface Place {
  readonly file: string
  readonly line: number
}

const PACKAGES = fileURLToPath(new URL('../../packages/', import.meta.url))
const made: Made[] = []

/** The module of `codec()`, with a note taken of each codec it makes. For `vi.mock`. */
export function recording(real: CodecModule): CodecModule {
  return {
    ...real,
    codec: (shape, limits) => {
      const codec = real.codec(shape, limits)
      made.push({ codec, maxBytes: limits.maxBytes, place: callerOf(new Error().stack ?? '') })
      return codec
    },
  }
}

function callerOf(stack: string): Place {
  for (const [, file = '', line] of stack.matchAll(/(?:file:\/\/)?(\/[^\s():]+\.ts):(\d+):\d+/g)) {
    if (file.startsWith(PACKAGES) && !file.endsWith('/codec/codec.ts')) {
      return { file: file.slice(PACKAGES.length).replace('/src/', '/'), line: Number(line) }
    }
  }
  throw new Error('a codec of nobody')
}

/** Loads the sources of a package and tells its codecs. @throws when one is not made at the start */
export async function findCodecs(
  name: 'protocol' | 'sync' | 'node',
): Promise<readonly FoundCodec[]> {
  const places: string[] = []
  for (const path of sourcesOf(name)) {
    const lines = readFileSync(path, 'utf8').split('\n')
    const file = relative(PACKAGES, path).replace('/src/', '/')
    const here = lines.flatMap((line, at) => (MAKES.test(line) ? [`${file}:${at + 1}`] : []))
    if (here.length > 0) await import(path)
    places.push(...here)
  }
  if (name === 'node') await openTablesOnce()
  const seen = new Set(made.map(({ place }) => `${place.file}:${place.line}`))
  const missed = places.filter((place) => !seen.has(place))
  if (missed.length > 0) throw new Error(`codecs that are made later: ${missed.join(', ')}`)
  return made.filter(({ place }) => place.file.startsWith(`${name}/`)).map(named)
}

/** A call of `codec()`, not its declaration, and none in a comment. */
const MAKES = /^(?!\s*(\*|\/\/|export function codec)).*(?<![\w.])codec\(/

function sourcesOf(name: string): readonly string[] {
  const folder = `${PACKAGES}${name}/src/`
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(test|browser)\.ts$/.test(file))
    .map((file) => folder + file)
}

const tableNames = new Map<Codec<unknown>, string>()

/** The codecs of tables are made when the tables are opened; they go by the names of these. */
async function openTablesOnce(): Promise<void> {
  const { openTables } = await import('../../packages/node/src/tables.ts')
  type Store = Parameters<typeof openTables>[0]
  const table = (name: string, { value }: { readonly value: Codec<unknown> }): undefined => {
    tableNames.set(value, name)
  }
  openTables({ table } as unknown as Store)
}

function named({ codec, maxBytes, place }: Made): FoundCodec {
  const line = readFileSync(`${PACKAGES}${place.file.replace('/', '/src/')}`, 'utf8').split('\n')
  const constant = /const (\w+)/.exec(line[place.line - 1] ?? '')?.[1]
  const name = constant ?? `table "${tableNames.get(codec) ?? place.line}"`
  return { name: `${place.file} ${name}`, codec, maxBytes }
}
