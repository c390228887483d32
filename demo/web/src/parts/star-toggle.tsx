import type { Message } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'
import { Icon } from './icons.tsx'

/** Stars a message, or takes the star away. What it shows comes from the message, never from the click. */
export function StarToggle({ message }: { readonly message: Message }): ReactNode {
  const { node } = useKith()
  const toggle = useAction(async (signal) => {
    const { starred } = node
    await (message.starred
      ? starred.remove(message.message, { signal })
      : starred.add(message.message, { signal }))
  })
  const failed = toggle.error !== undefined
  return (
    <>
      <button
        type="button"
        className="icon-button star"
        aria-pressed={message.starred}
        aria-label="Star"
        title={message.starred ? 'Starred' : 'Star'}
        onClick={() => toggle.run()}
      >
        <Icon shape="star" filled={message.starred} />
      </button>
      {failed && (
        <span role="alert" className="danger">
          Not starred: it could not be stored
        </span>
      )}
    </>
  )
}
