import type { SettingKey } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { DateAndTime } from '../parts/moment.tsx'
import { type SetSetting, SettingFlag, settingOf } from '../parts/setting-flag.tsx'
import type { SettingsShown } from '../views/views.ts'

/** The setting and the name of each day, as a week is read. */
const DAYS = [
  ['quiet-hours.monday', 'Monday'],
  ['quiet-hours.tuesday', 'Tuesday'],
  ['quiet-hours.wednesday', 'Wednesday'],
  ['quiet-hours.thursday', 'Thursday'],
  ['quiet-hours.friday', 'Friday'],
  ['quiet-hours.saturday', 'Saturday'],
  ['quiet-hours.sunday', 'Sunday'],
] as const satisfies readonly (readonly [SettingKey, string])[]

interface QuietProps {
  readonly shown: SettingsShown
  readonly onSet: SetSetting
}

/** When a person wants to be left alone (WEB-67). */
export function QuietHours({ shown, onSet }: QuietProps): ReactNode {
  const isOn = settingOf(shown, 'quiet-hours.on') === true
  return (
    <section className="stack">
      <h2>Quiet hours</h2>
      <SettingFlag shown={shown} name="quiet-hours.on" onSet={onSet}>
        Tell me of nothing at certain hours
      </SettingFlag>
      {isOn && (
        <>
          <QuietNow shown={shown} />
          <ul className="days">
            {DAYS.map(([key, name]) => (
              <Day
                key={key}
                name={name}
                span={String(settingOf(shown, key))}
                onSpan={(span) => onSet(key, span)}
              />
            ))}
          </ul>
          <p className="quiet">A span that ends before it begins goes on to the next morning.</p>
          <SettingFlag shown={shown} name="quiet-hours.favourites" onSet={onSet}>
            Tell me of favourites all the same
          </SettingFlag>
          <ZoneField shown={shown} onSet={onSet} />
        </>
      )}
    </section>
  )
}

function QuietNow({ shown: { quiet } }: Pick<QuietProps, 'shown'>): ReactNode {
  if (quiet.until === undefined)
    return <p>It is not quiet now, by the clock of {quiet.timeZone}.</p>
  return (
    <p>
      It is quiet until <DateAndTime at={quiet.until} />, by the clock of {quiet.timeZone}.
    </p>
  )
}

/** What a day begins with when it is turned on. */
const NIGHT = '22:00-07:00'

function Day({
  name,
  span,
  onSpan,
}: {
  readonly name: string
  readonly span: string
  readonly onSpan: (span: string) => void
}): ReactNode {
  const isOn = span !== 'never'
  const [from = '', to = ''] = isOn ? span.split('-') : []
  return (
    <li className="day-row">
      <label className="check">
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ target }) => onSpan(target.checked ? NIGHT : 'never')}
        />
        {name}
      </label>
      {isOn && (
        <span className="span">
          <TimeField
            label={`${name}, from`}
            time={from}
            onTime={(time) => onSpan(`${time}-${to}`)}
          />
          <span aria-hidden="true">–</span>
          <TimeField label={`${name}, to`} time={to} onTime={(time) => onSpan(`${from}-${time}`)} />
        </span>
      )}
    </li>
  )
}

function TimeField(props: {
  readonly label: string
  readonly time: string
  readonly onTime: (time: string) => void
}): ReactNode {
  return (
    <input
      type="time"
      aria-label={props.label}
      required
      value={props.time}
      // A time that is half typed is empty: it waits for the rest.
      onChange={({ target }) => target.value !== '' && props.onTime(target.value)}
    />
  )
}

function ZoneField({ shown, onSet }: QuietProps): ReactNode {
  const zone = String(settingOf(shown, 'quiet-hours.time-zone'))
  const zones = Intl.supportedValuesOf('timeZone')
  return (
    <label className="field">
      <span>By the clock of</span>
      <select value={zone} onChange={({ target }) => onSet('quiet-hours.time-zone', target.value)}>
        <option value="device">Wherever each device is</option>
        {!zones.includes(zone) && zone !== 'device' && <option value={zone}>{zone}</option>}
        {zones.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
