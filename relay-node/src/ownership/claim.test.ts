import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFrameStream } from '@kithmesh/net'
import {
  accountIdToBytes,
  type DeviceId,
  parseDeviceId,
  parseRelayCode,
  type RelayAnswer,
  type RelayQuestion,
  relayAnswerCodec,
  relayProof,
  relayQuestionCodec,
} from '@kithmesh/protocol'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import type { Relay } from '../relay-options.ts'
import { createTestAccount, type TestAccount } from '../testing/account.ts'
import { createTestClock } from '../testing/clock.ts'
import { ask, connectTo, RESERVE, reserveByHand } from '../testing/raw-circuit.ts'
import { show, type Talk, talk as talkTo } from '../testing/relay-talk.ts'
import { createWorld, tcpAddressOf } from '../testing/running.ts'
import { CLAIM_LIFE_MS } from './claim-desk.ts'
import { RELAY_PROTOCOL } from './claim-service.ts'

const world = createWorld()
afterEach(() => world.stop())

const OK = 100
const PERMISSION_DENIED = 202

const closedRelay = (options: object = {}): Promise<Relay> =>
  world.relay({ open: false, ...options })

/** A device of an account as a libp2p peer. */
async function deviceOf(account: TestAccount, name: string): Promise<Libp2p> {
  return world.peer({ circuit: false, privateKey: account.keyOf(name) })
}

async function secretOf(relay: Relay): Promise<Uint8Array> {
  const claim = await relay.claimCode()
  return parseRelayCode(claim?.code ?? '').secret
}

/** The talk of `testing/relay-talk.ts` with a relay of this process. */
const talk = (device: Libp2p, relay: Relay, said: Talk): Promise<RelayAnswer> =>
  talkTo(device, { peer: relay.peer, address: tcpAddressOf(relay) }, said)

const idOf = ({ peerId }: Libp2p): DeviceId => parseDeviceId(peerId.toString())

async function claim(relay: Relay, account: TestAccount, name: string): Promise<RelayAnswer> {
  const question: RelayQuestion = {
    kind: 'claim',
    account: account.id,
    secret: await secretOf(relay),
  }
  return talk(await deviceOf(account, name), relay, { question, log: account.log() })
}

describe('a relay nobody owns', () => {
  test('RLY-70 D2 serves nobody, and says so', async () => {
    const relay = await closedRelay()
    const stranger = await world.peer({ circuit: false })
    expect(relay.status().access).toBe('unclaimed')
    expect((await ask(stranger, tcpAddressOf(relay), RESERVE)).status).toBe(PERMISSION_DENIED)
  })

  test('RLY-71 the first device with its code owns it, and finds its addresses', async () => {
    const relay = await closedRelay()
    const ada = await createTestAccount(['phone', 'laptop'])
    const answer = await claim(relay, ada, 'laptop')
    expect(answer).toEqual({ kind: 'served', addresses: relay.addresses })
    expect(relay.status().access).toBe('owned')
    expect(await relay.claimCode()).toBeUndefined()
  })

  test.each([
    ['wrong', (secret: Uint8Array) => secret.map((byte) => byte ^ 1)],
    ['of nothing', () => new Uint8Array(16)],
  ])('RLY-71 a code that is %s opens nothing', async (_, change) => {
    const relay = await closedRelay()
    const eve = await createTestAccount(['phone'])
    const question: RelayQuestion = {
      kind: 'claim',
      account: eve.id,
      secret: change(await secretOf(relay)),
    }
    const answer = await talk(await deviceOf(eve, 'phone'), relay, { question, log: eve.log() })
    expect(answer).toEqual({ kind: 'refused', reason: 'code' })
    expect(relay.status().access).toBe('unclaimed')
  })

  test('RLY-71 a code is good for ten minutes, for five wrong tries, and for one owner', async () => {
    const clock = createTestClock()
    const relay = await closedRelay({ clock })
    const first = await secretOf(relay)
    clock.advance(CLAIM_LIFE_MS - 1)
    expect(await secretOf(relay)).toEqual(first)
    clock.advance(1)
    const second = await secretOf(relay)
    expect(second).not.toEqual(first)
    const eve = await createTestAccount(['phone'])
    const peer = await deviceOf(eve, 'phone')
    for (let tries = 0; tries < 5; tries += 1) {
      const question: RelayQuestion = { kind: 'claim', account: eve.id, secret: first }
      await talk(peer, relay, { question, log: eve.log() })
    }
    expect(await secretOf(relay)).not.toEqual(second)
    const ada = await createTestAccount(['phone'])
    const used = await secretOf(relay)
    await claim(relay, ada, 'phone')
    const question: RelayQuestion = { kind: 'claim', account: eve.id, secret: used }
    expect(await talk(peer, relay, { question, log: eve.log() })).toEqual({
      kind: 'refused',
      reason: 'owned',
    })
  })

  test('RLY-73 A1 a log in which the asking device is not, or a forged one, claims nothing', async () => {
    const relay = await closedRelay()
    const ada = await createTestAccount(['phone'])
    const eve = await createTestAccount(['phone'])
    const peer = await deviceOf(eve, 'phone')
    const secret = await secretOf(relay)
    const forged = ada.log().map((entry) => ({ ...entry, signature: new Uint8Array(64) }))
    for (const log of [ada.log(), forged, []]) {
      const question: RelayQuestion = { kind: 'claim', account: ada.id, secret }
      expect(await talk(peer, relay, { question, log })).toEqual({
        kind: 'refused',
        reason: 'not-in',
      })
    }
    expect(relay.status().access).toBe('unclaimed')
  })
})

describe('a relay with an owner', () => {
  async function owned(names: readonly string[]) {
    const home = await world.home()
    const relay = await closedRelay({ home })
    const ada = await createTestAccount(names)
    await claim(relay, ada, names[0] ?? '')
    return { home, relay, ada }
  }

  test('RLY-70 its devices reserve, whoever likes dials them, strangers get no place', async () => {
    const { relay, ada } = await owned(['phone', 'laptop'])
    const address = tcpAddressOf(relay)
    const laptop = await deviceOf(ada, 'laptop')
    const next = await reserveByHand(laptop, address)
    const stranger = await world.peer({ circuit: false })
    expect((await ask(stranger, address, connectTo(laptop))).status).toBe(OK)
    await next()
    expect((await ask(stranger, address, RESERVE)).status).toBe(PERMISSION_DENIED)
    expect(relay.status()).toMatchObject({ access: 'owned', reservations: 1 })
  })

  test('RLY-74 a device linked later is let in once it shows the log, with nobody else there', async () => {
    const { relay, ada } = await owned(['phone'])
    await ada.link('tablet')
    const tablet = await deviceOf(ada, 'tablet')
    expect((await ask(tablet, tcpAddressOf(relay), RESERVE)).status).toBe(PERMISSION_DENIED)
    const answer = await talk(tablet, relay, {
      question: show(ada.id, tablet, relay),
      log: ada.log(),
    })
    expect(answer.kind).toBe('served')
    expect((await ask(tablet, tcpAddressOf(relay), RESERVE)).status).toBe(OK)
  })

  test('RLY-75 A8 an unlinked device is out at once, its connections too, when a sibling shows it', async () => {
    const { relay, ada } = await owned(['phone', 'laptop'])
    const laptop = await deviceOf(ada, 'laptop')
    await reserveByHand(laptop, tcpAddressOf(relay))
    const [connection] = laptop.getConnections()
    if (connection === undefined) throw new Error('not connected')
    const closed = once(connection, 'close')
    const stale = ada.log()
    await ada.unlink('laptop')
    const phone = await deviceOf(ada, 'phone')
    await talk(phone, relay, { question: show(ada.id, phone, relay), log: ada.log() })
    await closed
    await expect.poll(() => relay.status().reservations).toBe(0)
    await expect.poll(() => laptop.getConnections()).toEqual([])
    // an older log does not bring it back
    const again = await talk(laptop, relay, { question: show(ada.id, laptop, relay), log: stale })
    expect(again).toEqual({ kind: 'refused', reason: 'not-in' })
    expect((await ask(laptop, tcpAddressOf(relay), RESERVE)).status).toBe(PERMISSION_DENIED)
  })

  test('RLY-76 after a restart it knows its owner, and serves whoever shows the log', async () => {
    const { home, relay, ada } = await owned(['phone'])
    await relay.stop()
    const again = await closedRelay({ home })
    expect(again.status().access).toBe('owned')
    const phone = await deviceOf(ada, 'phone')
    expect((await ask(phone, tcpAddressOf(again), RESERVE)).status).toBe(PERMISSION_DENIED)
    const answer = await talk(phone, again, {
      question: show(ada.id, phone, again),
      log: ada.log(),
    })
    expect(answer.kind).toBe('served')
    expect((await ask(phone, tcpAddressOf(again), RESERVE)).status).toBe(OK)
  })

  test('RLY-15 RLY-76 on disk stands the id of the account and nothing of its devices', async () => {
    const { home, ada } = await owned(['phone'])
    expect((await readFile(join(home, 'owner.txt'), 'utf8')).trim()).toBe(ada.id)
  })

  test('RLY-70 another account is refused before it shows anything', async () => {
    const { relay } = await owned(['phone'])
    const ben = await createTestAccount(['phone'])
    const phone = await deviceOf(ben, 'phone')
    const question = show(ben.id, phone, relay)
    expect(await talk(phone, relay, { question, log: ben.log() })).toEqual({
      kind: 'refused',
      reason: 'not-yours',
    })
  })

  test('RLY-73 what a device says first tells no account, and is another for each device and relay', async () => {
    const { relay, ada } = await owned(['phone', 'laptop'])
    const [phone, laptop] = await Promise.all(
      ['phone', 'laptop'].map((name) => deviceOf(ada, name)),
    )
    if (phone === undefined || laptop === undefined) throw new Error('there are two')
    const said = [
      show(ada.id, phone, relay),
      show(ada.id, laptop, relay),
      show(ada.id, phone, await closedRelay()),
    ].map((question) => Buffer.from(relayQuestionCodec.encode(question)).toString('hex'))
    expect(new Set(said).size).toBe(3)
    const account = Buffer.from(accountIdToBytes(ada.id)).toString('hex')
    for (const one of said) expect(one).not.toContain(account)
    // of another device the same words mean nothing
    const answer = await talk(phone, relay, {
      question: show(ada.id, laptop, relay),
      log: ada.log(),
    })
    expect(answer).toEqual({ kind: 'refused', reason: 'not-yours' })
  })

  test('RLY-73 it proves that it knows the account before it is shown anything', async () => {
    const { relay, ada } = await owned(['phone'])
    const phone = await deviceOf(ada, 'phone')
    const stream = await phone.dialProtocol(multiaddr(tcpAddressOf(relay)), RELAY_PROTOCOL.id)
    const frames = createFrameStream({
      stream,
      peer: relay.peer,
      path: 'direct',
      protocol: RELAY_PROTOCOL,
    })
    await frames.send(relayQuestionCodec.encode(show(ada.id, phone, relay)))
    const { value } = await frames.incoming[Symbol.asyncIterator]().next()
    const talkers = { account: ada.id, device: idOf(phone), relay: parseDeviceId(relay.peer) }
    expect(relayAnswerCodec.decode(value)).toEqual({ kind: 'want', proof: relayProof(talkers) })
  })

  test('RLY-77 allowed devices and accounts are let in, and out again', async () => {
    const { home, relay } = await owned(['phone'])
    const ben = await createTestAccount(['phone'])
    const cem = await world.peer({ circuit: false })
    await writeFile(join(home, 'allow.txt'), `${ben.id} # Ben\n${cem.peerId.toString()}\n`)
    await relay.reload()
    const bens = await deviceOf(ben, 'phone')
    await talk(bens, relay, { question: show(ben.id, bens, relay), log: ben.log() })
    for (const peer of [bens, cem]) {
      expect((await ask(peer, tcpAddressOf(relay), RESERVE)).status).toBe(OK)
    }
    await writeFile(join(home, 'allow.txt'), '')
    await relay.reload()
    await expect.poll(() => [...bens.getConnections(), ...cem.getConnections()]).toEqual([])
    expect(relay.status().reservations).toBe(0)
    expect((await ask(bens, tcpAddressOf(relay), RESERVE)).status).toBe(PERMISSION_DENIED)
  })

  test('RLY-72 its operator can hand it to another account', async () => {
    const { relay, ada } = await owned(['phone'])
    await relay.offerToAnother()
    const ben = await createTestAccount(['phone'])
    expect((await claim(relay, ben, 'phone')).kind).toBe('served')
    const phone = await deviceOf(ada, 'phone')
    const question = show(ada.id, phone, relay)
    const answer = await talk(phone, relay, { question, log: ada.log() })
    expect(answer).toEqual({ kind: 'refused', reason: 'not-yours' })
  })
})
