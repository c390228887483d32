import {
  type DeviceId,
  deviceIdFromPublicKey,
  type Freshness,
  type Party,
} from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountOf, createDevices } from '../../test/devices.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { writeNewAccount } from '../account/account.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import type { KithNode } from '../api/node.ts'
import { HELLO } from '../protocols.ts'
import { createFreshness } from './freshness.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const

/** A device that holds its own log only, and whom it greets. */
async function desk(): Promise<{
  readonly from: Party
  readonly fresh: Freshness
  readonly greeted: DeviceId[]
  note(said: Freshness): void
}> {
  const context = await openContext()
  const own = await writeNewAccount(context)
  const logs = await openDeviceLogs(context)
  const greeted: DeviceId[] = []
  const peers = { greet: (device: DeviceId) => void greeted.push(device) }
  const note = createFreshness(context, { own, logs, peers })
  // Its own log stands for both sides: what counts is whether the heads are those held here.
  const from = { account: own, device: deviceIdFromPublicKey(new Uint8Array(32).fill(9)) }
  const head = logs.get(own)?.head ?? new Uint8Array()
  const fresh = { sender: head, recipient: head }
  return { from, fresh, greeted, note: (said) => note(from, said) }
}

describe('MSG-7 the heads in an envelope', () => {
  const other = new Uint8Array(32).fill(1)

  test('MSG-7: what is the same as here starts nothing', async () => {
    const { fresh, greeted, note } = await desk()
    note(fresh)
    expect(greeted).toEqual([])
  })

  test('MSG-7: a sender’s head or a picture of ours that is another than here starts a hello, once', async () => {
    const { from, fresh, greeted, note } = await desk()
    for (const said of [
      { ...fresh, sender: other },
      { ...fresh, sender: other },
      { ...fresh, recipient: other },
      { ...fresh, recipient: other },
    ]) {
      note(said)
    }
    expect(greeted).toEqual([from.device, from.device])
  })

  test('MSG-7: of accounts whose log is not here there is nothing to compare', async () => {
    const context = await openContext()
    const logs = await openDeviceLogs(context)
    const greeted: DeviceId[] = []
    const peers = { greet: (device: DeviceId) => void greeted.push(device) }
    const note = createFreshness(context, { own: accountNamed('a'), logs, peers })
    note(
      { account: accountNamed('b'), device: deviceNamed('b') },
      { sender: other, recipient: other },
    )
    expect(greeted).toEqual([])
  })
})

describe('A7 a sender with an old list', () => {
  async function link(by: KithNode, fresh: KithNode): Promise<void> {
    const offer = await fresh.linking.offer()
    await by.devices.link(offer.code, { confirm: async () => true })
  }

  test('A7 DEL-18: learns of the new device from the one it reached, and sends there what it missed', async () => {
    let isAdaDeaf = false
    const devices = createDevices(({ from, protocol }) => {
      if (isAdaDeaf && from === 'ada' && protocol === HELLO.id) throw new Error('a relay eats it')
    })
    const [ada, phone] = [await devices.start('ada'), await devices.start('phone')]
    await devices.acquaint(phone, ada)
    const [account, own] = [accountOf(phone), accountOf(ada)]
    const first = await ada.messages.send(account, { text: 'first' })
    await expect.poll(() => phone.messages.get(first.message), WAIT).toBeDefined()

    // Ben links a laptop; Ada is connected all the time and hears nothing of it.
    isAdaDeaf = true
    const laptop = await devices.start('laptop', { newDevice: true })
    await link(phone, laptop)
    devices.hub.partition([[ada.device, phone.device], [laptop.device]])
    const { message } = await ada.messages.send(account, { text: 'to the phone alone' })
    await expect.poll(() => phone.messages.get(message), WAIT).toBeDefined()
    expect((await ada.messages.get(message))?.delivery).toMatchObject({ of: 1 })

    // The phone saw that Ada's picture was old. Then it goes, before it met the laptop again.
    isAdaDeaf = false
    await expect.poll(async () => (await ada.contacts.list())[0]?.devices, WAIT).toBe(2)
    devices.hub.partition([[ada.device, laptop.device], [phone.device]])
    await expect.poll(() => laptop.messages.get(message), WAIT).toBeDefined()
    const delivery = async () => (await ada.messages.get(message))?.delivery
    await expect.poll(delivery, WAIT).toMatchObject({ reached: 2, of: 2 })
    // What was written and had arrived before the laptop was there comes from its sibling.
    expect((await ada.messages.get(first.message))?.delivery).toMatchObject({ reached: 1 })
    expect((await laptop.contacts.list()).map(({ contact }) => contact)).toEqual([own])
  })

  test('DEL-18: what has reached nobody goes to a device that was linked later', async () => {
    const devices = createDevices()
    const [ada, phone] = [await devices.start('ada'), await devices.start('phone')]
    await devices.acquaint(phone, ada)
    const account = accountOf(phone)
    devices.hub.partition([[ada.device], [phone.device]])
    const { message } = await ada.messages.send(account, { text: 'anybody there?' })
    const laptop = await devices.start('laptop', { newDevice: true })
    devices.hub.partition([[ada.device], [phone.device, laptop.device]])
    await link(phone, laptop)
    await expect.poll(async () => (await laptop.contacts.list()).length, WAIT).toBe(1)
    devices.hub.partition([[ada.device, laptop.device], [phone.device]])
    await expect.poll(() => laptop.messages.get(message), WAIT).toBeDefined()
    // The phone's copy still waits for the phone.
    await expect
      .poll(async () => (await ada.messages.get(message))?.delivery, WAIT)
      .toMatchObject({ reached: 1, of: 2, read: false })
    expect((await ada.status()).pending).toBe(1)
  })
})
