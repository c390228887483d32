import type { Contact, Verification } from '@kithmesh/node'
import { afterEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { BEN, CARA } from '../testing/cast.ts'
import { createFakeNode, type FakeNode, fakeId, kithError } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
afterEach(() => shown?.leave())

const button = (name: string) => page.getByRole('button', { name, exact: true })

async function chatWith(contact: Partial<Contact> = {}): Promise<FakeNode> {
  const node = createFakeNode({ account: fakeId('aAda'), contacts: [{ ...BEN, ...contact }, CARA] })
  shown = await showPage(node, { route: '#/chat/aBen' })
  await expect.element(button('Security code')).toBeVisible()
  return node
}

async function compare(outcome: Verification): Promise<FakeNode> {
  const node = await chatWith()
  node.verification = outcome
  await userEvent.click(button('Security code'))
  await userEvent.fill(page.getByLabelText(/code on their screen/), 'WEB+KITH:V/AAAA')
  await userEvent.click(button('Compare'))
  return node
}

describe('WEB-30 the security code', () => {
  test('WEB-30: twelve groups of five digits, and the code to scan', async () => {
    await chatWith()
    await userEvent.click(button('Security code'))
    const groups = page.getByRole('dialog').getByRole('listitem')
    await expect.element(groups.first()).toBeVisible()
    expect(groups.elements().map(({ textContent }) => textContent)).toHaveLength(12)
    for (const { textContent } of groups.elements()) expect(textContent).toMatch(/^\d{5}$/)
    await userEvent.click(page.getByText('Show the code to scan'))
    await expect.element(page.getByRole('img', { name: /Security code/ })).toBeVisible()
  })

  test('WEB-30: by hand it is verified, said beside the name, and taken back', async () => {
    const node = await chatWith()
    await userEvent.click(button('Security code'))
    await userEvent.click(button('The digits are the same'))
    await expect.element(page.getByText('Verified, on all your devices.')).toBeVisible()
    await expect.element(page.getByText(/Verified · 2 devices/)).toBeInTheDocument()
    expect(node.world.contacts.find(({ contact }) => contact === BEN.contact)?.verified).toBe(true)
    await userEvent.click(button('Take it back'))
    await expect.element(button('The digits are the same')).toBeVisible()
  })

  test('WEB-9: what cannot be worked out says so, and can be tried again', async () => {
    const node = await chatWith()
    node.fail('contacts.code', kithError('ERR_NOT_FOUND', 'the device log is not here yet'))
    await userEvent.click(button('Security code'))
    await expect.element(page.getByRole('alert')).toBeVisible()
    await userEvent.click(button('Try again'))
    await expect.element(button('The digits are the same')).toBeVisible()
  })
})

describe('WEB-31 what a code from the other screen came to', () => {
  test('WEB-31: the same', async () => {
    await compare({ kind: 'verified' })
    await expect.element(page.getByText(/The same on both\./)).toBeVisible()
    await expect.element(page.getByText('Verified, on all your devices.')).toBeVisible()
  })

  test('WEB-31: the right account, with an older list of devices', async () => {
    await compare({ kind: 'logs-differ', own: 'same', theirs: 'older-here' })
    await expect.element(page.getByText(/an older list of devices/)).toBeVisible()
  })

  test.each<readonly [Verification, RegExp]>([
    [{ kind: 'different' }, /another code than this one/],
    [{ kind: 'another-person', contact: CARA.contact }, new RegExp(`code of ${CARA.name}`)],
    [{ kind: 'another-person' }, /code of other people/],
    [{ kind: 'own-code' }, /your own screen/],
    [{ kind: 'unreadable', code: 'ERR_CODE_MALFORMED' }, /no whole security code/],
  ])('WEB-31: %j is said in words, and verifies nobody', async (outcome, words) => {
    await compare(outcome)
    await expect.element(page.getByRole('alert')).toHaveTextContent(words)
    await expect.element(button('The digits are the same')).toBeVisible()
  })
})

describe('WEB-32 a contact with a new account', () => {
  test('WEB-32: held until it is accepted; a message says why it stays', async () => {
    const node = await chatWith({ changed: true, held: true })
    await expect.element(page.getByText(/nothing is sent until you accept/)).toBeVisible()
    node.fail('messages.send', kithError('ERR_CONTACT_CHANGED', 'changed'))
    await userEvent.fill(page.getByLabelText(/^Message to/), 'hi')
    await userEvent.click(button('Send'))
    await expect.element(page.getByRole('alert')).toHaveTextContent('Nothing was sent')
    await userEvent.click(button('Accept'))
    await expect.element(page.getByText(/nothing is sent/)).not.toBeInTheDocument()
  })

  test('WEB-32: comparing the code accepts it, too', async () => {
    await chatWith({ changed: true, held: true })
    const notice = page.getByRole('region', { name: 'New account' })
    await userEvent.click(notice.getByRole('button', { name: 'Compare' }))
    await userEvent.click(button('The digits are the same'))
    await expect.element(page.getByText('Verified, on all your devices.')).toBeVisible()
    await expect.element(notice).not.toBeInTheDocument()
  })

  test('WEB-32: who was not verified is only told of', async () => {
    await chatWith({ changed: true })
    await expect.element(page.getByText(/goes to the new account/)).toBeVisible()
    await expect.element(page.getByText(/nothing is sent/)).not.toBeInTheDocument()
  })

  test('WEB-32: a contact that may be another’s new account is a question', async () => {
    const node = await chatWith({ maybeReplaces: CARA.contact })
    await userEvent.click(button('Yes, the same person'))
    await expect.element(page.getByText(/has a new account/)).toBeVisible()
    expect(node.world.contacts.find(({ contact }) => contact === BEN.contact)?.replaces).toBe(
      CARA.contact,
    )
  })

  test.each([
    ['forked', /Two different lists of devices/],
    ['logs-differ', /another list of devices than/],
  ] as const)('WEB-32: the alert %s is shown', async (alert, words) => {
    await chatWith({ alert })
    await expect.element(page.getByText(words)).toBeVisible()
  })
})
