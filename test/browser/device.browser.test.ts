import { createNode, type KithNode, type Message } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { startInNode, stage } from './stage.browser.ts'

const WAIT = { timeout: 10_000, interval: 20 } as const
const texts = (messages: readonly Message[]): readonly string[] => messages.map(({ text }) => text)

test('a page links', async () => {
  const log: string[] = []
  const t0 = performance.now()
  const mark = (what: string) => { log.push(what); console.log(`${Math.round(performance.now() - t0)} ${what}`) }
  const relays = await stage('relay')
  mark('relay')
  const [phone, ben] = await Promise.all([
    startInNode('Ada’s phone', { lan: false }),
    startInNode('Ben’s phone', { lan: false }),
  ])
  mark('phones')
  await ben.ask('add', await phone.ask('invite'))
  mark('acquainted')
  const home = `page-${crypto.randomUUID()}`
  const open = () => createNode({ home, relays: relays.filter((a) => a.includes('/ws/')), newDevice: true, lan: false,
   logger: { debug: (m, d) => mark(`${m} ${JSON.stringify(d)}`), warn: (m, d) => mark(`${m} ${JSON.stringify(d)}`) } })
  const page = await open()
  mark('page')
  const offer = await page.linking.offer()
  mark('offer')
  const linked = await phone.ask('link', offer.code)
  mark('linked ' + JSON.stringify(linked))
  const sent = await page.messages.send(ben.account, { text: 'from the page' })
  for await (const s of sent.delivery()) mark(JSON.stringify(s))
  await expect.poll(async () => texts(await ben.ask('messages', phone.account)), WAIT).toEqual(['from the page'])
  await expect.poll(async () => texts(await phone.ask('messages', ben.account)), WAIT).toEqual(['from the page'])
  mark('seen')
  await ben.ask('send', phone.account, 'reply')
  await expect.poll(async () => texts(await page.messages.list(ben.account)), WAIT).toEqual(['from the page', 'reply'])
  mark('reply')
  console.log(log.join('\n'))
  console.log(JSON.stringify(await page.status(), null, 1))
  await page.stop()
})
