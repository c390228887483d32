import { describe, expect, test } from 'vitest'
import {
  adaAtHome,
  CARD,
  codeOf,
  EPOCH_KEYS,
  type Home,
  idOf,
  raise,
  SNAPSHOT,
  signerOf,
  withDevice,
} from '../../test/two-devices.ts'
import { type DeviceLogState, mergeDeviceLogs } from '../identity/device-log.ts'
import type { Signer } from '../identity/keys.ts'
import { createRevoke, draftAdd, signAdd } from '../identity/log-authoring.ts'
import { type AddBody, deviceLogCodec } from '../identity/log-entry.ts'
import { accountIdFromBytes } from '../ids.ts'
import { answerCode, dialCode } from './code-meeting.ts'
import { agreeToLink, readLinkGrant } from './joining.ts'
import { grantCodec, proposalCodec } from './link-messages.ts'
import { readLinkAnswer, readReveal, revealShare, sayReady } from './meeting.ts'
import { sealContent } from './sealed-channel.ts'

describe('A1 LNK-10 somebody who has the secret proposes what the new device must not agree to', () => {
  /** Dials with the right secret and proposes anything; tells what the laptop says to it. */
  async function propose(home: Home, dialler: Signer, log: DeviceLogState, add: Uint8Array) {
    const { ofPhone: mallory, ofLaptop, laptop, life } = home
    const description = { name: 'Laptop', kind: 'cli' }
    const code = codeOf(home, life)
    const dialled = dialCode({ code, self: idOf(dialler), description }, mallory)
    const ends = { self: idOf(laptop), peer: idOf(dialler) }
    const answering = { way: 'link', ...ends, description, life } as const
    const answered = answerCode(answering, dialled.send, ofLaptop)
    if (answered.kind === 'refused') throw new Error(answered.code)
    const seen = readLinkAnswer(dialled.state, answered.send, mallory)
    if (seen.kind === 'refused') throw new Error(seen.code)
    const revealed = revealShare(seen.state, mallory)
    const met = readReveal(answered.state, revealed.send, ofLaptop)
    if (met.kind === 'refused') throw new Error(met.code)
    const proposal = { account: log.account, log: deviceLogCodec.encode(log.entries), add }
    const { channel } = revealed.state
    const sealed = sealContent(channel, proposalCodec.encode(proposal), mallory.rng)
    const agreeing = { signer: laptop, card: CARD, rng: ofLaptop.rng }
    const agreed = await agreeToLink(sayReady(met.state, ofLaptop).state, sealed.send, agreeing)
    return {
      agreed,
      grant: (content: Uint8Array) => sealContent(sealed.channel, content, mallory.rng).send,
    }
  }

  async function adaWithTablet() {
    const home = await adaAtHome()
    const tablet = signerOf(90)
    return { home, tablet, log: await withDevice(home.log, home.phone, tablet) }
  }

  const addTo = (
    log: DeviceLogState,
    author: Signer,
    device: Signer,
    changes: Partial<AddBody> = {},
  ) =>
    draftAdd({
      account: log.account,
      author: idOf(author),
      prev:
        log.devices.get(idOf(author))?.lastEntry ?? log.devices.get(log.first)?.addedBy ?? raise(),
      device: idOf(device),
      rights: { link: true },
      historyAt: 0,
      at: 0,
      ...changes,
    })

  test('by the dialler, behind its last entry, of this device and account: agreed', async () => {
    const { home, tablet, log } = await adaWithTablet()
    const { agreed } = await propose(home, tablet, log, addTo(log, tablet, home.laptop))
    expect(agreed.kind).toBe('agreed')
  })

  test('not by the dialler, not behind its last entry, not of this device, not an add', async () => {
    const { home, tablet, log } = await adaWithTablet()
    const more = await withDevice(log, tablet, signerOf(91))
    const target = log.devices.get(idOf(tablet))?.addedBy ?? raise()
    const revoke = await createRevoke(
      { account: log.account, author: idOf(tablet), prev: target, target, at: 0 },
      tablet,
    )
    const elsewhere = accountIdFromBytes(new Uint8Array(32))
    for (const add of [
      addTo(log, home.phone, home.laptop),
      addTo(log, home.phone, home.laptop, {
        prev: more.devices.get(idOf(tablet))?.lastEntry ?? raise(),
      }),
      addTo(log, tablet, home.laptop),
      addTo(more, tablet, signerOf(92)),
      addTo(more, tablet, home.laptop, { account: elsewhere }),
      revoke.body,
      new Uint8Array(10),
    ]) {
      const { agreed } = await propose(home, tablet, more, add)
      expect(agreed).toMatchObject({ kind: 'refused', code: 'ERR_LINK_ACCOUNT' })
    }
  })

  test('by a device that is revoked, unknown, or may not link', async () => {
    const { home, tablet, log } = await adaWithTablet()
    const [target, prev] = [
      log.devices.get(idOf(tablet))?.addedBy,
      log.devices.get(log.first)?.lastEntry,
    ]
    const draft = { account: log.account, author: log.first, at: 0 }
    const revoke = await createRevoke(
      { ...draft, prev: prev ?? raise(), target: target ?? raise() },
      home.phone,
    )
    const guest = signerOf(93)
    for (const [dialler, its] of [
      [tablet, mergeDeviceLogs(log, [revoke])],
      [signerOf(94), log],
      [guest, await withDevice(log, home.phone, guest, { rights: { link: false } })],
    ] as const) {
      const { agreed } = await propose(home, dialler, its, addTo(its, dialler, home.laptop))
      expect(agreed).toMatchObject({ kind: 'refused', code: 'ERR_LINK_ACCOUNT' })
    }
  })

  test('ID-9 an add of a suite of tomorrow', async () => {
    const { home, tablet, log } = await adaWithTablet()
    const add = addTo(log, tablet, home.laptop)
    add[1] = 2
    const { agreed } = await propose(home, tablet, log, add)
    expect(agreed).toMatchObject({ kind: 'refused', code: 'ERR_SUITE_UNKNOWN' })
  })

  test('a ninth device finds out itself, with whatever the dialler says', async () => {
    const { home, tablet, log } = await adaWithTablet()
    let full = log
    for (const number of [11, 12, 13, 14, 15, 16])
      full = await withDevice(full, home.phone, signerOf(number))
    const add = addTo(full, tablet, home.laptop)
    const { agreed, grant } = await propose(home, tablet, full, add)
    if (agreed.kind === 'refused') throw new Error(agreed.code)
    const { signature } = await signAdd(add, tablet, new Uint8Array(64))
    const frame = grant(grantCodec.encode({ signature, epochKeys: EPOCH_KEYS, snapshot: SNAPSHOT }))
    const linked = readLinkGrant(agreed.state, frame, home.ofLaptop)
    expect(linked).toMatchObject({ kind: 'refused', code: 'ERR_LINK_LIMIT' })
  })

  test('an add that is never signed, also to a device that is in the account by another', async () => {
    const { home, tablet, log } = await adaWithTablet()
    for (const its of [log, await withDevice(log, home.phone, home.laptop)]) {
      const add = addTo(its, tablet, home.laptop)
      const { agreed, grant } = await propose(home, tablet, its, add)
      if (agreed.kind === 'refused') throw new Error(agreed.code)
      const signature = new Uint8Array(64)
      const frame = grant(
        grantCodec.encode({ signature, epochKeys: EPOCH_KEYS, snapshot: SNAPSHOT }),
      )
      const linked = readLinkGrant(agreed.state, frame, home.ofLaptop)
      expect(linked).toMatchObject({ kind: 'refused', code: 'ERR_LINK_ACCOUNT' })
    }
  })
})
