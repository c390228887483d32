import type { SettingKey } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { Pane } from '../parts/pane.tsx'
import { type SetSetting, SettingFlag, settingOf } from '../parts/setting-flag.tsx'
import { ViewedContent } from '../parts/viewed.tsx'
import { useAction } from '../views/action.ts'
import { useKith, useSettings } from '../views/hooks.ts'
import { notificationsAllowed } from '../views/notifications.ts'
import type { SettingsShown } from '../views/views.ts'
import { QuietHours } from './quiet-hours.tsx'

/** What holds on all devices of the account (WEB-64). */
export function SettingsPane(): ReactNode {
  const { views } = useKith()
  return (
    <Pane title="Settings">
      <ViewedContent viewed={useSettings()} view={views.settings}>
        {(shown) => <SettingsBody shown={shown} />}
      </ViewedContent>
    </Pane>
  )
}

function SettingsBody({ shown }: { readonly shown: SettingsShown }): ReactNode {
  const { node } = useKith()
  const setting = useAction(async (signal, key: SettingKey, value: string | boolean) => {
    await node.settings.set(key, value, { signal })
  })
  const set: SetSetting = (key, value) => setting.run(key, value)
  return (
    <div className="pane-body stack settings">
      {setting.error !== undefined && (
        <ErrorNotice error={setting.error} action="All right" onAction={setting.clear} />
      )}
      <QuietHours shown={shown} onSet={set} />
      <section className="stack">
        <h2>Notifications</h2>
        <SettingFlag shown={shown} name="notifications.on" onSet={set}>
          Tell me of messages
        </SettingFlag>
        <BrowserPermission />
      </section>
      <section className="stack">
        <h2>Others</h2>
        <SettingFlag shown={shown} name="receipts.read" onSet={set}>
          Let contacts know what I have read
        </SettingFlag>
        <Theme shown={shown} onSet={set} />
      </section>
      <p className="quiet">Settings hold on all your devices.</p>
    </div>
  )
}

interface SettingProps {
  readonly shown: SettingsShown
  readonly onSet: SetSetting
}

const THEMES = [
  ['system', 'As the system has them'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const

function Theme({ shown, onSet }: SettingProps): ReactNode {
  return (
    <label className="field">
      <span>Colours</span>
      <select
        value={String(settingOf(shown, 'appearance.theme'))}
        onChange={({ target }) => onSet('appearance.theme', target.value)}
      >
        {THEMES.map(([theme, words]) => (
          <option key={theme} value={theme}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}

/** What the browser lets this page do: it asks the person once, and only after a click. */
function BrowserPermission(): ReactNode {
  const [allowed, setAllowed] = useState(notificationsAllowed)
  if (allowed === 'granted') return <p>This browser shows them while the tab is open.</p>
  if (allowed === 'denied') {
    return <p>This browser keeps them from you. Allow them in its settings for this site.</p>
  }
  if (allowed === 'unsupported') return <p>This browser has no notifications.</p>
  const ask = (): void => {
    Notification.requestPermission().then(setAllowed, () => setAllowed('denied'))
  }
  return (
    <div className="row">
      <button type="button" onClick={ask}>
        Allow notifications in this browser
      </button>
    </div>
  )
}
