import { type ReactNode, useId, useState } from 'react'
import { useFocusOnArrival } from './arrival.ts'

/** A passphrase; what is typed is hidden until the person wants to see it. */
export function PassphraseField({
  label,
  value,
  onChange,
  isNew = false,
  hint,
  invalid = false,
  isFirst = false,
}: {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  /** For a password manager: one to make, or one it may know. */
  readonly isNew?: boolean
  readonly hint?: ReactNode
  readonly invalid?: boolean
  /** What a person who came here goes on with. */
  readonly isFirst?: boolean
}): ReactNode {
  const [shown, setShown] = useState(false)
  const first = useFocusOnArrival<HTMLInputElement>()
  const [fieldId, hintId] = [useId(), useId()]
  return (
    <div className="field">
      <label htmlFor={fieldId}>{label}</label>
      <div className="with-button">
        <input
          ref={isFirst ? first : undefined}
          id={fieldId}
          type={shown ? 'text' : 'password'}
          dir="auto"
          required
          maxLength={1024}
          autoComplete={isNew ? 'new-password' : 'current-password'}
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={invalid || undefined}
          aria-describedby={hint === undefined ? undefined : hintId}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
        <button
          type="button"
          aria-pressed={shown}
          aria-label={`Show what is typed in: ${label}`}
          onClick={() => setShown(!shown)}
        >
          Show
        </button>
      </div>
      {hint !== undefined && (
        <p id={hintId} className="quiet hint">
          {hint}
        </p>
      )}
    </div>
  )
}
