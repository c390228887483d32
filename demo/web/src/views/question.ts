import type { AskPerson } from '@kithmesh/node'
import { useState } from 'react'

/** A person is asked; the answer goes to the linking that waits for it. */
export interface Asked<T, A> {
  readonly seen: T
  readonly answer: (answer: A) => void
}

/** A question of the device to its person, for as long as it is of use. */
export interface Question<T, A> {
  readonly asked: Asked<T, A> | undefined
  readonly ask: AskPerson<T, A>
}

/** One question at a time. Whoever leaves the screen has not answered: closing is no yes (WEB-6). */
export function useQuestion<T, A>(): Question<T, A> {
  const [asked, setAsked] = useState<Asked<T, A>>()
  const ask: AskPerson<T, A> = (seen, { signal }) =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        setAsked(undefined)
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      setAsked({
        seen,
        answer: (answer) => {
          signal.removeEventListener('abort', onAbort)
          setAsked(undefined)
          resolve(answer)
        },
      })
    })
  return { asked, ask }
}
