import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createNode, type KithNode, type MessageId } from '@kithmesh/node'
import { writeFacts } from './home-facts.ts'
import type { Plan } from './homes.ts'

/** Makes the homes of a plan with real devices, in a process of its own, and leaves. */
const [folder = '', planned = '{}'] = process.argv.slice(2)
const plan: Plan = JSON.parse(planned)

/** Sending 10,000 messages to a friend takes a minute where one core is busy. */
const QUIET_MS = 300_000

switch (plan.kind) {
  case 'linked':
    await makeLinked(plan.messages, plan.starred)
    break
  case 'acquainted':
    await makeAcquainted()
    break
}
process.exit(0)

async function makeLinked(count: number, starred: number): Promise<void> {
  const origin = await open('origin')
  const sibling = await open('sibling', true)
  const friend = await open('friend')
  const offer = await sibling.node.linking.offer()
  await origin.node.devices.link(offer.code, { confirm: async () => true })
  await acquaint(friend.node, origin.node)
  const contact = accountOf(friend.node)

  const arrived = countArrivals(sibling.node, count)
  const messages = await inParallel(count, async (index) => {
    const sent = await origin.node.messages.send(contact, { text: `message ${index}` })
    return sent.message
  })
  await arrived
  await quiet(origin.node)
  await sibling.node.stop()
  await friend.node.stop()
  // One after the other: each is an edit of its own, as a person makes them.
  for (const message of messages.slice(0, starred)) await origin.node.starred.add(message)
  await origin.node.stop()
  for (const { home, listen } of [origin, sibling]) {
    await writeFacts(home, { listen, contact, messages })
  }
}

async function makeAcquainted(): Promise<void> {
  const asker = await open('asker')
  const answerer = await open('answerer')
  await acquaint(answerer.node, asker.node)
  const contacts = [accountOf(answerer.node), accountOf(asker.node)] as const
  await asker.node.stop()
  await answerer.node.stop()
  await writeFacts(asker.home, { listen: asker.listen, contact: contacts[0], messages: [] })
  await writeFacts(answerer.home, { listen: answerer.listen, contact: contacts[1], messages: [] })
}

async function open(
  name: string,
  newDevice = false,
): Promise<{ readonly node: KithNode; readonly home: string; readonly listen: string }> {
  const home = join(folder, name)
  const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`
  const node = await createNode({ home, name, listen: [listen], newDevice })
  return { node, home, listen }
}

async function acquaint(inviter: KithNode, adder: KithNode): Promise<void> {
  const { code } = await inviter.contacts.invite()
  await adder.contacts.add(code, { name: 'Friend' })
}

/** Resolves when a device has heard of `count` messages its sibling sent. */
function countArrivals(node: KithNode, count: number): Promise<void> {
  const messages = new Set<MessageId>()
  const { promise, resolve } = Promise.withResolvers<void>()
  if (count === 0) resolve()
  node.addEventListener('message:sent', ({ detail }) => {
    messages.add(detail.message)
    if (messages.size === count) resolve()
  })
  return promise
}

/** Waits until a device has nothing left to send: a round must not begin with what preparing left over. */
async function quiet(node: KithNode): Promise<void> {
  const deadline = AbortSignal.timeout(QUIET_MS)
  for (;;) {
    const { pending, devices } = await node.status({ signal: deadline })
    if (pending === 0 && devices.every((device) => device.pending === 0)) return
    await delay(100, undefined, { signal: deadline })
  }
}

/** Does something for 0, 1, …, with as many at once as one group commit takes. */
async function inParallel<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const goOn = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      results[index] = await work(index)
    }
  }
  await Promise.all(Array.from({ length: 64 }, goOn))
  return results
}

function accountOf(node: KithNode): NonNullable<KithNode['account']> {
  if (node.account) return node.account
  throw new Error(`${node.name} has no account`)
}

/** A port that is free now; the device that gets it keeps it over restarts. */
function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
