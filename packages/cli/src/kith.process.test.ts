/** The story of a device mesh told by real processes that find each other on this machine. */

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { type KithProcess, kith, type Seen, spawnKith } from '../test/processes.ts'
import { temporaryFolder } from '../test/terminal.ts'

const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0']
const STORY_MS = 120_000

interface Home {
  readonly home: string
  readonly up: KithProcess
}

async function up(name: string, ...flags: readonly string[]): Promise<Home> {
  const home = await temporaryFolder()
  return { home, up: spawnKith(home, ['up', '--name', name, ...LOCAL, ...flags]) }
}

async function upAndReady(name: string): Promise<Home & { readonly ready: Seen }> {
  const device = await up(name)
  return { ...device, ready: await device.up.event('ready') }
}

/** Links a new device to the account of another. */
async function linked(existing: Home, name: string): Promise<Home> {
  const device = await up(name, '--new-device')
  const { code } = await device.up.event('link-code')
  const link = await kith(existing.home, 'link', String(code), '--yes', '--far')
  expect(link).toMatchObject({ code: 0 })
  await device.up.event('ready')
  return device
}

describe('kith, end to end', () => {
  test(
    'CLI-20 DEL-40 two devices of Ada and one of Ben: link, rename, send, star, read, restart',
    async () => {
      const laptop = await upAndReady('laptop')
      const phone = await linked(laptop, 'phone')
      expect(await phone.up.event('ready')).toMatchObject({
        account: laptop.ready['account'],
        ui: null,
      })
      const ben = await upAndReady('ben-phone')

      const invite = await kith(laptop.home, 'contacts', 'invite')
      const added = await kith(
        ben.home,
        'contacts',
        'add',
        String(invite.events[0]?.['code']),
        '--name',
        'Ada',
      )
      expect(added).toMatchObject({
        code: 0,
        events: [{ contact: laptop.ready['account'], name: 'Ada' }],
      })

      const benAccount = String(ben.ready['account'])
      expect(await kith(laptop.home, 'contacts', 'rename', benAccount, 'Benjamin')).toMatchObject({
        code: 0,
      })
      await eventually(() =>
        kith(phone.home, 'contacts').then(({ events }) => events),
      ).toMatchObject([{ contact: benAccount, name: 'Benjamin' }])

      const sent = await kith(ben.home, 'send', 'Ada', 'hi there', '--wait', 'all')
      expect(sent.code).toBe(0)
      expect(sent.events.at(-1)).toMatchObject({ event: 'delivery', reached: 2, of: 2 })
      const message = String(sent.events[0]?.['message'])
      expect(await kith(phone.home, 'messages', 'Benjamin')).toMatchObject({
        code: 0,
        events: [{ message, text: 'hi there', starred: false }],
      })

      expect(await kith(laptop.home, 'star', message.slice(0, 12))).toMatchObject({ code: 0 })
      await eventually(() =>
        kith(phone.home, 'starred').then(({ events }) => events),
      ).toMatchObject([{ message, starred: true }])

      expect(await kith(phone.home, 'read', 'Benjamin')).toMatchObject({
        code: 0,
        events: [{ event: 'read', contact: benAccount, marked: 1, unread: 0 }],
      })
      await eventually(() =>
        kith(laptop.home, 'messages', 'Benjamin').then(({ events }) => events),
      ).toMatchObject([{ message, unread: false }])
      await eventually(() =>
        kith(ben.home, 'messages', 'Ada').then(({ events }) => events),
      ).toMatchObject([{ message, delivery: { state: 'read', read: true } }])

      laptop.up.kill('SIGKILL')
      await laptop.up.ended
      expect(await kith(laptop.home, 'status')).toMatchObject({
        code: 3,
        events: [{ code: 'ERR_NOT_RUNNING' }],
      })
      const again = spawnKith(laptop.home, ['up', ...LOCAL])
      expect(await again.event('ready')).toMatchObject({ account: laptop.ready['account'] })
      expect(await kith(laptop.home, 'starred')).toMatchObject({
        events: [{ message, starred: true }],
      })

      expect(await kith(laptop.home, 'stop')).toEqual({ code: 0, events: [{ event: 'stopped' }] })
      expect(await again.ended).toBe(0)
      phone.up.kill('SIGTERM')
      expect(await phone.up.ended).toBe(0)
      ben.up.kill('SIGINT')
      expect(await ben.up.ended).toBe(130)
    },
    STORY_MS,
  )

  test(
    'CLI-10 a second kith up on the same home: exit 7, the first undisturbed',
    async () => {
      const { home, up: first } = await upAndReady('laptop')
      const second = await kith(home, 'up', ...LOCAL)
      expect(second).toMatchObject({
        code: 7,
        events: [{ event: 'error', code: 'ERR_HOME_IN_USE' }],
      })
      expect(await kith(home, 'status')).toMatchObject({ code: 0, events: [{ event: 'status' }] })
      expect((await stat(join(home, 'kith.sock'))).mode & 0o777).toBe(0o600)
      first.kill('SIGTERM')
      expect(await first.ended).toBe(0)
    },
    STORY_MS,
  )

  test(
    'CLI-3 a code that is garbage, of another kind, or used: exit 5, and nothing is linked',
    async () => {
      const laptop = await upAndReady('laptop')
      const phone = await up('phone', '--new-device')
      const code = String((await phone.up.event('link-code'))['code'])
      expect(await kith(laptop.home, 'link', 'WEB+KITH:L/AAAA', '--yes')).toMatchObject({
        code: 5,
        events: [{ code: 'ERR_CODE_MALFORMED' }],
      })
      const invite = await kith(laptop.home, 'contacts', 'invite')
      expect(
        await kith(laptop.home, 'link', String(invite.events[0]?.['code']), '--yes'),
      ).toMatchObject({
        code: 5,
        events: [{ code: 'ERR_CODE_KIND' }],
      })
      expect(await kith(phone.home, 'devices')).toMatchObject({
        code: 1,
        events: [{ code: 'ERR_NOT_LINKED' }],
      })
      expect(await kith(laptop.home, 'link', code, '--yes', '--far')).toMatchObject({ code: 0 })
      const used = await kith(laptop.home, 'link', code, '--yes', '--far')
      expect(used.code).toBe(5)
      expect((await kith(laptop.home, 'devices')).events.length).toBe(2)
    },
    STORY_MS,
  )
})
