import { type ReactNode, useEffect, useId, useRef } from 'react'
import { routeHref } from '../route.ts'
import { Icon } from './icons.tsx'

/** The frame of what stands beside the sidebar; on a narrow screen it is the whole page. */
export function Pane({
  title,
  tools,
  children,
}: {
  readonly title: ReactNode
  readonly tools?: ReactNode
  readonly children: ReactNode
}): ReactNode {
  const pane = useRef<HTMLElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const titleId = useId()
  useEffect(() => {
    const { activeElement } = document
    // A page that was just loaded starts at its top.
    if (activeElement === document.body || pane.current?.contains(activeElement)) return
    // A person who came here by a link goes on here.
    heading.current?.focus()
  }, [])
  return (
    <section ref={pane} className="pane" aria-labelledby={titleId}>
      <header className="pane-head">
        <a
          className="icon-button back"
          href={routeHref({ pane: 'home' })}
          aria-label="Back to contacts"
        >
          <Icon shape="back" />
        </a>
        <h1 id={titleId} ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {tools}
      </header>
      {children}
    </section>
  )
}
