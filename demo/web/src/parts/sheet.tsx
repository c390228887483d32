import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import { Icon } from './icons.tsx'

/** A modal sheet: the browser keeps the focus inside, closes it on Esc and gives the focus back. */
export function Sheet({
  title,
  onClose,
  children,
}: {
  readonly title: ReactNode
  readonly onClose: () => void
  readonly children: ReactNode
}): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // Layout effects end before React takes the dialog away: closed by then, it gives the focus back.
  useLayoutEffect(() => {
    const shown = dialog.current
    if (!shown) return
    if (!shown.open) shown.showModal()
    // What there is to fill in, rather than the button that closes.
    shown.querySelector<HTMLElement>('textarea, input:not([type="radio"])')?.focus()
    return () => shown.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className="sheet"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <header className="sheet-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
          <Icon shape="close" />
        </button>
      </header>
      {children}
    </dialog>
  )
}
