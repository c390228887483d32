import { type ReactNode, useEffect, useRef } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'

/** While keys and storage are opened. */
export function OpeningScreen(): ReactNode {
  return (
    <Front title="Kithmesh">
      <p role="status" className="loading">
        Opening this device…
      </p>
    </Front>
  )
}

/** Two tabs cannot be one device: both would write with the same key (WEB-2). */
export function InUseScreen({ onRetry }: { readonly onRetry: () => void }): ReactNode {
  return (
    <Front title="Kithmesh runs in another tab">
      <p>
        One tab at a time is this device. Go on in the other tab, or close it and go on here.
        Nothing is lost either way.
      </p>
      <div className="actions">
        <button type="button" className="main-button" onClick={onRetry}>
          I closed it: go on here
        </button>
      </div>
    </Front>
  )
}

/** The device could not be opened. */
export function FailedScreen({
  error,
  onRetry,
}: {
  readonly error: unknown
  readonly onRetry: () => void
}): ReactNode {
  return (
    <Front title="This device could not be opened">
      <ErrorNotice error={error} action="Try again" onAction={onRetry} />
    </Front>
  )
}

/** A card in the middle of an otherwise empty page. `isNext`: a button brought the person here. */
export function Front({
  title,
  isNext = false,
  children,
}: {
  readonly title: string
  readonly isNext?: boolean
  readonly children: ReactNode
}): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // That button is gone, and the focus with it.
    if (isNext) heading.current?.focus()
  }, [isNext])
  return (
    <main className="front">
      <div className="front-card">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {children}
      </div>
    </main>
  )
}
