import { afterEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createBusyNode } from '../testing/cast.ts'
import { createFakeNode, kithError } from '../testing/fake-node.ts'
import { FAKE_WORDS } from '../testing/fake-recovery.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
afterEach(() => shown?.leave())

const press = (name: string | RegExp): Promise<void> =>
  userEvent.click(page.getByRole('button', { name }))

describe('the recovery kit', () => {
  async function openKit(): Promise<void> {
    shown = await showPage(await createBusyNode(), { route: '#/devices' })
    await press('Write down the 12 words')
  }

  test('WEB-12 REC-1: shows the 12 words in their order', async () => {
    await openKit()
    const items = (): readonly (string | null)[] =>
      [...document.querySelectorAll('.word-list > li')].map((item) => item.textContent)
    await expect.poll(items).toEqual(FAKE_WORDS)
  })

  test('WEB-12 REC-3: three right words, and the words are gone', async () => {
    await openKit()
    await press('I have written them down')
    await userEvent.fill(page.getByLabelText('Word 2'), FAKE_WORDS[1] ?? '')
    await userEvent.fill(page.getByLabelText('Word 6'), FAKE_WORDS[5] ?? '')
    await userEvent.fill(page.getByLabelText('Word 12'), FAKE_WORDS[11] ?? '')
    await press('Confirm')
    await expect.element(page.getByText(/confirmed, and erased/)).toBeVisible()
    await press('Done')
    await expect.element(page.getByText(/You have written down the 12 words/)).toBeVisible()
    await expect
      .element(page.getByRole('button', { name: 'Write down the 12 words' }))
      .not.toBeInTheDocument()
  })

  test('WEB-12 REC-4: wrong words are said to be so, and three others can be tried', async () => {
    await openKit()
    await press('I have written them down')
    for (const place of [2, 6, 12]) {
      await userEvent.fill(page.getByLabelText(`Word ${place}`), 'zoo')
    }
    await press('Confirm')
    await expect.element(page.getByRole('alert')).toHaveTextContent(/not the words at these places/)
    await press('Try three others')
    await expect.element(page.getByLabelText('Word 2')).toHaveValue('')
  })
})

describe('beginning again with the words', () => {
  async function begin(node = createFakeNode()): Promise<typeof node> {
    shown = await showPage(node)
    await userEvent.click(page.getByText('I have my recovery words'))
    return node
  }

  async function pasteWords(text: string): Promise<void> {
    const [first] = [...document.querySelectorAll<HTMLInputElement>('.word > input')]
    const data = new DataTransfer()
    data.setData('text', text)
    first?.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    )
  }

  const typed = (): readonly string[] =>
    [...document.querySelectorAll<HTMLInputElement>('.word > input')].map(({ value }) => value)

  test('WEB-13 a paste of twelve words fills twelve fields, with numbers or without', async () => {
    await begin()
    await pasteWords(FAKE_WORDS.map((word, at) => `${at + 1}. ${word}`).join('\n'))
    await expect.poll(typed).toEqual(FAKE_WORDS)
  })

  test('WEB-13 REC-22: says what will happen before anything does, and then does it', async () => {
    await begin()
    await pasteWords(FAKE_WORDS.join(' '))
    await userEvent.fill(page.getByLabelText('A device that is left'), 'WEB+KITH:C/AAAA')
    await press('Continue')
    await expect.element(page.getByText(/12 contacts, 1 star and 3 settings/)).toBeVisible()
    await expect.element(page.getByText(/Your messages do not come back/)).toBeVisible()
    await userEvent.click(page.getByRole('checkbox', { name: /desk/ }))
    await expect.element(page.getByText(/Messages come back from the devices/)).toBeVisible()
    await press('Recover my account here')
    await expect.element(page.getByRole('heading', { name: 'Contacts' })).toBeInTheDocument()
  })

  test('WEB-13 who says no goes back to what they typed', async () => {
    await begin()
    await pasteWords(FAKE_WORDS.join(' '))
    await userEvent.fill(page.getByLabelText('A device that is left'), 'WEB+KITH:C/AAAA')
    await press('Continue')
    await press('Not now')
    await expect.element(page.getByRole('alert')).toHaveTextContent('Nothing was recovered.')
    expect(typed()).toEqual(FAKE_WORDS)
  })

  test('WEB-13 REC-28: wrong words and a source that is away are told apart', async () => {
    const node = await begin()
    await pasteWords(FAKE_WORDS.toReversed().join(' '))
    await userEvent.fill(page.getByLabelText('A device that is left'), 'WEB+KITH:C/AAAA')
    await press('Continue')
    await expect.element(page.getByRole('alert')).toHaveTextContent(/not the 12 words/)
    await press('Change it')
    node.fail('recovery.restore', kithError('ERR_UNREACHABLE', 'away'))
    await press('Continue')
    await expect.element(page.getByRole('alert')).toHaveTextContent(/cannot be reached/)
  })
})
