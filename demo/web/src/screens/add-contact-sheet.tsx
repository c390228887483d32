import { type ReactNode, type SyntheticEvent, useState } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { openRoute } from '../route.ts'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'

/** Takes an invite code; whoever made it is a contact on both sides at once. */
export function AddContactSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { node } = useKith()
  const [code, setCode] = useState('')
  const [name, setName] = useState('')
  const adding = useAction(async (signal) => {
    const named = name.trim() === '' ? {} : { name: name.trim() }
    const { contact } = await node.contacts.add(code, { ...named, signal })
    onClose()
    openRoute({ pane: 'chat', contact })
  })
  const add = (event: SyntheticEvent): void => {
    event.preventDefault()
    adding.run()
  }
  return (
    <Sheet title="Add a contact" onClose={onClose}>
      <form className="stack" onSubmit={add}>
        <label className="field">
          <span>Invite code</span>
          <textarea
            className="code-field"
            rows={4}
            required
            spellCheck={false}
            autoCapitalize="characters"
            placeholder="WEB+KITH:C/…"
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </label>
        <label className="field">
          <span>Name (if you want another than theirs)</span>
          <input
            dir="auto"
            autoComplete="off"
            maxLength={128}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        {adding.error !== undefined && (
          <ErrorNotice error={adding.error} action="Try again" onAction={() => adding.run()} />
        )}
        <div className="actions">
          <button type="submit" className="main-button" aria-disabled={adding.pending}>
            {adding.pending ? 'Adding…' : 'Add'}
          </button>
        </div>
      </form>
    </Sheet>
  )
}
