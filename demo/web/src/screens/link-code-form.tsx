import { type ReactNode, type SyntheticEvent, useState } from 'react'
import { CodeScanner, hasCamera } from '../parts/code-scanner.tsx'

/** Takes the code that another device shows: by the camera, or as text. Never from anywhere else (WEB-42). */
export function LinkCodeForm({
  pending,
  onSubmit,
  warning,
  children,
}: {
  readonly pending: boolean
  readonly onSubmit: (code: string) => void
  /** Whose codes not to enter, and why. */
  readonly warning: string
  /** Where that code is found. */
  readonly children: ReactNode
}): ReactNode {
  const [code, setCode] = useState('')
  const [isScanning, setScanning] = useState(false)
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    onSubmit(code)
  }
  const scanned = (text: string): void => {
    setScanning(false)
    setCode(text)
    onSubmit(text)
  }
  if (isScanning) return <CodeScanner onCode={scanned} onStop={() => setScanning(false)} />
  return (
    <form className="stack" onSubmit={submit}>
      {children}
      <label className="field">
        <span>Link code</span>
        <textarea
          className="code-field"
          rows={4}
          required
          spellCheck={false}
          autoCapitalize="characters"
          autoComplete="off"
          placeholder="WEB+KITH:…"
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      </label>
      <p className="warning">{warning}</p>
      <div className="actions">
        {hasCamera() && (
          <button type="button" onClick={() => setScanning(true)}>
            Scan with the camera
          </button>
        )}
        <button type="submit" className="main-button" aria-disabled={pending}>
          {pending ? 'Looking for the device…' : 'Continue'}
        </button>
      </div>
    </form>
  )
}
