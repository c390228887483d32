import type { Message } from '@kithmesh/node'
import { useEffect } from 'react'
import { useKith } from './hooks.ts'

/** Tells of messages while nobody looks at the tab, as far as the person wants it (WEB-65). */
export function useNotifications(): void {
  const { node } = useKith()
  useEffect(() => {
    const leaving = new AbortController()
    const { signal } = leaving
    const tell = async (message: Message): Promise<void> => {
      if (document.hasFocus() || !mayNotify()) return
      const answer = await node.chats.shouldNotify(message, { signal }).catch(() => undefined)
      if (!answer?.notify || signal.aborted) return
      // One for each person: a newer message takes the place of the one before.
      new Notification(message.from.name, { body: message.text, tag: message.from.account })
    }
    node.addEventListener('message:received', ({ detail }) => void tell(detail), { signal })
    return () => leaving.abort()
  }, [node])
}

/** What the browser says about notifications; `unsupported` where it has none. */
export function notificationsAllowed(): NotificationPermission | 'unsupported' {
  return 'Notification' in globalThis ? Notification.permission : 'unsupported'
}

function mayNotify(): boolean {
  return notificationsAllowed() === 'granted'
}
