import { accountIdFromBytes, directChatId, messageIdFromBytes } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { createAccountData } from './account-data.ts'

test('smoke', () => {
  const a = createAccountData({ clientId: 1, clock: performance_ }),
    b = createAccountData({ clientId: 2, clock: performance_ })
  const ups: Uint8Array[] = []
  a.onUpdate((u) => ups.push(u))
  const c = accountIdFromBytes(new Uint8Array(32).fill(1)),
    m = messageIdFromBytes(new Uint8Array(16).fill(2))
  a.contacts.set(c, { name: 'Ben', addedAt: 1 })
  a.starred.add(m, 5)
  a.contacts.rename(c, 'B2')
  a.starred.remove(m)
  a.starred.add(m, 7)
  const seen: unknown[] = []
  b.events.addEventListener('contact:changed', (e) => seen.push(e.detail))
  b.events.addEventListener('starred:changed', (e) => seen.push(e.detail))
  console.log(ups.map((u) => u.length))
  for (const u of ups.toReversed())
    console.log(b.applyUpdate(u, { onSettled: (o) => console.log('settled', o) }))
  console.log(seen, b.contacts.list(), b.starred.list())
  const t = performance.now()
  const big: Uint8Array[] = []
  a.onUpdate((u) => big.push(u))
  for (let i = 0; i < 10000; i++) a.contacts.rename(c, 'n' + i)
  console.log('10k local', performance.now() - t)
  const t2 = performance.now()
  for (const u of big.slice(0, 4000).toReversed()) b.applyUpdate(u)
  console.log('4k reversed', performance.now() - t2, b.heldCount, b.contacts.list())
  const t3 = performance.now()
  for (const u of big.slice(4000)) b.applyUpdate(u)
  console.log(
    '6k in order',
    performance.now() - t3,
    b.contacts.list(),
    a.encodeState().length,
    a.snapshot().length,
  )
  const d = createAccountData({ clientId: 3 })
  console.log(d.applyUpdate(a.encodeState(), { kind: 'snapshot' }), d.contacts.list())
})
const performance_ = { monotonic: () => performance.now() }
