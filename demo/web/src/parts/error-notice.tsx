import type { ReactNode } from 'react'
import type { Fault } from '../fault-words.ts'
import { faultOf } from '../faults.ts'

/** What happened, what it means, and one button (WEB-9). */
export function ErrorNotice(props: {
  readonly error: unknown
  readonly action: string
  readonly onAction: () => void
}): ReactNode {
  return (
    <FaultNotice fault={faultOf(props.error)} action={props.action} onAction={props.onAction} />
  )
}

/** The same for a failure that came as a state. */
export function FaultNotice({
  fault,
  action,
  onAction,
}: {
  readonly fault: Fault
  readonly action?: string
  readonly onAction?: () => void
}): ReactNode {
  return (
    <div className="notice" role="alert">
      <p className="notice-title">{fault.happened}</p>
      <p className="notice-text">{fault.means}</p>
      {action !== undefined && (
        <button type="button" onClick={onAction}>
          {action}
        </button>
      )}
    </div>
  )
}
