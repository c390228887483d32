import { createPrivateKey, sign } from 'node:crypto'
import { accountIdFromBytes, deviceIdFromPublicKey, signerFromSeed } from '@kithmesh/protocol'
import { test } from 'vitest'
import { openAccountLog } from '../log/account-log.ts'
import { createEpoch, createEpochRing } from '../log/epochs.ts'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { createDuplex } from '../testing/duplex.ts'
import { createManualTime, createSeededRng, nativeRecordCrypto } from '../testing/environment.ts'
import { profiled } from '../testing/profile.ts'
import { createExchanges } from './exchanges.ts'

test('perf', async () => {
  const rng = createSeededRng(1),
    time = createManualTime(),
    account = accountIdFromBytes(rng.bytes(32))
  const key = createEpoch(rng, 1)
  const mk = async (n: number) => {
    const epochs = await createEpochRing([key], nativeRecordCrypto)
    const seed = createSeededRng(n).bytes(32)
    const base = signerFromSeed(seed)
    const pk = createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
      format: 'der',
      type: 'pkcs8',
    })
    const signer = {
      publicKey: base.publicKey,
      sign: async (b: Uint8Array) => new Uint8Array(sign(null, b, pk)),
    }
    const log = await openAccountLog({
      account,
      signer,
      epochs,
      store: createMemoryAccountLogStore(),
      rng: createSeededRng(n + 100),
      crypto: nativeRecordCrypto,
      mayWrite: () => true,
    })
    const ex = createExchanges({ log, clock: time, scheduler: time, isSibling: () => true })
    return { log, ex, id: deviceIdFromPublicKey(signer.publicKey) }
  }
  const a = await mk(1),
    b = await mk(2)
  let t = performance.now()
  for (let i = 0; i < 10000; i++)
    await a.log.append({ lane: 'messages', contents: [{ kind: 'message', body: rng.bytes(200) }] })
  console.log('append 10000 one by one', performance.now() - t)
  t = performance.now()
  await Promise.all(
    Array.from({ length: 10000 }, () =>
      a.log.append({
        lane: 'messages',
        contents: [{ kind: 'message', body: new Uint8Array(200) }],
      }),
    ),
  )
  console.log(
    'append burst 10k',
    performance.now() - t,
    a.log.holdings().map((h) => h.stored),
  )
  const d = createDuplex()
  t = performance.now()
  const done = new Promise<void>((r) =>
    b.ex.events.addEventListener('sibling:caught-up', () => r()),
  )
  const ends = [
    a.ex.run({ sibling: b.id, stream: d.ends[0] }),
    b.ex.run({ sibling: a.id, stream: d.ends[1] }),
  ]
  await profiled(() => done)
  console.log(
    'transfer',
    performance.now() - t,
    b.log.holdings().map((h) => h.stored),
    d.frames.length,
    d.frames.reduce((s, f) => s + f.length, 0),
  )
  t = performance.now()
  const got = new Promise<void>((r) =>
    b.log.events.addEventListener('records:accepted', () => r(), { once: true }),
  )
  await a.log.append({ lane: 'data', contents: [{ kind: 'x', body: new Uint8Array(1) }] })
  await got
  console.log('live', performance.now() - t)
  d.close()
  console.log(await Promise.all(ends))
})
