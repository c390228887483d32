/** Linking without typing a code, a lock, and a recovery, told by real processes of one computer. */

import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { type KithProcess, kith, type Seen, spawnKith } from '../test/processes.ts'
import { temporaryFolder } from '../test/terminal.ts'
import { callDevice } from './local/client.ts'

const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0']
const STORY_MS = 120_000

interface Home {
  readonly home: string
  readonly name: string
  readonly up: KithProcess
}

/** A device with a name that no other on this network has. */
async function up(...flags: readonly string[]): Promise<Home> {
  const home = await temporaryFolder()
  const name = basename(home)
  return { home, name, up: spawnKith(home, ['up', '--name', name, ...LOCAL, ...flags]) }
}

/** Its last answer; a command that failed says why. */
async function ask({ home }: Pick<Home, 'home'>, ...argv: readonly string[]): Promise<Seen> {
  const { code, events } = await kith(home, ...argv)
  const last = events.at(-1)
  if (code === 0 && last !== undefined) return last
  throw new Error(`kith ${argv[0]}: exit ${code}, ${JSON.stringify(last)}`)
}

async function fileWith(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'given')
  await writeFile(path, text, { mode: 0o600 })
  return path
}

/** The person at an existing device that shows its code: reads the digits off the new one, and types them. */
async function linkByShowing({ home }: Home): Promise<Home> {
  const started = Promise.withResolvers<Home>()
  const seen: string[] = []
  await callDevice(
    {
      home,
      call: 'link show',
      input: { far: true },
      onEvent: (event) => {
        if (event.event === 'link-code') {
          up('--new-device', '--code', event.code).then(started.resolve, started.reject)
        }
      },
      confirm: async ({ digits }) => {
        const device = await started.promise
        const shown = (): unknown =>
          device.up.events().find(({ state }) => state === 'confirm')?.['digits']
        await eventually(shown).toBe(digits)
        seen.push(digits)
        return true
      },
    },
    { signal: new AbortController().signal },
  )
  expect(seen).toEqual([expect.stringMatching(/^\d{6}$/)])
  return started.promise
}

test(
  'CLI-70 CLI-71 CLI-74 CLI-42 CLI-46 Ada links two devices without a code, locks one, loses all, and begins again with her words',
  async () => {
    const laptop = await up()
    const ben = await up()
    const { account } = await laptop.up.event('ready')
    await ben.up.event('ready')
    const phone = await up('--new-device')
    await phone.up.event('link-code')
    const nearby = ['link', '--nearby', '--device', phone.name, '--yes']
    expect(await ask(laptop, ...nearby)).toMatchObject({ event: 'linked', name: phone.name })
    const tablet = await linkByShowing(laptop)
    for (const device of [phone, tablet]) {
      expect(await device.up.event('ready')).toMatchObject({ account })
    }

    const { code } = await ask(ben, 'contacts', 'invite')
    await ask(laptop, 'contacts', 'add', String(code), '--name', 'Ben')
    await eventually(async () => (await kith(ben.home, 'contacts')).events).toMatchObject([
      { contact: account, devices: 3 },
    ])
    const before = await ask(laptop, 'code', 'Ben')

    const passphrase = await fileWith('correct horse battery staple\n')
    const wrong = await fileWith('incorrect\n')
    await ask(phone, 'lock', '--set', '--passphrase-file', passphrase)
    expect(await ask(phone, 'lock')).toMatchObject({ event: 'lock', locked: true })
    const locked = await kith(phone.home, 'status')
    expect(locked).toMatchObject({ code: 6, events: [{ code: 'ERR_LOCKED' }] })
    const refused = await kith(phone.home, 'unlock', '--passphrase-file', wrong)
    expect(refused).toMatchObject({ code: 6, events: [{ code: 'ERR_PASSPHRASE' }] })
    await ask(ben, 'send', String(account), 'while it was locked', '--wait', 'reached')
    await ask(phone, 'unlock', '--passphrase-file', passphrase)
    await eventually(async () => (await kith(phone.home, 'messages', 'Ben')).events).toMatchObject([
      { text: 'while it was locked' },
    ])

    const { words } = await ask(laptop, 'recovery', 'show')
    if (!Array.isArray(words)) throw new Error('no words')
    for (const device of [laptop, phone, tablet]) {
      device.up.kill('SIGKILL')
      await device.up.ended
    }
    const source = String((await ask(ben, 'contacts', 'invite'))['code'])
    const given = ['--words-file', await fileWith(words.join(' ')), '--from', source, '--yes']
    const clean = { home: await temporaryFolder() }
    expect(await ask(clean, 'recovery', 'restore', ...given)).toMatchObject({
      event: 'recovered',
      account,
      kept: [],
    })
    const again = spawnKith(clean.home, ['up', ...LOCAL])
    expect(await again.event('ready')).toMatchObject({ account })
    await ask(ben, 'send', String(account), 'welcome back', '--wait', 'all')
    const { contact } = before
    expect(await ask(clean, 'code', String(contact))).toMatchObject({ digits: before['digits'] })
    const { events } = await kith(clean.home, 'messages', String(contact))
    expect(events.at(-1)).toMatchObject({ text: 'welcome back' })
  },
  STORY_MS,
)
