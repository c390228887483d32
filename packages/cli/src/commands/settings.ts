/** `kith settings`: what holds on all devices of the account (CLI-97). */

import type { SettingEvent } from '../events/preferences.ts'
import { oneLine, table } from '../terminal-text.ts'
import { localMinute } from '../times.ts'
import { type CommandContext, collect } from './context.ts'

/** Every setting, its value and what it may be. */
export async function showSettings(context: CommandContext): Promise<void> {
  const settings = await collect(context, { call: 'settings', input: {}, event: 'setting' })
  const { report } = context
  const rows = settings.map((one) => [one.key, valueText(one), one.expects])
  const [head = '', ...lines] = table([['SETTING', 'VALUE', 'MAY BE'], ...rows])
  report.print(report.paint('bold', head), ...lines)
}

/** Prints one, alone on its line; or takes it back to what it began as. */
export async function readSetting(
  context: CommandContext,
  { call, key }: { readonly call: 'get' | 'reset'; readonly key: string },
): Promise<void> {
  const input = { key }
  const [setting] = await collect(context, { call: `settings ${call}`, input, event: 'setting' })
  if (setting !== undefined) context.report.print(valueText(setting))
}

/** Sets one. */
export async function setSetting(
  context: CommandContext,
  input: { readonly key: string; readonly value: string },
): Promise<void> {
  const [setting] = await collect(context, { call: 'settings set', input, event: 'setting' })
  if (setting !== undefined) context.report.print(`${setting.key} is ${valueText(setting)}`)
}

/** Whether it is quiet now. */
export async function showQuiet(context: CommandContext): Promise<void> {
  const [quiet] = await collect(context, { call: 'settings quiet', input: {}, event: 'quiet' })
  if (quiet === undefined) return
  const { report } = context
  if (!quiet.on) {
    report.print('Quiet hours are off. Turn them on with: kith settings set quiet-hours.on on')
    return
  }
  const zone = oneLine(quiet.timeZone)
  const until = quiet.until === null ? undefined : localMinute(quiet.until)
  const now = until === undefined ? 'It is not quiet now' : `It is quiet until ${until}`
  report.print(`${now} (by the clock of ${zone}).`)
}

function valueText({ value }: SettingEvent): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return oneLine(String(value))
}
