import { type ReactNode, type SyntheticEvent, useEffect, useRef, useState } from 'react'
import { useAction } from '../views/action.ts'
import { ErrorNotice } from './error-notice.tsx'
import { Icon } from './icons.tsx'

/** A name that turns into its own editor: Enter keeps, Esc leaves as it was. */
export function InlineName(props: {
  readonly name: string
  readonly onRename: (name: string, options: { readonly signal: AbortSignal }) => Promise<unknown>
  /** What stands there while nobody edits; the name alone by default. */
  readonly children?: ReactNode
}): ReactNode {
  const [editing, setEditing] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const wasEditing = useRef(false)
  useEffect(() => {
    if (wasEditing.current && !editing) button.current?.focus()
    wasEditing.current = editing
  }, [editing])

  if (editing) return <NameEditor {...props} onEnd={() => setEditing(false)} />
  return (
    <span className="inline-name">
      {props.children ?? <bdi>{props.name}</bdi>}
      <button
        ref={button}
        type="button"
        className="icon-button"
        aria-label={`Rename ${props.name}`}
        title="Rename"
        onClick={() => setEditing(true)}
      >
        <Icon shape="edit" />
      </button>
    </span>
  )
}

function NameEditor({
  name,
  onRename,
  onEnd,
}: {
  readonly name: string
  readonly onRename: (name: string, options: { readonly signal: AbortSignal }) => Promise<unknown>
  readonly onEnd: () => void
}): ReactNode {
  const [text, setText] = useState(name)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.select(), [])
  const saving = useAction(async (signal) => {
    const next = text.trim()
    if (next !== name) await onRename(next, { signal })
    onEnd()
  })
  const save = (event: SyntheticEvent): void => {
    event.preventDefault()
    saving.run()
  }
  return (
    <form className="name-editor" onSubmit={save}>
      <input
        ref={field}
        aria-label={`New name for ${name}`}
        dir="auto"
        autoComplete="off"
        maxLength={128}
        required
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || event.nativeEvent.isComposing) return
          event.stopPropagation()
          onEnd()
        }}
      />
      <button type="submit" aria-disabled={saving.pending}>
        Save
      </button>
      <button type="button" className="plain" onClick={onEnd}>
        Cancel
      </button>
      {saving.error !== undefined && (
        <ErrorNotice error={saving.error} action="Keep the old name" onAction={onEnd} />
      )}
    </form>
  )
}
