import type { LinkState, SeenDevice } from '@kithmesh/node'
import { type ReactNode, type SyntheticEvent, useState } from 'react'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { LinkSteps } from '../parts/link-steps.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'
import { ConfirmDevice } from './confirm-device.tsx'

/** A person is asked; the answer goes to the linking that waits for it. */
interface Question {
  readonly seen: SeenDevice
  readonly answer: (yes: boolean) => void
}

/** The existing device's side of linking: the code of the new one, then a yes or no (WEB-6). */
export function LinkDeviceSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { node } = useKith()
  const [code, setCode] = useState('')
  const [state, setState] = useState<LinkState>()
  const [question, setQuestion] = useState<Question>()
  const [linked, setLinked] = useState<string>()

  const linking = useAction(async (signal) => {
    setState(undefined)
    try {
      const device = await node.devices.link(code, {
        // A far device is not refused here: it is asked about twice, before anything is told to it.
        far: true,
        confirm: (seen) =>
          new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true })
            setQuestion({ seen, answer: resolve })
          }),
        onState: setState,
        signal,
      })
      setLinked(device.name)
    } finally {
      setQuestion(undefined)
    }
  })
  const answer = (yes: boolean): void => {
    question?.answer(yes)
    setQuestion(undefined)
  }
  const again = (): void => {
    setCode('')
    setState(undefined)
    linking.clear()
  }
  return (
    <Sheet title="Link a device" onClose={onClose}>
      {linking.pending && state && state.state !== 'failed' && <LinkSteps state={state} />}
      {question && <ConfirmDevice seen={question.seen} onAnswer={answer} />}
      {linked !== undefined && <Linked name={linked} onClose={onClose} />}
      {linking.error !== undefined && (
        <ErrorNotice error={linking.error} action="Enter another code" onAction={again} />
      )}
      {linked === undefined && linking.error === undefined && !state && (
        <CodeForm code={code} pending={linking.pending} onChange={setCode} onSubmit={linking.run} />
      )}
    </Sheet>
  )
}

function CodeForm({
  code,
  pending,
  onChange,
  onSubmit,
}: {
  readonly code: string
  readonly pending: boolean
  readonly onChange: (code: string) => void
  readonly onSubmit: () => void
}): ReactNode {
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    onSubmit()
  }
  return (
    <form className="stack" onSubmit={submit}>
      <p>
        On the new device choose <strong>I have a device</strong>, or run{' '}
        <code>kith up --new-device</code>. It shows a code for 60 seconds.
      </p>
      <label className="field">
        <span>Link code</span>
        <textarea
          className="code-field"
          rows={5}
          required
          spellCheck={false}
          autoCapitalize="characters"
          placeholder="WEB+KITH:L/…"
          value={code}
          onChange={(event) => onChange(event.target.value)}
        />
      </label>
      <p className="warning">
        Only link a device you hold in your hands. Whoever sent you a code and asks you to enter it
        wants to read your messages.
      </p>
      <div className="actions">
        <button type="submit" className="main-button" aria-disabled={pending}>
          {pending ? 'Looking for the device…' : 'Continue'}
        </button>
      </div>
    </form>
  )
}

function Linked({
  name,
  onClose,
}: {
  readonly name: string
  readonly onClose: () => void
}): ReactNode {
  const done = useFocusOnArrival<HTMLButtonElement>()
  return (
    <div className="stack">
      <p role="status">
        <bdi>{name}</bdi> is linked. It has your contacts and stars now.
      </p>
      <div className="actions">
        <button ref={done} type="button" className="main-button" onClick={onClose}>
          Done
        </button>
      </div>
    </div>
  )
}
