import type { ReactNode } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { DateAndTime } from '../parts/moment.tsx'
import { useAction } from '../views/action.ts'
import { useDevices, useKith } from '../views/hooks.ts'

/** Until when this device belongs to the account, when that ends by itself (WEB-46). */
export function SessionBanner({ temporary }: { readonly temporary: boolean }): ReactNode {
  const { node } = useKith()
  const viewed = useDevices()
  const self = viewed.state === 'ready' ? viewed.value.find((one) => one.this) : undefined
  const ending = useAction(async (signal) => node.devices.leave({ signal }))
  if (!temporary && self?.expiresAt === undefined) return null
  return (
    <section className="session" aria-label="This session">
      <p>
        <strong>For a while only</strong>
        {self?.expiresAt !== undefined && (
          <>
            {', until '}
            <DateAndTime at={self.expiresAt} />
          </>
        )}
        .{temporary && ' Closing or reloading this tab wipes everything here.'}
      </p>
      <button type="button" aria-disabled={ending.pending} onClick={() => ending.run()}>
        End it now
      </button>
      {ending.error !== undefined && (
        <ErrorNotice error={ending.error} action="Try again" onAction={() => ending.run()} />
      )}
    </section>
  )
}
