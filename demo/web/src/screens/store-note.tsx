import type { ReactNode } from 'react'
import { DateAndTime } from '../parts/moment.tsx'
import { useDevices, useStatus } from '../views/hooks.ts'

/** This device lost some of what it had stored: what happens now, until it is here again (WEB-68). */
export function StoreNote(): ReactNode {
  const status = useStatus()
  const devices = useDevices()
  const damage = status.state === 'ready' ? (status.value.damage ?? []) : []
  const noticedAt = Math.min(...damage.map((one) => one.noticedAt))
  if (damage.length === 0 || devices.state !== 'ready') return null
  const hasOthers = devices.value.some((one) => !one.this && one.state === 'active')
  return (
    <section className="alerts" aria-label="Store">
      <div className="alert" role="alert" data-kind="store">
        <p>
          <strong>This device lost some of what it had stored.</strong> Its disk may be failing.
          Noticed <DateAndTime at={noticedAt} />.{' '}
          {hasOthers
            ? 'It fetches that from your other devices: leave one of them on.'
            : 'No other device of yours has a copy. Link one, so that what is left has a second place.'}
        </p>
      </div>
    </section>
  )
}
