import { randomBytes } from 'node:crypto'
import { createMemoryNet, type Net } from '@kithmesh/net'
import {
  countersignAdd,
  createRevoke,
  type DeviceId,
  decoded,
  deviceIdFromPublicKey,
  deviceLogCodec,
  draftAdd,
  type EntryId,
  entryIdOfBody,
  envelopeCodec,
  type SignedEntry,
  type Signer,
  signAdd,
  signerFromSeed,
} from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { accountOf, createDevices, type Devices } from '../../test/devices.ts'
import type { KithNode } from '../api/node.ts'
import { helloCodec } from '../greeting/hello-wire.ts'
import { createNode } from '../index.ts'
import { MEMORY_HOME } from '../platform.ts'
import { HELLO, MESSAGE } from '../protocols.ts'
import { toRecipientCodec } from './message-wire.ts'

/** Ada, her contact Ben whose key the attacker of a test may use, and what goes out of Ada's device. */
interface Stage {
  readonly devices: Devices
  readonly ada: KithNode
  readonly ben: { readonly node: KithNode; readonly signer: Signer; readonly genesis: SignedEntry }
  /** Devices that Ada's envelopes were for. */
  readonly addressed: DeviceId[]
}

async function stage(): Promise<Stage> {
  const addressed: DeviceId[] = []
  const devices = createDevices(({ from, protocol, bytes }) => {
    if (from !== 'ada' || protocol !== MESSAGE.id) return
    const frame = decoded(toRecipientCodec, bytes)
    if (frame?.kind !== 'envelope') return
    addressed.push(envelopeCodec.decode(frame.envelope).recipient.device)
  })
  const ada = await devices.start('ada')
  const signing = Promise.withResolvers<Signer>()
  const node = await createNode({
    home: MEMORY_HOME,
    name: 'ben',
    network: async (identity) => {
      signing.resolve(identity)
      return createMemoryNet(devices.hub, { identity })
    },
  })
  onTestFinished(() => node.stop())
  await devices.acquaint(ada, node)
  const genesis = await genesisOf(devices, node)
  return { devices, ada, ben: { node, signer: await signing.promise, genesis }, addressed }
}

/** The device log of a node as one of its contacts is shown it: the genesis, as it has one device. */
async function genesisOf(devices: Devices, node: KithNode): Promise<SignedEntry> {
  const eve = await devices.start('eve')
  await devices.acquaint(node, eve)
  await eve.stop()
  const stream = await devices.impersonate(eve).open(node.device, HELLO)
  await stream.send(helloCodec.encode({ kind: 'unknown' }))
  for await (const bytes of stream.incoming) {
    const frame = helloCodec.decode(bytes)
    const [genesis] = frame.kind === 'log' ? deviceLogCodec.decode(frame.entries) : []
    if (genesis) return genesis
  }
  throw new Error('the log was not shown')
}

/** An add by `author`; `signer` may be somebody else. */
async function add(
  { ben }: Stage,
  entry: {
    readonly author: Signer
    readonly signer?: Signer
    readonly prev: EntryId
    readonly device: Signer
  },
): Promise<SignedEntry> {
  const { author, signer = author, prev, device } = entry
  const body = draftAdd({
    account: accountOf(ben.node),
    author: deviceIdFromPublicKey(author.publicKey),
    prev,
    device: deviceIdFromPublicKey(device.publicKey),
    rights: { link: true },
    historyAt: Date.now(),
    at: Date.now(),
  })
  return signAdd(body, signer, await countersignAdd(body, device))
}

function revoke({ ben }: Stage, prev: EntryId, target: EntryId): Promise<SignedEntry> {
  const account = accountOf(ben.node)
  const author = deviceIdFromPublicKey(ben.signer.publicKey)
  const draft = { account, author, prev, target, at: Date.now() }
  return createRevoke(draft, ben.signer)
}

/** Shows Ada a device log in Ben's name, as a device of his or a relay that has his key could. */
async function show({ devices, ada, ben }: Stage, entries: readonly SignedEntry[]): Promise<void> {
  await ben.node.stop()
  const net = devices.impersonate(ben.node)
  onTestFinished(() => net.stop())
  await tellLog(net, { ada, ben: ben.node, entries })
}

/** A device that claims to be Ben's: connects, shows the log that names it, and waits for envelopes. */
async function appear(
  { devices, ada, ben }: Stage,
  ghost: Signer,
  entries: readonly SignedEntry[],
): Promise<void> {
  const net = createMemoryNet(devices.hub, { identity: ghost })
  onTestFinished(() => net.stop())
  await tellLog(net, { ada, ben: ben.node, entries })
}

async function tellLog(
  net: Net,
  told: {
    readonly ada: KithNode
    readonly ben: KithNode
    readonly entries: readonly SignedEntry[]
  },
): Promise<void> {
  const account = accountOf(told.ben)
  const stream = await net.open(told.ada.device, HELLO)
  const log = deviceLogCodec.encode(told.entries)
  const frames = [
    { kind: 'hello', account, logs: [], card: new Uint8Array(), cards: [], places: [], epochs: [] },
    { kind: 'log', account, entries: log },
    { kind: 'done' },
  ] as const
  for (const frame of frames) await stream.send(helloCodec.encode(frame))
  await stream.close()
  for await (const _ of stream.incoming);
}

const key = (): Signer => signerFromSeed(randomBytes(32))
const idOf = ({ body }: SignedEntry): EntryId => entryIdOfBody(body)
const deviceOf = ({ publicKey }: Signer): DeviceId => deviceIdFromPublicKey(publicKey)

/** Ada writes to Ben; for how many devices it waits: those she believes him to have. */
async function copiesFor({ ada, ben }: Stage): Promise<number> {
  const before = (await ada.status()).pending
  const sent = await ada.messages.send(accountOf(ben.node), { text: 'for Ben’s eyes' })
  const message = await ada.messages.get(sent.message)
  expect((await ada.status()).pending).toBe(before + 1)
  expect(message?.delivery).toMatchObject({ reached: 0 })
  return message?.delivery?.of ?? 0
}

test('A1: a device that was genuinely added does get its copy', async () => {
  const at = await stage()
  const laptop = key()
  const added = await add(at, {
    author: at.ben.signer,
    prev: idOf(at.ben.genesis),
    device: laptop,
  })
  await show(at, [at.ben.genesis, added])
  expect(await copiesFor(at)).toBe(2)
})

test('A1: an add that another key signed gains no ciphertext', async () => {
  const at = await stage()
  const [ghost, eve] = [key(), key()]
  const prev = idOf(at.ben.genesis)
  const forged = [
    await add(at, { author: at.ben.signer, signer: eve, prev, device: ghost }),
    await add(at, { author: at.ben.signer, signer: ghost, prev, device: ghost }),
    // Eve as a device of her own in Ben's log.
    await add(at, { author: eve, prev, device: ghost }),
  ]
  await show(at, [at.ben.genesis, ...forged])
  await appear(at, ghost, [at.ben.genesis, ...forged])
  expect(await copiesFor(at)).toBe(1)
  expect(at.addressed).not.toContain(deviceOf(ghost))
})

test('A1: what a revoked device signed on its old chain gains no ciphertext', async () => {
  const at = await stage()
  const { signer, genesis } = at.ben
  const [laptop, ghost, second] = [key(), key(), key()]
  const added = await add(at, { author: signer, prev: idOf(genesis), device: laptop })
  const revoked = await revoke(at, idOf(added), idOf(added))
  const stale = await add(at, { author: laptop, prev: idOf(added), device: ghost })
  const deeper = await add(at, { author: ghost, prev: idOf(stale), device: second })
  const entries = [genesis, added, revoked, stale, deeper]
  await show(at, entries)
  for (const one of [laptop, ghost, second]) await appear(at, one, entries)
  expect(await copiesFor(at)).toBe(1)
  for (const one of [laptop, ghost, second]) expect(at.addressed).not.toContain(deviceOf(one))
})

test('A1 A2: two adds in one place gain no ciphertext, and the fork is shown', async () => {
  const at = await stage()
  const { signer, genesis } = at.ben
  const [one, other] = [key(), key()]
  const forked = [
    await add(at, { author: signer, prev: idOf(genesis), device: one }),
    await add(at, { author: signer, prev: idOf(genesis), device: other }),
  ]
  await show(at, [genesis, ...forked])
  for (const ghost of [one, other]) await appear(at, ghost, [genesis, ...forked])
  expect(await copiesFor(at)).toBe(1)
  expect(at.addressed).not.toContain(deviceOf(one))
  expect(at.addressed).not.toContain(deviceOf(other))
  expect(await at.ada.contacts.list()).toMatchObject([{ alert: 'forked', devices: 1 }])
})

test('A1: a device that is held for want of a place gains no ciphertext', async () => {
  const at = await stage()
  const entries = [at.ben.genesis]
  const added: Signer[] = []
  for (let number = 1; number <= 8; number++) {
    const device = key()
    const prev = idOf(entries.at(-1) ?? at.ben.genesis)
    entries.push(await add(at, { author: at.ben.signer, prev, device }))
    added.push(device)
  }
  await show(at, entries)
  const held = added.at(-1) ?? key()
  await appear(at, held, entries)
  // Eight are in: the first device and seven of the eight that were added.
  expect(await copiesFor(at)).toBe(8)
  expect(at.addressed).not.toContain(deviceOf(held))
})
