import {
  type AccountId,
  createSecurityQr,
  decoded,
  type MessageId,
  parseSecurityQr,
} from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { accountOf, createDevices, type Devices, type SeenFrame } from '../../test/devices.ts'
import type { Contact } from '../api/contacts.ts'
import type { KithNode } from '../api/node.ts'
import { toRecipientCodec } from '../delivery/message-wire.ts'
import { MESSAGE } from '../protocols.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const

async function contactOf(node: KithNode, account: AccountId): Promise<Contact | undefined> {
  return (await node.contacts.list()).find(({ contact }) => contact === account)
}

async function link(by: KithNode, fresh: KithNode): Promise<void> {
  const offer = await fresh.linking.offer()
  await by.devices.link(offer.code, { confirm: async () => true })
}

/** Ada with phone and laptop, who know Ben. */
async function adaAndBen(onFrame?: (frame: SeenFrame) => void): Promise<{
  readonly devices: Devices
  readonly phone: KithNode
  readonly laptop: KithNode
  readonly ben: KithNode
}> {
  const devices = createDevices(onFrame)
  const [phone, ben] = [await devices.start('phone'), await devices.start('Ben')]
  const laptop = await devices.start('laptop', { newDevice: true })
  await link(phone, laptop)
  await devices.acquaint(phone, ben)
  await expect.poll(() => contactOf(laptop, accountOf(ben)), WAIT).toMatchObject({ devices: 1 })
  return { devices, phone, laptop, ben }
}

/** Ben lost his words: a new account, which Ada adds as his. */
async function benAnew(devices: Devices, by: KithNode, ben: AccountId): Promise<KithNode> {
  const anew = await devices.start('Ben anew')
  const { code } = await by.contacts.invite({ replaces: ben })
  await anew.contacts.add(code)
  return anew
}

describe('ID-10 the security code', () => {
  test('ID-10 A1: is the same on every device of both, and after a device was linked', async () => {
    const { devices, phone, laptop, ben } = await adaAndBen()
    const [ada, bensAccount] = [accountOf(phone), accountOf(ben)]
    const before = await phone.contacts.code(bensAccount)
    expect(before.digits).toMatch(/^\d{60}$/)
    expect(before.groups.join('')).toBe(before.digits)
    for (const [node, contact] of [
      [laptop, bensAccount],
      [ben, ada],
    ] as const) {
      expect((await node.contacts.code(contact)).digits).toBe(before.digits)
    }
    await phone.contacts.verify(bensAccount)

    const tablet = await devices.start('tablet', { newDevice: true })
    await link(ben, tablet)
    await expect.poll(() => contactOf(phone, bensAccount), WAIT).toMatchObject({ devices: 2 })
    const now = await contactOf(phone, bensAccount)
    expect(now).toMatchObject({ verified: true })
    expect([now?.changed, now?.held, now?.alert]).toEqual([undefined, undefined, undefined])
    expect((await phone.contacts.code(bensAccount)).digits).toBe(before.digits)
    await expect.poll(() => contactOf(tablet, ada), WAIT).toMatchObject({ devices: 2 })
    expect((await tablet.contacts.code(ada)).digits).toBe(before.digits)
    // No step of a person was needed for the new device to be written to.
    const { message } = await phone.messages.send(bensAccount, { text: 'hi' })
    await expect.poll(() => tablet.messages.get(message), WAIT).toBeDefined()
  })

  test('ACC-11: verified on one device is verified on all, and taken back on all', async () => {
    const { phone, laptop, ben } = await adaAndBen()
    const contact = accountOf(ben)
    expect(await phone.contacts.verify(contact)).toEqual({ kind: 'verified' })
    await expect.poll(() => contactOf(laptop, contact), WAIT).toMatchObject({ verified: true })
    await laptop.contacts.unverify(contact)
    await expect.poll(() => contactOf(phone, contact), WAIT).toMatchObject({ verified: false })
    await expect(phone.contacts.verify(accountOf(phone))).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
    })
  })

  test('ACC-11: who is added a second time stays verified', async () => {
    const { devices, phone, ben } = await adaAndBen()
    await phone.contacts.verify(accountOf(ben))
    await devices.acquaint(ben, phone)
    expect(await contactOf(phone, accountOf(ben))).toMatchObject({ verified: true })
    await devices.acquaint(phone, ben)
    expect(await contactOf(phone, accountOf(ben))).toMatchObject({ verified: true })
  })
})

describe('ID-13 scanning', () => {
  test('ID-13: the code on the other screen verifies; every other one changes nothing', async () => {
    const { devices, phone, ben } = await adaAndBen()
    const [ada, contact] = [accountOf(phone), accountOf(ben)]
    const cara = await devices.start('Cara')
    await devices.acquaint(phone, cara)
    await devices.acquaint(ben, cara)
    const scan = (scanned: string) => phone.contacts.verify(contact, { scanned })

    const foreign = (await cara.contacts.code(ada)).qr
    expect(await scan(foreign)).toEqual({ kind: 'another-person', contact: accountOf(cara) })
    const ofOthers = (await cara.contacts.code(contact)).qr
    expect(await scan(ofOthers)).toEqual({ kind: 'another-person', contact: accountOf(cara) })
    // Ben shows the code he has with Cara: for all this device can tell, he takes her for Ada.
    expect(await scan((await ben.contacts.code(accountOf(cara))).qr)).toEqual({ kind: 'different' })
    expect(await scan((await phone.contacts.code(contact)).qr)).toEqual({ kind: 'own-code' })
    expect(await scan('hello')).toEqual({ kind: 'unreadable', code: 'ERR_CODE_MALFORMED' })
    const { code } = await ben.contacts.invite()
    expect(await scan(code)).toEqual({ kind: 'unreadable', code: 'ERR_CODE_KIND' })
    expect(await contactOf(phone, contact)).toMatchObject({ verified: false })

    expect(await scan((await ben.contacts.code(ada)).qr)).toEqual({ kind: 'verified' })
    expect(await contactOf(phone, contact)).toMatchObject({ verified: true })
  })

  test('ID-14: a log that is shorter here is exchanged, and no alert is left', async () => {
    const { devices, phone, laptop, ben } = await adaAndBen()
    const [ada, contact] = [accountOf(phone), accountOf(ben)]
    devices.hub.partition([[phone.device, laptop.device], [ben.device]])
    const tablet = await devices.start('tablet', { newDevice: true })
    devices.hub.partition([
      [phone.device, laptop.device],
      [ben.device, tablet.device],
    ])
    await link(ben, tablet)
    const { qr } = await ben.contacts.code(ada)
    expect(await phone.contacts.verify(contact, { scanned: qr })).toEqual({
      kind: 'logs-differ',
      own: 'same',
      theirs: 'older-here',
    })
    expect(await contactOf(phone, contact)).toMatchObject({ verified: true, devices: 1 })
    devices.hub.heal()
    await expect.poll(() => contactOf(phone, contact), WAIT).toMatchObject({ devices: 2 })
    expect((await contactOf(phone, contact))?.alert).toBeUndefined()
    expect(await phone.contacts.verify(contact, { scanned: qr })).toEqual({ kind: 'verified' })
  })

  test('ID-14 A2: what their screen shows and nobody can give us is an alert on every own device', async () => {
    const { phone, laptop, ben } = await adaAndBen()
    const [ada, contact] = [accountOf(phone), accountOf(ben)]
    // Ben's true code, but with a log as somebody else was shown it.
    const shown = parseSecurityQr((await ben.contacts.code(ada)).qr)
    const log = { head: new Uint8Array(20).fill(66), size: shown.own.log.size + 1 }
    const scanned = createSecurityQr({ ...shown, own: { ...shown.own, log } })
    expect(await phone.contacts.verify(contact, { scanned })).toMatchObject({
      kind: 'logs-differ',
      theirs: 'older-here',
    })
    for (const node of [phone, laptop]) {
      await expect
        .poll(() => contactOf(node, contact), WAIT)
        .toMatchObject({ alert: 'logs-differ' })
    }
    // Compared once more, and it was a passing fault.
    const { qr } = await ben.contacts.code(ada)
    expect(await laptop.contacts.verify(contact, { scanned: qr })).toEqual({ kind: 'verified' })
    await expect.poll(async () => (await contactOf(phone, contact))?.alert, WAIT).toBeUndefined()
  })
})

describe('ACC-13 an account made anew', () => {
  test('ACC-13: sending to a verified person stops until the new account is accepted on any device', async () => {
    const { devices, phone, laptop, ben } = await adaAndBen()
    const [ada, old] = [accountOf(phone), accountOf(ben)]
    await phone.contacts.rename(old, 'Benjamin')
    await phone.contacts.verify(old)
    await phone.messages.send(old, { text: 'before' })
    await expect.poll(async () => (await ben.messages.list(ada)).length, WAIT).toBe(1)
    await ben.stop()

    const anew = await benAnew(devices, phone, old)
    const now = accountOf(anew)
    for (const node of [phone, laptop]) {
      await expect
        .poll(() => contactOf(node, now), WAIT)
        .toMatchObject({
          name: 'Benjamin',
          replaces: old,
          changed: true,
          held: true,
          verified: false,
        })
      // One person, so one line.
      expect(await contactOf(node, old)).toBeUndefined()
      for (const account of [old, now]) {
        await expect(node.messages.send(account, { text: 'hi' })).rejects.toMatchObject({
          code: 'ERR_CONTACT_CHANGED',
        })
      }
    }
    // What they write is read all the same.
    const { message } = await anew.messages.send(ada, { text: 'it is me' })
    await expect.poll(() => laptop.messages.get(message), WAIT).toBeDefined()

    await laptop.contacts.accept(now)
    await expect.poll(async () => (await contactOf(phone, now))?.held, WAIT).toBeUndefined()
    expect((await contactOf(phone, now))?.changed).toBeUndefined()
    const sent = await phone.messages.send(old, { text: 'welcome back' })
    await expect.poll(() => anew.messages.get(sent.message), WAIT).toBeDefined()
    const texts = (await phone.messages.list(now)).map(({ text }) => text)
    expect(texts).toEqual(['before', 'it is me', 'welcome back'])
    expect((await phone.messages.list(now, { limit: 1 })).map(({ text }) => text)).toEqual([
      'welcome back',
    ])
  })

  test('ACC-13: comparing the new code accepts it; taking that back stops nothing', async () => {
    const { devices, phone, ben } = await adaAndBen()
    const [ada, old] = [accountOf(phone), accountOf(ben)]
    await phone.contacts.verify(old)
    const anew = await benAnew(devices, phone, old)
    const now = accountOf(anew)
    const { qr } = await anew.contacts.code(ada)
    expect(await phone.contacts.verify(now, { scanned: qr })).toEqual({ kind: 'verified' })
    await phone.messages.send(now, { text: 'hi' })
    await phone.contacts.unverify(now)
    await phone.messages.send(now, { text: 'hi' })
  })

  test('ACC-13: for who was not verified the change is shown, and sending goes on', async () => {
    const { devices, phone, ben } = await adaAndBen()
    const old = accountOf(ben)
    const anew = await benAnew(devices, phone, old)
    const now = accountOf(anew)
    const shown = await contactOf(phone, now)
    expect(shown).toMatchObject({ replaces: old, changed: true })
    expect(shown?.held).toBeUndefined()
    const { message } = await phone.messages.send(old, { text: 'hi' })
    await expect.poll(() => anew.messages.get(message), WAIT).toBeDefined()
    await phone.contacts.accept(now)
    expect((await contactOf(phone, now))?.changed).toBeUndefined()
  })

  test('DEL-17: what waited for the old account stays where it is until the new one is accepted', async () => {
    const envelopes: string[] = []
    const { devices, phone, ben, laptop } = await adaAndBen(({ from, protocol, bytes }) => {
      const frame = protocol === MESSAGE.id ? decoded(toRecipientCodec, bytes) : undefined
      if (frame) envelopes.push(from)
    })
    const old = accountOf(ben)
    await phone.contacts.verify(old)
    devices.hub.partition([[phone.device, laptop.device], [ben.device]])
    const waiting: MessageId[] = []
    for (const text of ['one', 'two']) {
      waiting.push((await phone.messages.send(old, { text })).message)
    }
    const anew = await devices.start('Ben anew')
    devices.hub.partition([[phone.device, laptop.device, anew.device], [ben.device]])
    const { code } = await phone.contacts.invite({ replaces: old })
    await anew.contacts.add(code)
    expect(await contactOf(phone, accountOf(anew))).toMatchObject({ held: true })

    envelopes.length = 0
    devices.hub.heal()
    // Connected and greeted: the message Ben writes comes, so ours could go.
    const { message } = await ben.messages.send(accountOf(phone), { text: 'still here' })
    await expect.poll(() => phone.messages.get(message), WAIT).toBeDefined()
    for (const own of ['phone', 'laptop']) expect(envelopes).not.toContain(own)
    expect((await phone.status()).pending).toBe(2)
    expect(await ben.messages.get(waiting[0] ?? message)).toBeUndefined()

    await phone.contacts.accept(accountOf(anew))
    for (const id of waiting) await expect.poll(() => ben.messages.get(id), WAIT).toBeDefined()
  })

  test('DEL-17: a sibling that was away holds too, once it learns', async () => {
    const { devices, phone, laptop, ben } = await adaAndBen()
    const old = accountOf(ben)
    await phone.contacts.verify(old)
    await expect.poll(() => contactOf(laptop, old), WAIT).toMatchObject({ verified: true })
    devices.hub.partition([[laptop.device], [phone.device, ben.device]])
    const { message } = await laptop.messages.send(old, { text: 'from the laptop' })
    const anew = await devices.start('Ben anew')
    devices.hub.partition([[laptop.device], [phone.device, ben.device, anew.device]])
    const { code } = await phone.contacts.invite({ replaces: old })
    await anew.contacts.add(code)

    devices.hub.partition([[laptop.device, phone.device], [ben.device]])
    await expect.poll(() => contactOf(laptop, accountOf(anew)), WAIT).toMatchObject({ held: true })
    devices.hub.heal()
    const said = await ben.messages.send(accountOf(phone), { text: 'hi' })
    await expect.poll(() => laptop.messages.get(said.message), WAIT).toBeDefined()
    expect(await ben.messages.get(message)).toBeUndefined()
    expect((await laptop.status()).pending).toBe(1)
    await phone.contacts.accept(accountOf(anew))
    await expect.poll(() => ben.messages.get(message), WAIT).toBeDefined()
  })

  test('ACC-12: adding a code as somebody’s new account, and saying so later', async () => {
    const { devices, phone, ben } = await adaAndBen()
    const old = accountOf(ben)
    const [second, third] = [await devices.start('second'), await devices.start('third')]
    const { code } = await second.contacts.invite()
    await phone.contacts.add(code, { replaces: old })
    expect(await contactOf(phone, accountOf(second))).toMatchObject({ name: 'Ben', replaces: old })

    await devices.acquaint(third, phone)
    expect((await contactOf(phone, accountOf(third)))?.replaces).toBeUndefined()
    await phone.contacts.replace(accountOf(second), accountOf(third))
    expect((await phone.contacts.list()).map(({ contact }) => contact)).toEqual([accountOf(third)])
    for (const bad of [accountOf(phone), accountOf(third)]) {
      await expect(phone.contacts.replace(bad, accountOf(third))).rejects.toMatchObject({
        code: 'ERR_NOT_FOUND',
      })
    }
  })

  test('ACC-12: an invite for a new account does not turn a known contact into it', async () => {
    const { devices, phone, ben } = await adaAndBen()
    const cara = await devices.start('Cara')
    await devices.acquaint(phone, cara)
    const { code } = await phone.contacts.invite({ replaces: accountOf(ben) })
    await cara.contacts.add(code)
    const known = await contactOf(phone, accountOf(cara))
    expect([known?.name, known?.replaces]).toEqual(['Cara', undefined])
    expect(await contactOf(phone, accountOf(ben))).toBeDefined()
  })
})
