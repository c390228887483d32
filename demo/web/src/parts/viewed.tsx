import type { ReactNode } from 'react'
import type { View, Viewed } from '../views/view.ts'
import { ErrorNotice } from './error-notice.tsx'

/** The three faces of every list: loading, failed, there. */
export function ViewedContent<T>({
  viewed,
  view,
  children,
}: {
  readonly viewed: Viewed<T>
  readonly view: View<T>
  readonly children: (value: T) => ReactNode
}): ReactNode {
  switch (viewed.state) {
    case 'loading':
      return <p className="quiet loading">Loading…</p>
    case 'failed':
      return <ErrorNotice error={viewed.error} action="Try again" onAction={view.reload} />
    case 'ready':
      return children(viewed.value)
  }
}
