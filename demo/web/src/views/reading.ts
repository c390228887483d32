import type { Contact, Message } from '@kithmesh/node'
import { type RefObject, useEffect } from 'react'
import { useKith } from './hooks.ts'

/**
 * What a contact wrote is read once its end was on the screen of somebody who looks at the page: not in a
 * tab behind others, nor in a window that another one has taken the keyboard from (WEB-51).
 */
export function useReading(
  contact: Contact['contact'],
  {
    scroller,
    messages,
  }: {
    readonly scroller: RefObject<HTMLElement | null>
    readonly messages: readonly Message[]
  },
): void {
  const { node } = useKith()
  useEffect(() => {
    const root = scroller.current
    const unread = messages.filter((message) => message.unread)
    if (!root || unread.length === 0) return
    const over = new AbortController()
    const shown = new Set<string>()

    const mark = (): void => {
      const newest = unread.findLast(({ message }) => shown.has(message))
      if (!newest || document.visibilityState !== 'visible' || !document.hasFocus()) return
      shown.clear()
      // What could not be marked is still new, and is marked when it is looked at again.
      node.messages.markRead(contact, { upTo: newest.message }).catch(() => undefined)
    }
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const id = target.getAttribute(FOOT_OF)
          if (id !== null && isIntersecting) shown.add(id)
          else if (id !== null) shown.delete(id)
        }
        mark()
      },
      { root },
    )
    const waiting = new Set<string>(unread.map(({ message }) => message))
    for (const foot of root.querySelectorAll(`[${FOOT_OF}]`)) {
      if (waiting.has(foot.getAttribute(FOOT_OF) ?? '')) observer.observe(foot)
    }
    document.addEventListener('visibilitychange', mark, over)
    window.addEventListener('focus', mark, over)
    return () => {
      observer.disconnect()
      over.abort()
    }
  }, [node, contact, messages, scroller])
}

/** Names the message whose end an element is. */
export const FOOT_OF = 'data-foot-of'
