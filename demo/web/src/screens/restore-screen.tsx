import type { KithNode, RecoveryPlan } from '@kithmesh/node'
import { type ReactNode, type SyntheticEvent, useId, useState } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { useAction } from '../views/action.ts'
import { Front } from './before-screens.tsx'
import { RestorePlan } from './restore-plan.tsx'
import { WordFields } from './word-fields.tsx'

type Kept = RecoveryPlan['devices'][number]['device']

/** A person is shown what will happen; the answer goes to the recovery that waits for it. */
interface Question {
  readonly plan: RecoveryPlan
  readonly answer: (answer: false | { readonly keep: readonly Kept[] }) => void
}

/** Begins the account again in this browser, with its words (WEB-13). */
export function RestoreScreen({
  node,
  onBack,
}: {
  readonly node: KithNode
  readonly onBack: () => void
}): ReactNode {
  const [words, setWords] = useState<readonly string[]>(() => Array(12).fill(''))
  const [from, setFrom] = useState('')
  const [question, setQuestion] = useState<Question>()
  const restoring = useAction(async (signal) => {
    try {
      await node.recovery.restore(words.join(' '), {
        from: from.split(/\s+/).filter((one) => one !== ''),
        confirm: (plan) =>
          new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true })
            setQuestion({ plan, answer: resolve })
          }),
        signal,
      })
    } finally {
      setQuestion(undefined)
    }
  })
  const answer = (given: Parameters<Question['answer']>[0]): void => {
    question?.answer(given)
    setQuestion(undefined)
  }
  if (question) {
    return (
      <Front title="Before you start" isNext>
        <RestorePlan plan={question.plan} onAnswer={answer} />
      </Front>
    )
  }
  return (
    <Front title="I have my recovery words" isNext>
      {restoring.error !== undefined && (
        <ErrorNotice error={restoring.error} action="Change it" onAction={restoring.clear} />
      )}
      <RestoreForm
        words={words}
        from={from}
        pending={restoring.pending}
        onWords={setWords}
        onFrom={setFrom}
        onSubmit={restoring.run}
        onBack={onBack}
      />
    </Front>
  )
}

function RestoreForm(props: {
  readonly words: readonly string[]
  readonly from: string
  readonly pending: boolean
  readonly onWords: (words: readonly string[]) => void
  readonly onFrom: (from: string) => void
  readonly onSubmit: () => void
  readonly onBack: () => void
}): ReactNode {
  const hintId = useId()
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    props.onSubmit()
  }
  return (
    <form className="stack" onSubmit={submit}>
      <WordFields words={props.words} onChange={props.onWords} />
      <label className="field">
        <span>A device that is left</span>
        <textarea
          className="code-field"
          rows={3}
          required
          spellCheck={false}
          autoCapitalize="off"
          aria-describedby={hintId}
          placeholder="WEB+KITH:C/… or /ip4/…/p2p/…"
          value={props.from}
          onChange={(event) => props.onFrom(event.target.value)}
        />
      </label>
      <p id={hintId} className="quiet">
        One of yours, or of one of your contacts: ask them for an invite code. The code is not used
        up.
      </p>
      <div className="actions">
        <button type="button" className="plain" onClick={props.onBack}>
          Back
        </button>
        <button type="submit" className="main-button" aria-disabled={props.pending}>
          {props.pending ? 'Asking that device…' : 'Continue'}
        </button>
      </div>
    </form>
  )
}
