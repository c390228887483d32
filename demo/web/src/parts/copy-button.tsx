import { type ReactNode, useEffect, useState } from 'react'

/** How long "Copied" stands, in ms: long enough to be read. */
const SHOWN_MS = 2_500

/** Puts a text on the clipboard and says so. */
export function CopyButton({
  text,
  label,
}: {
  readonly text: string
  readonly label: string
}): ReactNode {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | undefined>()
  useEffect(() => {
    if (!outcome) return
    const timer = setTimeout(() => setOutcome(undefined), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [outcome])

  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setOutcome('copied')
    } catch {
      // No clipboard without https or permission; the text itself can still be selected.
      setOutcome('failed')
    }
  }
  return (
    <>
      <button type="button" onClick={() => void copy()}>
        {label}
      </button>
      <span role="status" className="quiet">
        {outcome === 'copied' && 'Copied'}
        {outcome === 'failed' && 'Not allowed here: select the text and copy it'}
      </span>
    </>
  )
}
