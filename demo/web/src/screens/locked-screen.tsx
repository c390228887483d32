import type { HomeLockState } from '@kithmesh/node'
import { type ReactNode, type SyntheticEvent, useState } from 'react'
import { faultOf } from '../faults.ts'
import type { Unlocking } from '../opening.ts'
import { ErrorNotice, FaultNotice } from '../parts/error-notice.tsx'
import { PassphraseField } from '../parts/passphrase-field.tsx'
import { useWait, waitText } from '../parts/wait.ts'
import { useAction } from '../views/action.ts'
import { Front } from './before-screens.tsx'

/** The device of this browser, closed by its passphrase (WEB-20). */
export function LockedScreen({
  lock,
  onUnlock,
  onErase,
}: {
  readonly lock: HomeLockState
  readonly onUnlock: (by: Unlocking, options: { readonly signal: AbortSignal }) => Promise<void>
  readonly onErase: () => Promise<void>
}): ReactNode {
  const [passphrase, setPassphrase] = useState('')
  const unlock = useAction(async (signal, by: Unlocking) => {
    await onUnlock(by, { signal })
  })
  const wait = useWait(lock.nextTryAt)
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (passphrase !== '' && wait === 0) unlock.run({ passphrase })
  }
  return (
    <Front title="This device is locked">
      <p>
        While it is locked, nothing arrives in this browser. Your other devices go on, and it
        catches up once you unlock it.
      </p>
      <form className="stack" onSubmit={submit}>
        <PassphraseField
          label="Passphrase"
          isFirst
          value={passphrase}
          onChange={setPassphrase}
          invalid={unlock.error !== undefined}
        />
        {unlock.error !== undefined && <FaultNotice fault={faultOf(unlock.error)} />}
        <div className="actions">
          {wait > 0 && (
            <span role="timer" className="countdown">
              Next try in {waitText(wait)}
            </span>
          )}
          {lock.passkeys > 0 && (
            <button type="button" onClick={() => unlock.run({ passkey: true })}>
              Use a passkey
            </button>
          )}
          <button type="submit" className="main-button" aria-disabled={unlock.pending || wait > 0}>
            {unlock.pending ? 'Unlocking…' : 'Unlock'}
          </button>
        </div>
      </form>
      <Forgotten onErase={onErase} />
    </Front>
  )
}

/** There is no way around a passphrase; there is one to begin anew. */
function Forgotten({ onErase }: { readonly onErase: () => Promise<void> }): ReactNode {
  const erase = useAction(() => onErase())
  return (
    <details className="forgotten">
      <summary>I forgot it</summary>
      <div className="stack">
        <p>
          Nobody can open this device without it. You can erase it here and link this browser anew
          from another device of yours. What only this browser held is lost.
        </p>
        {erase.error !== undefined && (
          <ErrorNotice error={erase.error} action="Try again" onAction={() => erase.run()} />
        )}
        <div className="row">
          <button type="button" className="danger" onClick={() => erase.run()}>
            Erase this device
          </button>
        </div>
      </div>
    </details>
  )
}
