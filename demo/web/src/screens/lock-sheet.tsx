import { type LockState, passphraseWarning } from '@kithmesh/node'
import { type ReactNode, type SyntheticEvent, useId, useState } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { PassphraseField } from '../parts/passphrase-field.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'
import { useLockState } from '../views/lock-state.ts'

/** What locks this browser's device (WEB-21). */
export function LockSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const state = useLockState()
  return (
    <Sheet title="App lock" onClose={onClose}>
      {state === undefined ? (
        <p role="status" className="loading">
          Looking…
        </p>
      ) : state.passphrase ? (
        <Guarded state={state} />
      ) : (
        <SetPassphrase />
      )}
    </Sheet>
  )
}

function SetPassphrase(): ReactNode {
  const { node } = useKith()
  return (
    <div className="stack">
      <p>
        A passphrase seals what this browser stores of your account. Without it nobody opens this
        device here, you neither: your other devices then still hold the account.
      </p>
      <NewPassphrase
        label="Set passphrase"
        onSet={(passphrase, o) => node.lock.set(passphrase, o)}
      />
    </div>
  )
}

type Perform = (passphrase: string, options: { readonly signal: AbortSignal }) => Promise<void>

function NewPassphrase({
  label,
  onSet,
  onBack,
}: {
  readonly label: string
  readonly onSet: Perform
  readonly onBack?: () => void
}): ReactNode {
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const set = useAction((signal) => onSet(passphrase, { signal }))
  const differ = again !== '' && again !== passphrase
  const warning = passphrase === '' ? undefined : passphraseWarning(passphrase)
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (again === passphrase) set.run()
  }
  return (
    <form className="stack" onSubmit={submit}>
      <PassphraseField
        label="New passphrase"
        isNew
        value={passphrase}
        onChange={setPassphrase}
        hint="Five or six random words are easy to keep and hard to guess."
      />
      <PassphraseField
        label="The same again"
        isNew
        value={again}
        onChange={setAgain}
        invalid={differ}
        hint={differ ? 'The two are not the same yet.' : undefined}
      />
      {warning !== undefined && <p className="warning">{warning}</p>}
      {set.error !== undefined && (
        <ErrorNotice error={set.error} action="Try again" onAction={() => set.run()} />
      )}
      <div className="actions">
        {onBack && <BackButton onBack={onBack} />}
        <button type="submit" className="main-button" aria-disabled={set.pending || differ}>
          {set.pending ? 'Sealing…' : label}
        </button>
      </div>
    </form>
  )
}

/** One thing at a time asks for the passphrase. */
type Asking = 'change' | 'remove' | 'passkey' | undefined

function Guarded({ state }: { readonly state: LockState }): ReactNode {
  const { node } = useKith()
  const [asking, setAsking] = useState<Asking>()
  const lock = useAction(() => node.lock.now())
  const done = (): void => setAsking(undefined)
  if (asking === 'change') return <ChangePassphrase onDone={done} />
  if (asking !== undefined) return <WithPassphrase asking={asking} onDone={done} />
  return (
    <div className="stack">
      <p role="status">This device has a passphrase. It is asked for when the page is opened.</p>
      <div className="row">
        <button type="button" className="main-button" onClick={() => lock.run()}>
          Lock now
        </button>
      </div>
      {lock.error !== undefined && (
        <ErrorNotice error={lock.error} action="Try again" onAction={() => lock.run()} />
      )}
      <AutoLock minutes={state.autoLockMinutes} />
      <Passkeys count={state.passkeys} onAdd={() => setAsking('passkey')} />
      <section className="stack">
        <h3>Passphrase</h3>
        <div className="row">
          <button type="button" onClick={() => setAsking('change')}>
            Change it
          </button>
          <button type="button" className="plain" onClick={() => setAsking('remove')}>
            Remove it
          </button>
        </div>
      </section>
    </div>
  )
}

const MINUTES = [1, 5, 15, 60, 8 * 60] as const

function AutoLock({ minutes }: { readonly minutes: number | undefined }): ReactNode {
  const { node } = useKith()
  const set = useAction((signal, next: number | undefined) =>
    node.lock.autoLock.set(next, { signal }),
  )
  const choiceId = useId()
  const offered = minutes === undefined || MINUTES.some((one) => one === minutes)
  const choices: readonly number[] = offered ? MINUTES : [...MINUTES, minutes]
  return (
    <div className="field">
      <label htmlFor={choiceId}>Lock by itself</label>
      <select
        id={choiceId}
        value={minutes ?? ''}
        onChange={({ target }) => set.run(target.value === '' ? undefined : Number(target.value))}
      >
        <option value="">Never</option>
        {choices.map((one) => (
          <option key={one} value={one}>
            After {one < 60 ? `${one} min` : `${one / 60} h`} without use
          </option>
        ))}
      </select>
      {set.error !== undefined && (
        <ErrorNotice error={set.error} action="Close" onAction={set.clear} />
      )}
    </div>
  )
}

function Passkeys({
  count,
  onAdd,
}: {
  readonly count: number
  readonly onAdd: () => void
}): ReactNode {
  const { node } = useKith()
  const forget = useAction((signal) => node.lock.passkeys.remove({ signal }))
  return (
    <section className="stack">
      <h3>Passkey</h3>
      <p className="quiet">
        {count === 0
          ? 'A fingerprint, a face or a security key opens this device too. The passphrase stays: if the passkey is lost, nothing else is.'
          : `${count === 1 ? 'A passkey opens' : `${count} passkeys open`} this device too. The passphrase does as before.`}
      </p>
      {forget.error !== undefined && (
        <ErrorNotice error={forget.error} action="Close" onAction={forget.clear} />
      )}
      <div className="row">
        <button type="button" onClick={onAdd}>
          Add a passkey
        </button>
        {count > 0 && (
          <button type="button" className="plain" onClick={() => forget.run()}>
            Forget {count === 1 ? 'it' : 'them'} here
          </button>
        )}
      </div>
    </section>
  )
}

function ChangePassphrase({ onDone }: { readonly onDone: () => void }): ReactNode {
  const { node } = useKith()
  const [old, setOld] = useState('')
  const change: Perform = async (passphrase, options) => {
    await node.lock.change(old, passphrase, options)
    onDone()
  }
  return (
    <div className="stack">
      <PassphraseField label="The passphrase it has" value={old} onChange={setOld} />
      <NewPassphrase label="Change it" onSet={change} onBack={onDone} />
    </div>
  )
}

const WORDS = {
  remove: {
    why: 'Without a passphrase this device opens by itself, for whoever uses this browser. Passkeys are forgotten too.',
    label: 'Remove the passphrase',
    pending: 'Removing…',
  },
  passkey: {
    why: 'Your browser then asks where to keep the passkey.',
    label: 'Add a passkey',
    pending: 'Waiting for the passkey…',
  },
} as const

function WithPassphrase({
  asking,
  onDone,
}: {
  readonly asking: 'remove' | 'passkey'
  readonly onDone: () => void
}): ReactNode {
  const { node } = useKith()
  const [passphrase, setPassphrase] = useState('')
  const { why, label, pending } = WORDS[asking]
  const perform = useAction(async (signal) => {
    if (asking === 'remove') await node.lock.remove(passphrase, { signal })
    else await node.lock.passkeys.add(passphrase, { signal })
    onDone()
  })
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    perform.run()
  }
  return (
    <form className="stack" onSubmit={submit}>
      <p>{why}</p>
      <PassphraseField label="Passphrase" value={passphrase} onChange={setPassphrase} />
      {perform.error !== undefined && (
        <ErrorNotice error={perform.error} action="Try again" onAction={() => perform.run()} />
      )}
      <div className="actions">
        <BackButton onBack={onDone} />
        <button type="submit" className="main-button" aria-disabled={perform.pending}>
          {perform.pending ? pending : label}
        </button>
      </div>
    </form>
  )
}

function BackButton({ onBack }: { readonly onBack: () => void }): ReactNode {
  return (
    <button type="button" className="plain" onClick={onBack}>
      Back
    </button>
  )
}
