import axe from 'axe-core'
import { afterEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createBusyNode } from '../testing/cast.ts'
import { createFakeNode, fakeId, kithError, LINK_CODE } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
afterEach(() => {
  shown?.leave()
  document.documentElement.style.colorScheme = ''
})

interface Screen {
  readonly name: string
  /** Shown by this; the steps lead on from there. */
  readonly show: () => Promise<ShownPage>
  readonly steps?: readonly (() => Promise<unknown>)[]
  /** Stands there when the screen is complete. */
  readonly complete: string | RegExp
}

const press = (name: string) => () =>
  userEvent.click(page.getByRole('button', { name, exact: true }))
const at = (route: string) => async () => showPage(await createBusyNode(), { route })
const enterCode = async (): Promise<void> => {
  await userEvent.fill(page.getByLabelText('Link code'), 'WEB+KITH:L/AAAA')
  await press('Continue')()
}

async function showFar(): Promise<ShownPage> {
  const node = await createBusyNode()
  node.found = { ...node.found, distance: 'far' }
  return showPage(node, { route: '#/devices' })
}

async function showUnstorable(): Promise<ShownPage> {
  const node = await createBusyNode()
  node.fail('messages.send', kithError('ERR_STORE_WRITE', 'the store could not be written'))
  return showPage(node, { route: '#/chat/aBen' })
}

function showOffer(): Promise<ShownPage> {
  const node = createFakeNode()
  node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
  return showPage(node)
}

const SCREENS: readonly Screen[] = [
  { name: 'start', show: () => showPage(createFakeNode()), complete: 'I have a device' },
  {
    name: 'new account',
    show: () => showPage(createFakeNode()),
    steps: [() => userEvent.click(page.getByText('I’m new here'))],
    complete: 'Your name',
  },
  {
    name: 'link code',
    show: showOffer,
    steps: [() => userEvent.click(page.getByText('I have a device'))],
    complete: LINK_CODE,
  },
  {
    name: 'second tab',
    show: () => showPage(kithError('ERR_HOME_IN_USE', 'in use')),
    complete: /Kithmesh runs in another tab/,
  },
  {
    name: 'not opened',
    show: () => showPage(kithError('ERR_STORE_OPEN', 'no storage')),
    complete: /gives this page no storage/,
  },
  {
    name: 'empty account',
    show: () => showPage(createFakeNode({ account: fakeId('aAda') })),
    complete: /Nobody yet/,
  },
  { name: 'contacts', show: at('#/'), complete: 'Ben from work' },
  {
    name: 'rename',
    show: at('#/'),
    steps: [press('Rename Ben from work')],
    complete: 'Save',
  },
  { name: 'chat', show: at('#/chat/aBen'), complete: /Gladly/ },
  {
    name: 'chat that cannot store',
    show: showUnstorable,
    steps: [() => userEvent.fill(page.getByLabelText(/^Message to/), 'hi'), press('Send')],
    complete: /could not store this/,
  },
  { name: 'starred', show: at('#/starred'), complete: /dinner at eight/ },
  { name: 'devices', show: at('#/devices'), complete: 'old tablet' },
  { name: 'connection', show: at('#/connection'), complete: /^Ready$/ },
  { name: 'invite', show: at('#/'), steps: [press('Invite')], complete: /^WEB\+KITH:C/ },
  { name: 'add', show: at('#/'), steps: [press('Add')], complete: 'Invite code' },
  {
    name: 'link a device',
    show: at('#/devices'),
    steps: [press('Link a device')],
    complete: 'Link code',
  },
  {
    name: 'confirm a far device',
    show: showFar,
    steps: [press('Link a device'), enterCode],
    complete: /not on your network/,
  },
]

const SIZES = { narrow: 320, wide: 1280 } as const

describe.each(['light', 'dark'])('%s', (theme) => {
  describe.each(['narrow', 'wide'] as const)('%s', (size) => {
    test.each(SCREENS)('WEB-10 axe finds nothing on: $name', async (screen) => {
      await page.viewport(SIZES[size], 800)
      document.documentElement.style.colorScheme = theme
      shown = await screen.show()
      for (const step of screen.steps ?? []) await step()
      await expect.element(page.getByText(screen.complete).first()).toBeVisible()
      const { violations } = await axe.run(document)
      expect(violations.map(described)).toEqual([])
      expect(sidewaysOverflow()).toBe(0)
    })
  })
})

function described({ id, nodes }: axe.Result): string {
  return `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`
}

/** Nothing sticks out of a narrow page (WCAG 1.4.10). */
function sidewaysOverflow(): number {
  return document.documentElement.scrollWidth - document.documentElement.clientWidth
}
