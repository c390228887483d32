import type { AskPerson, SeenDevice, SeenLinker } from '@kithmesh/node'

/** A person with two devices before them: says yes where both screens show the same six digits, else no. */
export interface TwoScreens {
  /** For the device that has an account, and for the new one. */
  readonly existing: AskPerson<SeenDevice>
  readonly fresh: AskPerson<SeenLinker>
  /** What stands on the two screens now. */
  shown(): { readonly existing: string | undefined; readonly fresh: string | undefined }
  /** Looks at both and answers every question. */
  look(): void
}

/** A person who answers only when told to look, once everything that happens has happened. */
export function twoScreens(): TwoScreens {
  const digits: { existing: string | undefined; fresh: string | undefined } = {
    existing: undefined,
    fresh: undefined,
  }
  const questions = new Set<(same: boolean) => void>()

  const askOn =
    <T extends { readonly digits: string }>(screen: 'existing' | 'fresh'): AskPerson<T> =>
    (seen, { signal }) => {
      digits[screen] = seen.digits
      signal.addEventListener('abort', () => {
        digits[screen] = undefined
      })
      return new Promise((resolve) => {
        questions.add((same) => resolve(same ? true : 'differ'))
      })
    }
  return {
    existing: askOn('existing'),
    fresh: askOn('fresh'),
    shown: () => ({ ...digits }),
    look: () => {
      const same = digits.existing !== undefined && digits.existing === digits.fresh
      for (const answer of questions) answer(same)
      questions.clear()
    },
  }
}
