/** Feeds one decoder with what it should not get, and looks at what it does (C1, C3). */

import { createHash } from 'node:crypto'
import { isKithError } from '@kithmesh/protocol'
import { mutate, randomOf, type Sample, sampleOf } from './mutate.ts'
import type { FoundCodec } from './recorded-codecs.ts'

/** Mutated inputs for each decoder; 300,000 in `.ci/run`. */
export const INPUTS = Number(process.env['KITH_FUZZ_INPUTS'] ?? 3000)
/** The same inputs for the same number. */
export const SEED = Number(process.env['KITH_FUZZ_SEED'] ?? 1)

/** Longer than this no input may keep a decoder busy. */
const LIMIT_MS = 50
/** An input that took long is tried so often: the machine may have been busy with something else. */
const RETRIES = 3

/** What went wrong with one input. */
export interface Finding {
  readonly decoder: string
  /** Goes into `crashes.json`, so that it is tried for ever. */
  readonly input: string
  readonly was: string
}

/** What became of the inputs of one decoder. */
export interface Fuzzed {
  readonly findings: readonly Finding[]
  readonly read: number
  readonly refused: number
}

/** Feeds a codec with mutations of the encodings of `values`. Stops at the fifth finding. */
export function fuzzCodec(found: FoundCodec, values: readonly unknown[]): Fuzzed {
  const samples = values.map((value) => sampleOf(found.codec.encode(value)))
  const random = randomFor(found.name)
  const counts = { read: 0, refused: 0 }
  const findings: Finding[] = []
  for (let count = 0; count < INPUTS && findings.length < 5; count++) {
    const input = mutate(random, {
      sample: one(samples, random),
      other: one(samples, random),
      maxBytes: found.maxBytes,
    })
    const outcome = timed(() => feed(found, input))
    if (outcome === 'read' || outcome === 'refused') counts[outcome]++
    else findings.push({ decoder: found.name, input: base64(input), was: outcome })
  }
  return { ...counts, findings }
}

/** The choices for one decoder: those of another do not move them. */
export function randomFor(name: string): (below: number) => number {
  return randomOf(createHash('sha256').update(`${SEED} ${name}`).digest().readUInt32LE())
}

/** `read`, `refused`, or what is wrong with how the decoder took it. */
export function feed({ codec }: FoundCodec, input: Uint8Array): string {
  try {
    const value = codec.decode(input)
    return base64(codec.encode(value)) === base64(input) ? 'read' : 'read, and written otherwise'
  } catch (error) {
    if (isKithError(error, 'ERR_MALFORMED')) return isCrash(error.cause) ?? 'refused'
    return isKithError(error, 'ERR_SUITE_UNKNOWN') ? 'refused' : `thrown: ${error}`
  }
}

/** A decoder turns whatever is thrown in it into ERR_MALFORMED; running out of stack or memory is no answer. */
function isCrash(cause: unknown): string | undefined {
  return cause instanceof RangeError ? `refused by running into ${cause.message}` : undefined
}

/** An outcome, and whether there is an input that takes too long. */
export function timed(run: () => string): string {
  const clocked = (): { readonly outcome: string; readonly ms: number } => {
    const before = performance.now()
    const outcome = run()
    return { outcome, ms: performance.now() - before }
  }
  const { outcome, ms } = clocked()
  if (ms <= LIMIT_MS) return outcome
  const least = Math.min(...Array.from({ length: RETRIES }, () => clocked().ms))
  return least <= LIMIT_MS ? outcome : `${outcome}, in ${Math.round(least)} ms`
}

function one(samples: readonly Sample[], random: (below: number) => number): Sample {
  const sample = samples[random(samples.length)]
  if (sample === undefined) throw new Error('a decoder without a sample')
  return sample
}

/** Bytes as they stand in `crashes.json`. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
