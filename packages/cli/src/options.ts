import { InvalidArgumentError } from 'commander'
import { oneLine } from './terminal-text.ts'

/** Longest name of a device or contact, in UTF-16 units. */
const NAME_MAX = 64

/** A name a person gives: one line, not empty, nothing a terminal acts on. */
export function parseName(value: string): string {
  const name = value.trim()
  if (name === '' || name.length > NAME_MAX || oneLine(name) !== name) {
    throw new InvalidArgumentError(`A name is one line of 1 to ${NAME_MAX} characters.`)
  }
  return name
}

/** Reads a whole number of `min` to `max`. */
export function wholeNumber(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`Expected a whole number of ${min} to ${max}.`)
  }
}

/** All values of an option that can be given more than once. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
