import { KithError } from '@kithmesh/protocol'

/** Longest name of a device or a person, in UTF-16 units; the account data keeps the same bound. */
export const MAX_NAME_LENGTH = 128

/** Control characters, and the invisible ones that turn text around (C8). */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** @throws ERR_NAME when `name` is empty, too long, or holds what cannot be shown safely */
export function requireName(name: string): void {
  if (name.trim() === '') throw new KithError('ERR_NAME', 'a name cannot be empty')
  if (name.length > MAX_NAME_LENGTH || !name.isWellFormed() || UNPRINTABLE.test(name)) {
    throw new KithError('ERR_NAME', `a name is at most ${MAX_NAME_LENGTH} printable characters`)
  }
}

/** A name somebody else chose, made fit to show; `fallback` when nothing of it is left. */
export function shownName(name: string, fallback: string): string {
  const shown = name
    .replace(new RegExp(UNPRINTABLE, 'gu'), '')
    .slice(0, MAX_NAME_LENGTH)
    .toWellFormed()
    .trim()
  return shown === '' ? fallback : shown
}
