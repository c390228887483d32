import { type AccountId, createNode, type KithNode, type Message } from '@kithmesh/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openDevice, openRelay, type StageDevice, type StageRelay } from './stage.browser.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const

const texts = (messages: readonly Message[]): readonly string[] => messages.map(({ text }) => text)

describe('a page and a phone of one account, with only a relay between them', () => {
  test('LNK-2 DEL-1 the page is linked, and each sees the message that the other sent', async () => {
    const { page, phone, ben, seen } = await linkedPage()
    expect(seen).toEqual(['Chrome on Linux', 'browser', 'far'])
    expect(page.account).toBe(phone.account)

    const sent = await page.messages.send(ben.account, { text: 'from the page' })
    const states: string[] = []
    for await (const { reached, of } of sent.delivery()) states.push(`${reached} of ${of}`)
    expect(states.at(-1)).toBe('1 of 1')
    expect(texts(await ben.ask('messages', phone.account))).toEqual(['from the page'])
    await ben.ask('send', phone.account, 'from Ben')

    const both = ['from the page', 'from Ben']
    await expect.poll(() => chatOf(page, ben.account), WAIT).toEqual(both)
    await expect
      .poll(async () => texts(await phone.ask('messages', ben.account)), WAIT)
      .toEqual(both)
    expect(await page.status()).toMatchObject({
      relays: [{ state: 'ready' }],
      devices: [{ path: 'relayed' }, { path: 'this', kind: 'browser' }],
    })
  })

  test('ACC-5 a star set on either is seen on the other, and taken away again', async () => {
    const { page, phone, ben } = await linkedPage()
    const { message: ours } = await page.messages.send(ben.account, { text: 'the address' })
    const theirs = await ben.ask('send', phone.account, 'the time')
    await expect.poll(() => chatOf(page, ben.account), WAIT).toHaveLength(2)
    await expect.poll(() => phone.ask('messages', ben.account), WAIT).toHaveLength(2)
    const onPhone = async (): Promise<readonly string[]> => texts(await phone.ask('starred'))
    const onPage = async (): Promise<readonly string[]> => texts(await page.starred.list())

    await page.starred.add(ours)
    await expect.poll(onPhone, WAIT).toEqual(['the address'])
    await phone.ask('star', theirs)
    await expect
      .poll(async () => (await onPage()).toSorted(), WAIT)
      .toEqual(['the address', 'the time'])
    await phone.ask('unstar', ours)
    await expect.poll(onPage, WAIT).toEqual(['the time'])
    await page.starred.remove(theirs)
    await expect.poll(onPhone, WAIT).toEqual([])
  })

  test('ACC-1 a contact renamed on either has the new name on the other', async () => {
    const { page, phone, ben } = await linkedPage()
    const renamed: string[] = []
    page.addEventListener('contact:changed', ({ detail }) => renamed.push(detail.name))

    await page.contacts.rename(ben.account, 'Ben from work')
    await expect.poll(() => phone.ask('contacts'), WAIT).toMatchObject([{ name: 'Ben from work' }])
    await phone.ask('rename', ben.account, 'Benedict')
    await expect.poll(() => page.contacts.list(), WAIT).toMatchObject([{ name: 'Benedict' }])
    expect(renamed).toEqual(['Ben from work', 'Benedict'])
  })

  test('NET-25 a relay that was restarted carries messages again, and nobody touched a device', async () => {
    const { page, phone, ben, relay } = await linkedPage()
    await relay.close()
    await expect.poll(() => page.status(), WAIT).toMatchObject({ relays: [{ state: 'failed' }] })
    await page.messages.send(ben.account, { text: 'while it was down' })
    await relay.reopen()
    await expect
      .poll(async () => texts(await ben.ask('messages', phone.account)), WAIT)
      .toEqual(['while it was down'])
    await expect
      .poll(async () => texts(await phone.ask('messages', ben.account)), WAIT)
      .toEqual(['while it was down'])
  })
})

describe('a page that is closed and opened again', () => {
  test('STO-1 STO-41 it is the same device of the same account, and has all it had', async () => {
    const { page, ben, home, open } = await linkedPage()
    const { message } = await page.messages.send(ben.account, { text: 'kept' })
    await page.starred.add(message)
    await page.stop()

    const again = await open()
    expect(again).toMatchObject({ device: page.device, account: page.account, name: page.name })
    expect(await chatOf(again, ben.account)).toEqual(['kept'])
    expect(texts(await again.starred.list())).toEqual(['kept'])
    await expect(again.linking.offer()).rejects.toMatchObject({ code: 'ERR_LINK_ALREADY' })
    await ben.ask('send', accountOf(page), 'welcome back')
    await expect.poll(() => chatOf(again, ben.account), WAIT).toEqual(['kept', 'welcome back'])

    const key = await identityKeyOf(home)
    expect(key).toMatchObject({ type: 'private', extractable: false })
    for (const format of ['pkcs8', 'jwk'] as const) {
      await expect(crypto.subtle.exportKey(format, key)).rejects.toThrow('not extractable')
    }
  })

  test('STO-40 E2 every write of the device waits for the disk', async () => {
    const durabilities = watchWrites()
    const { page, phone, ben } = await linkedPage()
    await page.messages.send(ben.account, { text: 'one' })
    await ben.ask('send', phone.account, 'two')
    await expect.poll(() => chatOf(page, ben.account), WAIT).toEqual(['one', 'two'])
    await page.stop()
    expect(durabilities.length).toBeGreaterThan(4)
    expect(new Set(durabilities)).toEqual(new Set(['strict']))
  })

  test('STO-14 E3 a second opening of its home is refused, and the first goes on', async () => {
    const { page, ben, open } = await linkedPage()
    await expect(open()).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
    const sent = await page.messages.send(ben.account, { text: 'still here' })
    for await (const { reached } of sent.delivery()) if (reached === 1) break
    await page.stop()
    expect(await chatOf(await open(), ben.account)).toEqual(['still here'])
  })
})

describe('a page that was linked this moment', () => {
  test('DEL-16 what is written before a contact’s devices are known goes out when they are', async () => {
    const { relay, phone, ben } = await phones()
    const page = await openPage({ relay, newDevice: true })()
    const written = new Promise((settle) => {
      page.addEventListener('account:ready', () => {
        settle(page.messages.send(ben.account, { text: 'already?' }))
      })
    })
    await phone.ask('link', (await page.linking.offer()).code)
    await written
    await expect
      .poll(async () => texts(await ben.ask('messages', phone.account)), WAIT)
      .toEqual(['already?'])
  })
})

describe('a page as the first device of its account', () => {
  test('LNK-12 it invites somebody, and is invited by somebody at another relay', async () => {
    const [relay, other] = await Promise.all([openRelay(), openRelay()])
    const ben = await openDevice('Ben’s phone', { relay })
    const cleo = await openDevice('Cleo’s phone', { relay: other })
    // with `lan: false` no foreign relay at a private address is dialled (NET-36), and these are all private
    const page = await openPage({ relay, lan: true })()

    await ben.ask('add', (await page.contacts.invite()).code)
    await page.contacts.add(await cleo.ask('invite'), { name: 'Cleo' })
    for (const { account } of [ben, cleo]) {
      await expect.poll(() => knows(page, account), WAIT).toBe(true)
      const sent = await page.messages.send(account, { text: 'hello' })
      for await (const { reached } of sent.delivery()) if (reached === 1) break
    }
    expect(texts(await ben.ask('messages', accountOf(page)))).toEqual(['hello'])
    expect(texts(await cleo.ask('messages', accountOf(page)))).toEqual(['hello'])
  })
})

interface LinkedPage {
  readonly page: KithNode
  readonly home: string
  /** Opens the page's home again. */
  readonly open: () => Promise<KithNode>
  readonly phone: StageDevice
  readonly ben: StageDevice
  readonly relay: StageRelay
  /** What the phone showed before it took the page in. */
  readonly seen: readonly string[]
}

/** Ada’s phone and Ben’s, which meet at a relay. */
async function phones(): Promise<Pick<LinkedPage, 'relay' | 'phone' | 'ben'>> {
  const relay = await openRelay()
  const [phone, ben] = await Promise.all([
    openDevice('Ada’s phone', { relay }),
    openDevice('Ben’s phone', { relay }),
  ])
  await phone.ask('add', await ben.ask('invite'))
  return { relay, phone, ben }
}

/** The same, and this page is another device of Ada’s. */
async function linkedPage(): Promise<LinkedPage> {
  const { relay, phone, ben } = await phones()
  const home = `page-${crypto.randomUUID()}`
  const open = openPage({ relay, home, newDevice: true })
  const page = await open()
  const { code } = await page.linking.offer()
  const seen = await phone.ask('link', code)
  await expect.poll(() => knows(page, ben.account), WAIT).toBe(true)
  return { page, home, open, phone, ben, relay, seen }
}

function openPage({
  relay,
  home = `page-${crypto.randomUUID()}`,
  newDevice = false,
  lan = false,
}: {
  readonly relay: StageRelay
  readonly home?: string
  readonly newDevice?: boolean
  readonly lan?: boolean
}): () => Promise<KithNode> {
  return async () => {
    const page = await createNode({ home, relays: relay.over('/ws/'), lan, newDevice })
    onTestFinished(() => page.stop())
    return page
  }
}

/** Whether a message to that contact would have somebody to go to. */
async function knows(page: KithNode, contact: AccountId): Promise<boolean> {
  const contacts = await page.contacts.list()
  return contacts.some((one) => one.contact === contact && one.devices > 0)
}

async function chatOf(page: KithNode, contact: AccountId): Promise<readonly string[]> {
  return texts(await page.messages.list(contact))
}

function accountOf({ account }: KithNode): AccountId {
  if (account === undefined) throw new Error('not linked yet')
  return account
}

/** The durability of every transaction that writes, from now to the end of the test. */
function watchWrites(): readonly string[] {
  const seen: string[] = []
  const { transaction } = IDBDatabase.prototype
  IDBDatabase.prototype.transaction = function (names, mode, options) {
    const made = transaction.call(this, names, mode, options)
    if (mode === 'readwrite') seen.push(made.durability)
    return made
  }
  onTestFinished(() => {
    IDBDatabase.prototype.transaction = transaction
  })
  return seen
}

/** The private half as the browser keeps it. */
async function identityKeyOf(home: string): Promise<CryptoKey> {
  const database = await settled(indexedDB.open(`kith-keys-${home}`))
  const pair = await settled(database.transaction('keys').objectStore('keys').get('identity.key'))
  database.close()
  const { privateKey } = pair as CryptoKeyPair
  return privateKey
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((settle, refuse) => {
    request.onsuccess = () => settle(request.result)
    request.onerror = () => refuse(request.error)
  })
}
