import { type ReactNode, type SyntheticEvent, useState } from 'react'
import { CodeScanner, hasCamera } from '../parts/code-scanner.tsx'

/** Takes the security code on the other's screen: by the camera, or as text. */
export function TheirCodeForm({
  pending,
  onCode,
}: {
  readonly pending: boolean
  readonly onCode: (code: string) => void
}): ReactNode {
  const [code, setCode] = useState('')
  const [isScanning, setScanning] = useState(false)
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    onCode(code)
  }
  const scanned = (text: string): void => {
    setScanning(false)
    onCode(text)
  }
  if (isScanning) return <CodeScanner onCode={scanned} onStop={() => setScanning(false)} />
  return (
    <form className="stack" onSubmit={submit}>
      <label className="field">
        <span>Or the code on their screen, as text</span>
        <textarea
          className="code-field"
          rows={2}
          required
          spellCheck={false}
          autoCapitalize="characters"
          autoComplete="off"
          placeholder="WEB+KITH:V/…"
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      </label>
      <div className="actions">
        {hasCamera() && (
          <button type="button" onClick={() => setScanning(true)}>
            Scan theirs
          </button>
        )}
        <button type="submit" aria-disabled={pending}>
          {pending ? 'Comparing…' : 'Compare'}
        </button>
      </div>
    </form>
  )
}
