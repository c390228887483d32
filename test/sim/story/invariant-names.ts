/** What must hold, in words for a report; `invariants.ts` and `watching.ts` check it. */

/** What is held against a run. */
export const INVARIANTS = [
  'every call is answered, and no device fails inside',
  'who is in is the same on every device',
  'every accepted message is on every device that should have it',
  'each message appears once',
  'each chat in one order, each author in its own',
  'account data is the same on every own device: contacts, stars, what was read',
  'every delivery is known to the writer, and nothing waits',
  'nothing new on a removed device',
  'no gap, no sign of a cloned device',
  'nobody is told what no disk has',
  'no message key seals two messages',
  'what is new comes to every device within a minute of quiet',
] as const

/** One of {@link INVARIANTS}. */
export type Invariant = (typeof INVARIANTS)[number]

/** An invariant that does not hold, and how: a sentence. */
export interface Finding {
  readonly invariant: Invariant
  readonly how: string
}
