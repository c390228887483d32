import type { RecoveryState } from '@kithmesh/node'
import { type ReactNode, useEffect, useState } from 'react'
import { useKith } from '../views/hooks.ts'
import { RecoveryKitSheet } from './recovery-kit-sheet.tsx'

/** Whether the 12 words are written down, and the way to do it (WEB-12). */
export function RecoveryKit(): ReactNode {
  const { node } = useKith()
  const [state, setState] = useState<RecoveryState>()
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    if (isOpen) return
    const left = new AbortController()
    node.recovery.state({ signal: left.signal }).then(setState, () => undefined)
    return () => left.abort()
  }, [node, isOpen])
  if (state === undefined) return null
  return (
    <section className="stack kit" aria-labelledby="recovery-kit">
      <h2 id="recovery-kit">Recovery kit</h2>
      <p>{STATE_WORDS[state]}</p>
      {state === 'kept' && (
        <div className="row">
          <button type="button" onClick={() => setOpen(true)}>
            Write down the 12 words
          </button>
        </div>
      )}
      {isOpen && <RecoveryKitSheet onClose={() => setOpen(false)} />}
    </section>
  )
}

const STATE_WORDS: Readonly<Record<RecoveryState, string>> = {
  kept: 'Twelve words bring your account back when every device of yours is lost. They are not written down yet.',
  confirmed: 'You have written down the 12 words. They are erased from this device.',
  absent: 'The 12 words are on the device that made this account, until they are written down.',
}
