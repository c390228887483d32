import type { AccountId, KithNode } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { createHostileRelay } from './hostile-relay.ts'
import { createWorld } from './world.ts'

/** Messages in both directions together; 10,000 in `.ci/run`. */
const MESSAGES = Number(process.env['KITH_RELAY_MESSAGES'] ?? 300)
const SEED = Number(process.env['KITH_RELAY_SEED'] ?? Math.floor(Math.random() * 2 ** 30))

const PROTOCOL = '/kith/message/1'
const WAIT = { timeout: 20_000, interval: 10 } as const

const accountOf = (node: KithNode): AccountId => {
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

test(`B1 B3 C1 DEL-3 DEL-11 DEL-20 DEL-21 a relay that drops, repeats, reorders, delays, replays, injects and tampers, a tenth each: ${MESSAGES} messages arrive once, in order, and none is forged`, {
  timeout: 60_000 + MESSAGES * 200,
}, async () => {
  const relay = createHostileRelay(PROTOCOL, { random: randomOf(SEED) })
  const { through } = relay
  await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] }, 'memory', { through })
  const [phone, tablet] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
  await world.acquaint(phone, tablet)
  const [ada, ben] = [accountOf(phone), accountOf(tablet)]
  const seen = [phone, tablet].map(textsHeard)
  // Nothing of the hostile half hour is waited for: the clocks of both leap over each pause. Only pauses: on a slow
  // machine every stream would else be given up before its first answer.
  let isOver = false
  const leaping = (async () => {
    for (let before = -1; !isOver; before = relay.seen()) {
      if (relay.seen() === before) world.time.leap(5_000)
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
  })()

  const texts = (word: string): readonly string[] =>
    Array.from({ length: MESSAGES / 2 }, (_, at) => `${word} ${at}`)
  await Promise.all([sendAll(phone, ben, texts('phone')), sendAll(tablet, ada, texts('tablet'))])
  const pending = async (): Promise<number> =>
    (await phone.status()).pending + (await tablet.status()).pending
  // Most of it arrives while the relay does its worst.
  const wait = { timeout: 30_000 + MESSAGES * 100, interval: 50 } as const
  await expect.poll(pending, wait).toBeLessThan(MESSAGES / 10)
  relay.relent()
  await expect.poll(pending, wait).toBe(0)
  isOver = true
  await leaping

  const everything = [...texts('phone'), ...texts('tablet')].toSorted()
  for (const [node, contact] of [
    [phone, ben],
    [tablet, ada],
  ] as const) {
    const listed = await textsOf(node, contact)
    expect(listed.toSorted(), `KITH_RELAY_SEED=${SEED}`).toEqual(everything)
    for (const word of ['phone', 'tablet']) {
      expect(listed.filter((text) => text.startsWith(word))).toEqual(texts(word))
    }
  }
  expect(seen[0]?.toSorted()).toEqual(texts('tablet').toSorted())
  expect(seen[1]?.toSorted()).toEqual(texts('phone').toSorted())
  for (const [trick, times] of relay.played) expect([trick, times > 5]).toEqual([trick, true])
  expect(relay.played.size).toBe(7)
})

test.each([0, 1, 2])(
  'DEL-20 B1 when answer %i of a stream is lost, the next stream brings what it said',
  async (lost) => {
    let answers = 0
    const { through } = createHostileRelay(PROTOCOL, {
      random: () => 0,
      trick: (end) => (end === 'answerer' && answers++ === lost ? 'drop' : undefined),
    })
    await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] }, 'memory', {
      through,
    })
    const [phone, tablet] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
    await world.acquaint(phone, tablet)
    const ben = accountOf(tablet)
    await phone.messages.send(ben, { text: 'first' })
    await phone.messages.send(ben, { text: 'second' })
    await expect.poll(() => answers, WAIT).toBeGreaterThan(lost)
    await expect
      .poll(async () => {
        world.time.leap(10_000)
        return (await phone.status()).pending
      }, WAIT)
      .toBe(0)
    expect(await textsOf(tablet, accountOf(phone))).toEqual(['first', 'second'])
  },
)

test('DEL-21 what was refused is offered again after an hour, without a new connection', async () => {
  let isTampering = true
  const { through, played } = createHostileRelay(PROTOCOL, {
    // The last bit of the last byte: the tag of the message in an envelope.
    random: (below) => below - 1,
    trick: (end) => (end === 'opener' && isTampering ? 'tamper' : undefined),
  })
  await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] }, 'memory', { through })
  const [phone, tablet] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
  await world.acquaint(phone, tablet)
  await phone.messages.send(accountOf(tablet), { text: 'at last' })
  await expect.poll(() => played.get('tamper') ?? 0, WAIT).toBeGreaterThan(3)
  isTampering = false
  for (let minute = 0; minute < 50; minute++) world.time.leap(60_000)
  expect((await phone.status()).pending).toBe(1)
  for (let minute = 0; minute < 12; minute++) world.time.leap(60_000)
  await expect.poll(async () => (await phone.status()).pending, WAIT).toBe(0)
  expect(await textsOf(tablet, accountOf(phone))).toEqual(['at last'])
})

/** The whole chat, page by page. */
async function textsOf(node: KithNode, contact: AccountId): Promise<readonly string[]> {
  return (await node.messages.list(contact, { limit: MESSAGES + 1 })).map(({ text }) => text)
}

function textsHeard(node: KithNode): readonly string[] {
  const texts: string[] = []
  node.addEventListener('message:received', ({ detail }) => void texts.push(detail.text))
  return texts
}

async function sendAll(from: KithNode, to: AccountId, texts: readonly string[]): Promise<void> {
  for (const text of texts) await from.messages.send(to, { text })
}
