import { createNode, type KithNode } from '@kithmesh/node'
import { nodePrimitives } from '../../../packages/node/src/primitives.node.ts'
import { type HomeFacts, readFacts } from '../homes/home-facts.ts'
import { relayServer } from './bare-stream.ts'
import type { Contender, Origin, Sibling, Start, Talker } from './contender.ts'
import { kithmeshArchive } from './kithmesh-archive.ts'
import { linker, newcomer } from './kithmesh-linking.ts'
import { createKithmeshPair } from './kithmesh-pair.ts'
import { timedPair } from './timed-pair.ts'

/** Ours: real devices on their disks, every record sealed, signed and durable before it leaves. */
export const kithmesh: Contender = {
  server: relayServer,
  origin,
  sibling,
  asker: talker,
  answerer: talker,
  newcomer,
  linker,
  archive: kithmeshArchive,
  pair: () => timedPair(() => createKithmeshPair(nodePrimitives)),
}

/** Renames a contact, and stars a message or takes its star away, in turn. */
function origin(): Origin {
  let device: Device | undefined
  let isStarred = false
  const star = async (n: number): Promise<void> => {
    const { node, facts } = started(device)
    await node.starred.add(started(facts.messages[n - 1]))
  }
  return {
    start: async ({ home, records }) => {
      device = await open(home)
      isStarred = records > 0
      return ''
    },
    edit: async (n) => {
      const { node, facts } = started(device)
      if (n % 2 === 0) await node.contacts.rename(facts.contact, `${NAME}${n}`)
      else if (isStarred) await node.starred.remove(started(facts.messages[n - 1]))
      else await star(n)
    },
    editApart: star,
  }
}

/** Listens to the same events as an application would. */
function sibling(): Sibling {
  return {
    start: async ({ home, records }, sights) => {
      const { node, facts } = await open(home)
      const editsByMessage = new Map(facts.messages.map((message, index) => [message, index + 1]))
      node.addEventListener('starred:changed', ({ detail: { message, starred } }) => {
        // What it lacked were stars: an edit takes one away.
        if (starred && records > 0) return sights.record(message)
        const n = editsByMessage.get(message)
        if (n !== undefined) sights.edit(n)
      })
      node.addEventListener('contact:changed', ({ detail: { name } }) => {
        if (name.startsWith(NAME)) sights.edit(Number(name.slice(NAME.length)))
      })
      // What came while the device was opening.
      for (const { message } of await node.starred.list()) sights.record(message)
    },
  }
}

function talker(): Talker {
  let device: Device | undefined
  return {
    start: async ({ home }, hearing) => {
      device = await open(home)
      const { node } = device
      node.addEventListener('message:received', ({ detail }) => hearing.received(detail.text))
      node.addEventListener('message:delivery', ({ detail: { message, delivery } }) => {
        if (delivery.reached === delivery.of) hearing.acked(message)
      })
      return ''
    },
    send: async (text) => {
      const { node, facts } = started(device)
      return (await node.messages.send(facts.contact, { text })).message
    },
  }
}

interface Device {
  readonly node: KithNode
  readonly facts: HomeFacts
}

async function open(home: Start['home']): Promise<Device> {
  const facts = await readFacts(home)
  const node = await createNode({ home, listen: [facts.listen] })
  return { node, facts }
}

const NAME = 'Name '

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not started, or more edits than there are messages')
  return value
}
