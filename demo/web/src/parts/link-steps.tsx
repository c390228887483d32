import type { LinkState } from '@kithmesh/node'
import type { ReactNode } from 'react'

/** The words of linking, the same on both screens (WEB-4). */
const STEPS = [
  ['waiting', 'Waiting for the code'],
  ['seen', 'The devices have met'],
  ['confirm', 'Compare the digits on both devices'],
  ['syncing', 'Copying your account'],
  ['done', 'Linked'],
] as const

type Step = (typeof STEPS)[number][0]

/** Where linking stands, as a list to see and a sentence to hear. */
export function LinkSteps({ state }: { readonly state: LinkState }): ReactNode {
  const current: Step = state.state === 'failed' ? 'waiting' : state.state
  const at = STEPS.findIndex(([step]) => step === current)
  return (
    <>
      <ol className="steps">
        {STEPS.map(([step, words], index) => (
          <li
            key={step}
            data-step={index < at || current === 'done' ? 'past' : index === at ? 'now' : 'next'}
            aria-current={index === at ? 'step' : undefined}
          >
            {words}
            {step === 'syncing' && state.state === 'syncing' && `, ${state.percent} %`}
          </li>
        ))}
      </ol>
      <p role="status" className="heard">
        {STEPS[at]?.[1]}
      </p>
    </>
  )
}
