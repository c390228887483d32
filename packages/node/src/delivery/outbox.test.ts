import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MessageId, messageIdFromBytes } from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { deviceNamed } from '../../test/people.ts'
import { commitStaged } from '../staged.ts'
import { type Outbox, openOutbox } from './outbox.ts'

const PHONE = deviceNamed('p')
const TABLET = deviceNamed('t')

function message(number: number): MessageId {
  return messageIdFromBytes(new Uint8Array(16).fill(number))
}

async function messagesFor(outbox: Outbox, after = 0): Promise<readonly MessageId[]> {
  return (await outbox.pageFor(PHONE, after, 100)).map((entry) => entry.message)
}

test('DEL-15 what waits for a device leaves in the order it was sent, also after a restart', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kith-outbox-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const before = await openContext({ home })
  const outbox = await openOutbox(before)
  for (let number = 1; number <= 12; number++) {
    const envelope = Uint8Array.of(number)
    const recipient = number % 3 === 0 ? TABLET : PHONE
    await commitStaged(before.store, [
      outbox.stageAdd({ recipient, message: message(number), envelope }),
    ])
  }
  await before.store.close()

  const after = await openContext({ home })
  const again = await openOutbox(after)
  expect(again.size()).toBe(12)
  await commitStaged(after.store, [again.stageAdd({ recipient: PHONE, message: message(99) })])
  expect(await messagesFor(again)).toEqual([1, 2, 4, 5, 7, 8, 10, 11, 99].map(message))
  const [first] = await again.pageFor(PHONE, 0, 1)
  expect(first?.envelope).toEqual(Uint8Array.of(1))
  await after.store.close()
})

test('DEL-4 an entry is there until it is removed; sealed anew it keeps its place', async () => {
  const { store, ...context } = await openContext()
  const outbox = await openOutbox({ ...context, store })
  for (const number of [1, 2, 3]) {
    await commitStaged(store, [outbox.stageAdd({ recipient: PHONE, message: message(number) })])
  }
  const [one, two] = await outbox.pageFor(PHONE, 0, 2)
  if (!one || !two) throw new Error('two were added')
  await commitStaged(store, [outbox.stageSealed(two, Uint8Array.of(7)), outbox.stageRemove([one])])
  expect(await messagesFor(outbox)).toEqual([message(2), message(3)])
  const [sealed] = await outbox.pageFor(PHONE, 0, 1)
  expect(sealed?.envelope).toEqual(Uint8Array.of(7))
  expect(outbox.size()).toBe(2)
  expect(await outbox.hasFor(TABLET)).toBe(false)
})

test('DEL-4 who listens is told of an entry once it is on the disk, not before', async () => {
  const { store, ...context } = await openContext()
  const outbox = await openOutbox({ ...context, store })
  const told: string[] = []
  outbox.events.addEventListener('outbox:added', ({ detail }) => told.push(detail.recipient))
  const staged = outbox.stageAdd({ recipient: PHONE, message: message(1) })
  const committing = commitStaged(store, [staged])
  expect(told).toEqual([])
  await committing
  expect(told).toEqual([PHONE])
})
