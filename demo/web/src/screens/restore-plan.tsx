import type { RecoveryPlan } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import { DateAndTime } from '../parts/moment.tsx'

type Kept = RecoveryPlan['devices'][number]['device']

/** What comes back, what does not, who stays: said before anything is written (REC-22). */
export function RestorePlan({
  plan,
  onAnswer,
}: {
  readonly plan: RecoveryPlan
  readonly onAnswer: (answer: false | { readonly keep: readonly Kept[] }) => void
}): ReactNode {
  const [kept, setKept] = useState<ReadonlySet<Kept>>(
    () => new Set(plan.devices.flatMap(({ device, kept: stays }) => (stays ? [device] : []))),
  )
  const toggle = (device: Kept): void => {
    const next = new Set(kept)
    if (!next.delete(device)) next.add(device)
    setKept(next)
  }
  return (
    <>
      <dl className="facts">
        <dt>Account</dt>
        <dd>
          <bdi>{plan.name || 'without a name'}</bdi>
        </dd>
        <dt>Made</dt>
        <dd>
          <DateAndTime at={plan.since} />
        </dd>
        <dt>Asked</dt>
        <dd>
          <bdi>{plan.sources.map(({ name }) => name).join(', ')}</bdi>
        </dd>
      </dl>
      <ComesBack plan={plan} />
      {plan.devices.length > 0 && (
        <fieldset className="stack">
          <legend>Devices that stay. Choose only those you hold in your hands.</legend>
          {plan.devices.map(({ device, name }) => (
            <label key={device} className="check">
              <input type="checkbox" checked={kept.has(device)} onChange={() => toggle(device)} />
              <span>
                <bdi>{name}</bdi>
                {!kept.has(device) && <span className="quiet"> will be out, for good</span>}
              </span>
            </label>
          ))}
        </fieldset>
      )}
      <p className="warning">
        {kept.size > 0
          ? 'Messages come back from the devices that stay. What no such device has is lost.'
          : 'Your messages do not come back: no device stays that has them.'}
      </p>
      <div className="actions">
        <button type="button" className="plain" onClick={() => onAnswer(false)}>
          Not now
        </button>
        <button type="button" className="main-button" onClick={() => onAnswer({ keep: [...kept] })}>
          Recover my account here
        </button>
      </div>
    </>
  )
}

function ComesBack({ plan }: { readonly plan: RecoveryPlan }): ReactNode {
  if (plan.copyMadeAt === undefined) {
    return (
      <p>
        You are the same person to your contacts. Nobody asked has a copy of your names, stars and
        settings: they do not come back.
      </p>
    )
  }
  return (
    <>
      <p>
        {counted(plan.contacts, 'contact')}, {counted(plan.starred, 'star')} and{' '}
        {counted(plan.settings, 'setting')} come back, as they were at{' '}
        <DateAndTime at={plan.copyMadeAt} />. To your contacts you are the same person: nobody is
        asked anything.
      </p>
      {plan.fromRemoved && (
        <p className="warning">
          A device that was removed from the account made that copy. Look at your contacts with
          care.
        </p>
      )}
    </>
  )
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
