import { type ReactNode, type SyntheticEvent, useEffect, useState } from 'react'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'

type Step = 'show' | 'confirm' | 'done'

/** The 12 words, then three of them from the person; then they are gone here (REC-1, REC-3). */
export function RecoveryKitSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [step, setStep] = useState<Step>('show')
  return (
    <Sheet title="Recovery kit" onClose={onClose}>
      {step === 'show' && <ShowWords onNext={() => setStep('confirm')} />}
      {step === 'confirm' && (
        <ConfirmWords onBack={() => setStep('show')} onDone={() => setStep('done')} />
      )}
      {step === 'done' && <Confirmed onClose={onClose} />}
    </Sheet>
  )
}

function ShowWords({ onNext }: { readonly onNext: () => void }): ReactNode {
  const { node } = useKith()
  const [words, setWords] = useState<readonly string[]>()
  const { run, error } = useAction(async (signal) => {
    setWords(await node.recovery.show({ signal }))
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each time they are shown
  useEffect(() => run(), [])
  return (
    <div className="stack">
      <p>
        Write these words on paper, in this order. With them, and one device that is left, yours or
        of a contact, you begin again when all your devices are lost.
      </p>
      {error !== undefined && (
        <ErrorNotice error={error} action="Try again" onAction={() => run()} />
      )}
      {words && (
        <ol className="word-list">
          {words.map((word, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a word may come twice; its place is what it is
            <li key={at} translate="no">
              {word}
            </li>
          ))}
        </ol>
      )}
      <p className="warning">
        Whoever has them can take your account over. No photo, no cloud, no message.
      </p>
      <div className="actions">
        <button type="button" className="main-button" onClick={onNext}>
          I have written them down
        </button>
      </div>
    </div>
  )
}

function ConfirmWords({
  onBack,
  onDone,
}: {
  readonly onBack: () => void
  readonly onDone: () => void
}): ReactNode {
  const { node } = useKith()
  const [places, setPlaces] = useState<readonly number[]>([])
  const [typed, setTyped] = useState<Readonly<Record<number, string>>>({})
  const ask = useAction(async (signal) => {
    setTyped({})
    setPlaces(await node.recovery.challenge({ signal }))
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: once when the step begins
  useEffect(() => ask.run(), [])
  const confirm = useAction(async (signal) => {
    const answers = places.map((place) => ({ place, word: typed[place] ?? '' }))
    await node.recovery.confirm(answers, { signal })
    onDone()
  })
  const again = (): void => {
    confirm.clear()
    ask.run()
  }
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    confirm.run()
  }
  const error = ask.error ?? confirm.error
  if (error !== undefined) {
    const isOver = ask.error !== undefined
    return (
      <div className="stack">
        <ErrorNotice
          error={error}
          action={isOver ? 'Show the words again' : 'Try three others'}
          onAction={isOver ? onBack : again}
        />
      </div>
    )
  }
  return (
    <form className="stack" onSubmit={submit}>
      <p>Type three of them from your paper. After that they are erased from this device.</p>
      {places.map((place, at) => (
        <WordField
          key={place}
          place={place}
          isFirst={at === 0}
          word={typed[place] ?? ''}
          onChange={(word) => setTyped({ ...typed, [place]: word })}
        />
      ))}
      <div className="actions">
        <button type="button" className="plain" onClick={onBack}>
          Show them again
        </button>
        <button type="submit" className="main-button" aria-disabled={confirm.pending}>
          Confirm
        </button>
      </div>
    </form>
  )
}

function WordField({
  place,
  isFirst,
  word,
  onChange,
}: {
  readonly place: number
  readonly isFirst: boolean
  readonly word: string
  readonly onChange: (word: string) => void
}): ReactNode {
  const first = useFocusOnArrival<HTMLInputElement>()
  return (
    <label className="field">
      <span>Word {place}</span>
      <input
        ref={isFirst ? first : undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        required
        maxLength={16}
        value={word}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}

function Confirmed({ onClose }: { readonly onClose: () => void }): ReactNode {
  const done = useFocusOnArrival<HTMLButtonElement>()
  return (
    <div className="stack">
      <p role="status">The words are confirmed, and erased from this device. Keep the paper.</p>
      <div className="actions">
        <button ref={done} type="button" className="main-button" onClick={onClose}>
          Done
        </button>
      </div>
    </div>
  )
}
