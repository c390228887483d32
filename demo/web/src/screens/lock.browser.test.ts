import axe from 'axe-core'
import { afterEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createBusyNode } from '../testing/cast.ts'
import { kithError } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

const PASSPHRASE = 'kite lamp orbit stone river'
const LOCKED = { passphrase: true, keyring: false, passkeys: 0, wrongTries: 0 }

let shown: ShownPage | undefined
afterEach(() => {
  shown?.leave()
  document.documentElement.style.colorScheme = ''
})

const press = (name: string): Promise<void> =>
  userEvent.click(page.getByRole('button', { name, exact: true }))
const sheet = () => page.getByRole('dialog')
const field = (label: string) => page.getByLabelText(label, { exact: true })

describe('the lock screen', () => {
  /** The device of a browser that opens with the passphrase, or with a passkey. */
  async function showLocked(lock: Partial<Parameters<typeof lockOf>[0]> = {}) {
    const ready = await createBusyNode()
    shown = await showPage(
      ({ passphrase, passkey }) => {
        if (passkey === true || passphrase === PASSPHRASE) return ready
        if (passphrase === undefined) throw kithError('ERR_LOCKED', 'this device is locked')
        throw kithError('ERR_PASSPHRASE', 'the passphrase is wrong')
      },
      { lock: lockOf(lock) },
    )
    return ready
  }

  function lockOf(lock: { nextTryAt?: number; passkeys?: number }) {
    return { ...LOCKED, ...lock }
  }

  test('WEB-20 says what being locked means, and opens with the passphrase', async () => {
    await showLocked()
    await expect.element(page.getByRole('heading', { name: 'This device is locked' })).toBeVisible()
    await expect.element(page.getByText(/catches up once you unlock it/)).toBeVisible()
    await expect.element(field('Passphrase')).toHaveFocus()
    await userEvent.keyboard(`${PASSPHRASE}{Enter}`)
    await expect.element(page.getByRole('heading', { name: 'Contacts' })).toBeInTheDocument()
  })

  test('WEB-20 a wrong one says so, keeps the screen, and can be tried again', async () => {
    await showLocked()
    await userEvent.fill(field('Passphrase'), 'wrong')
    await press('Unlock')
    await expect.element(page.getByRole('alert')).toHaveTextContent('This is not the passphrase.')
    await userEvent.fill(field('Passphrase'), PASSPHRASE)
    await press('Unlock')
    await expect.element(page.getByRole('heading', { name: 'Contacts' })).toBeInTheDocument()
  })

  test('WEB-20 a wait is counted down, and nothing is tried before its end', async () => {
    await showLocked({ nextTryAt: Date.now() + 245_000 })
    await expect.element(page.getByRole('timer')).toHaveTextContent(/Next try in 4 min [0-9] s/)
    await userEvent.fill(field('Passphrase'), PASSPHRASE)
    await userEvent.keyboard('{Enter}')
    await expect
      .element(page.getByRole('button', { name: 'Unlock' }))
      .toHaveAttribute('aria-disabled', 'true')
    await expect.element(page.getByRole('timer')).toBeVisible()
  })

  test('WEB-20 a passkey is offered only when the device has one', async () => {
    await showLocked()
    await expect.element(page.getByRole('button', { name: 'Unlock' })).toBeVisible()
    await expect
      .element(page.getByRole('button', { name: 'Use a passkey' }))
      .not.toBeInTheDocument()
    shown?.leave()
    await showLocked({ passkeys: 1 })
    await press('Use a passkey')
    await expect.element(page.getByRole('heading', { name: 'Contacts' })).toBeInTheDocument()
  })

  test('WEB-20 whoever forgot it is told what can be done, and what is lost', async () => {
    await showLocked()
    await userEvent.click(page.getByText('I forgot it'))
    await expect.element(page.getByText(/What only this browser held is lost/)).toBeVisible()
    await press('Erase this device')
    await expect.element(page.getByText('I have a device')).toBeVisible()
  })
})

describe('the lock sheet', () => {
  async function openSheet(prepare: (node: Awaited<ReturnType<typeof createBusyNode>>) => void) {
    const node = await createBusyNode()
    prepare(node)
    shown = await showPage(node)
    await press('App lock')
    return node
  }
  const guarded = () =>
    openSheet((node) => {
      node.lock.passphrase = PASSPHRASE
    })

  test('WEB-21 sets a passphrase, typed twice, and warns of a short one', async () => {
    const node = await openSheet(() => undefined)
    await userEvent.fill(field('New passphrase'), '1234')
    await expect.element(sheet()).toHaveTextContent(/copies the disk/)
    await userEvent.fill(field('The same again'), '12345')
    await expect.element(sheet()).toHaveTextContent('The two are not the same yet.')
    await userEvent.keyboard('{Enter}')
    expect(node.lock.passphrase).toBeUndefined()
    await userEvent.fill(field('New passphrase'), PASSPHRASE)
    await userEvent.fill(field('The same again'), PASSPHRASE)
    await expect.element(sheet()).not.toHaveTextContent(/copies the disk/)
    await press('Set passphrase')
    await expect.element(sheet()).toHaveTextContent('This device has a passphrase.')
    expect(node.lock.passphrase).toBe(PASSPHRASE)
  })

  test('WEB-21 what is typed is shown only when the person asks', async () => {
    await openSheet(() => undefined)
    await expect.element(field('New passphrase')).toHaveAttribute('type', 'password')
    await press('Show what is typed in: New passphrase')
    await expect.element(field('New passphrase')).toHaveAttribute('type', 'text')
    await expect.element(field('The same again')).toHaveAttribute('type', 'password')
  })

  test('WEB-21 changes it, and asks for the old one', async () => {
    const node = await guarded()
    await press('Change it')
    await userEvent.fill(field('The passphrase it has'), 'wrong')
    await userEvent.fill(field('New passphrase'), 'another one for it')
    await userEvent.fill(field('The same again'), 'another one for it')
    await press('Change it')
    await expect.element(page.getByRole('alert')).toHaveTextContent('This is not the passphrase.')
    await userEvent.fill(field('The passphrase it has'), PASSPHRASE)
    await press('Change it')
    await expect.element(sheet()).toHaveTextContent('This device has a passphrase.')
    expect(node.lock.passphrase).toBe('another one for it')
  })

  test('WEB-21 removes it, and says what that means', async () => {
    const node = await guarded()
    await press('Remove it')
    await expect.element(sheet()).toHaveTextContent(/opens by itself/)
    await userEvent.fill(field('Passphrase'), PASSPHRASE)
    await press('Remove the passphrase')
    await expect.element(field('New passphrase')).toBeVisible()
    expect(node.lock.passphrase).toBeUndefined()
  })

  test('WEB-21 the time of locking by itself is chosen and shown', async () => {
    const node = await guarded()
    await userEvent.selectOptions(field('Lock by itself'), 'After 15 min without use')
    await expect.poll(() => node.lock.autoLock.get()).toBe(15)
    await userEvent.selectOptions(field('Lock by itself'), 'Never')
    await expect.poll(() => node.lock.autoLock.get()).toBeUndefined()
  })

  test('WEB-21 a passkey is added with the passphrase, and forgotten', async () => {
    const node = await guarded()
    await press('Add a passkey')
    await userEvent.fill(field('Passphrase'), PASSPHRASE)
    await press('Add a passkey')
    await expect.element(sheet()).toHaveTextContent('A passkey opens this device too.')
    expect(node.lock.passkeyCount).toBe(1)
    await press('Forget it here')
    await expect.element(sheet()).toHaveTextContent(/if the passkey is lost, nothing else is/)
  })

  test('WEB-20 locking now shows the lock screen', async () => {
    await guarded()
    await press('Lock now')
    await expect.element(page.getByRole('heading', { name: 'This device is locked' })).toBeVisible()
  })

  test('LOCK-8 a person who uses the page is told to the device', async () => {
    const node = await guarded()
    const before = node.lock.touched
    await userEvent.keyboard('a')
    expect(node.lock.touched).toBeGreaterThan(before)
  })
})

describe.each(['light', 'dark'])('%s', (theme) => {
  test.each([320, 1280])(
    'WEB-10 axe finds nothing on the lock sheet, %i px wide',
    async (width) => {
      await page.viewport(width, 800)
      document.documentElement.style.colorScheme = theme
      const node = await createBusyNode()
      node.lock.passphrase = PASSPHRASE
      node.lock.passkeyCount = 1
      shown = await showPage(node)
      await press('App lock')
      await expect.element(sheet()).toHaveTextContent('Lock now')
      await expectClean()
      await press('Change it')
      await expect.element(field('The passphrase it has')).toBeVisible()
      await expectClean()
    },
  )

  test.each([320, 1280])(
    'WEB-10 axe finds nothing on the lock screen, %i px wide',
    async (width) => {
      await page.viewport(width, 800)
      document.documentElement.style.colorScheme = theme
      const lock = { ...LOCKED, passkeys: 1, wrongTries: 9, nextTryAt: Date.now() + 60_000 }
      shown = await showPage(kithError('ERR_LOCKED', 'this device is locked'), { lock })
      await userEvent.click(page.getByText('I forgot it'))
      await expect.element(page.getByRole('timer')).toBeVisible()
      await expectClean()
    },
  )
})

async function expectClean(): Promise<void> {
  const { violations } = await axe.run(document)
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)).toEqual([])
  const { scrollWidth, clientWidth } = document.documentElement
  expect(scrollWidth - clientWidth).toBe(0)
}
