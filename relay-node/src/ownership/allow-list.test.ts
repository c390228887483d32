import { afterEach, describe, expect, test } from 'vitest'
import { allowLines, changeAllowed } from '../home/home.ts'
import { createTestAccount } from '../testing/account.ts'
import { createWorld } from '../testing/running.ts'
import { isAllowable, parseAllowList } from './allow-list.ts'

const world = createWorld()
afterEach(() => world.stop())

const DEVICE = '12D3KooWCUQyZaD8T9XX4xqP49kLx6WdchzanqJ6So4BaHVAJz2Z'

describe('RLY-77 an allow list', () => {
  test('names devices and accounts, with words for people behind them', async () => {
    const { id } = await createTestAccount(['phone'])
    const list = await parseAllowList(`# friends\n${DEVICE}   # Ben\n\n  ${id}\r\n`)
    expect([...list.devices]).toEqual([DEVICE])
    expect([...list.accounts]).toEqual([id])
  })

  test.each([
    ['a word', 'ben'],
    ['half an id', DEVICE.slice(0, 40)],
    ['two on a line', `${DEVICE} ${DEVICE}`],
    ['an account with a slip', `a${'b'.repeat(52)}`],
  ])('with %s is refused whole', async (_, line) => {
    await expect(parseAllowList(`${DEVICE}\n${line}\n`)).rejects.toMatchObject({
      code: 'ERR_ALLOW_LIST',
    })
  })

  test('keeps what people wrote when an id is added and taken out', async () => {
    const home = await world.home()
    const { id } = await createTestAccount(['phone'])
    await changeAllowed(home, { add: [DEVICE], remove: [] })
    await changeAllowed(home, { add: [id], remove: [] })
    expect(await changeAllowed(home, { add: [DEVICE], remove: [] })).toEqual([id, DEVICE])
    expect(await changeAllowed(home, { add: [], remove: [id] })).toEqual([DEVICE])
    expect(await allowLines(home)).toEqual([DEVICE])
  })

  test('takes no other kind of id', () => {
    expect(isAllowable(DEVICE)).toBe(true)
    expect(['', 'm4', '/ip4/192.0.2.1', '../etc'].some(isAllowable)).toBe(false)
  })
})
