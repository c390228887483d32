import type { AccountId, KithNode } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { createHostileWire } from './hostile-wire.ts'
import { createWorld } from './world.ts'

const MESSAGES = 200
const SEED = Number(process.env['KITH_RELAY_SEED'] ?? Math.floor(Math.random() * 2 ** 30))
const WAIT = { timeout: 90_000, interval: 50 } as const

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

/** Choices that the same seed makes again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * below)
  }
}

test(`B1 D4 DEL-4 over real sockets whose bytes are flipped, dropped, repeated and swapped, ${MESSAGES} messages arrive once, in order`, {
  timeout: 240_000,
}, async () => {
  await using wire = createHostileWire(randomOf(SEED))
  const between = { relayAt: wire.before }
  let isOver = false
  await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] }, 'relay', between)
  const [phone, tablet] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
  await world.acquaint(phone, tablet)
  const [ada, ben] = [accountOf(phone), accountOf(tablet)]
  const heard: string[] = []
  tablet.addEventListener('message:received', ({ detail }) => void heard.push(detail.text))
  wire.damage()
  const leaping = (async () => {
    while (!isOver) {
      world.time.leap(500)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()

  const damages = (): number => [...wire.done.values()].reduce((sum, count) => sum + count, 0)
  const send = async (from: KithNode, to: AccountId, word: string): Promise<readonly string[]> => {
    const texts: string[] = []
    while (texts.length < MESSAGES / 2 || damages() < 5) {
      texts.push(`${word} ${texts.length}`)
      await from.messages.send(to, { text: texts.at(-1) ?? '' })
      // A piece on the wire for a message or two, not one for all.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return texts
  }
  const [phones, tablets] = await Promise.all([
    send(phone, ben, 'phone'),
    send(tablet, ada, 'tablet'),
  ])
  const textsOf = async (node: KithNode, contact: AccountId): Promise<readonly string[]> =>
    (await node.messages.list(contact, { limit: 100_000 })).map(({ text }) => text)
  wire.pause()
  const pending = async (): Promise<number> =>
    (await phone.status()).pending + (await tablet.status()).pending
  await expect.poll(pending, WAIT).toBe(0)
  isOver = true
  await leaping

  for (const [node, contact] of [
    [phone, ben],
    [tablet, ada],
  ] as const) {
    const listed = await textsOf(node, contact)
    const seed = `KITH_RELAY_SEED=${SEED}`
    expect(
      listed.filter((text) => text.startsWith('phone')),
      seed,
    ).toEqual(phones)
    expect(
      listed.filter((text) => text.startsWith('tablet')),
      seed,
    ).toEqual(tablets)
  }
  expect(heard.toSorted()).toEqual(phones.toSorted())
})
