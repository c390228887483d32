import { DESCRIBED, type Fault, UNCHANGED } from './fault-words.ts'

/** The stable code of an error of the device. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** What to show for an error; what is not known here is shown in the device's own words. */
export function faultOf(error: unknown): Fault {
  return faultOfCode(codeOf(error) ?? '', wordsOf(error))
}

/** The same for a failure that arrived as a state. */
export function faultOfCode(code: string, words: Fault): Fault {
  return FAULTS.get(code) ?? words
}

function wordsOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { happened: 'Something failed here.', means: UNCHANGED }
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : UNCHANGED
  return { happened: sentence(error.message), means: hint }
}

/** The device writes its messages for programs: lower case, no full stop. */
export function sentence(text: string): string {
  const [first] = text
  if (first === undefined) return ''
  return `${first.toUpperCase()}${text.slice(first.length)}${/[.!?]$/.test(text) ? '' : '.'}`
}

const FAULTS: ReadonlyMap<string, Fault> = new Map(DESCRIBED)
