import { describe, expect, test } from 'vitest'
import { bent } from '../../test/bent-frame.ts'
import {
  adaAtHome,
  codeOf,
  FRAMES,
  type FrameName,
  idOf,
  link,
  raise,
  seededRng,
  signerOf,
  withDevice,
} from '../../test/two-devices.ts'
import { mergeDeviceLogs } from '../identity/device-log.ts'
import { openCodeLife } from './code-life.ts'
import { dialCode } from './code-meeting.ts'

describe('attacks on linking: refused on both sides, nothing kept', () => {
  test.each(FRAMES)('LNK-7 LNK-8 any bit of the %s changed', async (name) => {
    const codes = new Set<string>()
    for (let place = 0; place < 1; place += 0.04) {
      const end = await link(await adaAtHome(), {
        tamper: (at, frame) =>
          at === name ? bent(frame, Math.floor(place * frame.length)) : frame,
      })
      // The last frame: the laptop is linked and said so, the phone cannot tell.
      expect(end.laptop === 'done').toBe(name === 'done')
      expect(end.phone).not.toBe('done')
      codes.add(end.phone)
    }
    const known = [
      'ERR_CODE_WRONG_SECRET',
      'ERR_LINK_ORDER',
      'ERR_LINK_SEAL',
      'ERR_MALFORMED',
      'ERR_SUITE_UNKNOWN',
    ]
    expect([...codes].filter((code) => !known.includes(code))).toEqual([])
  })

  test.each(FRAMES)('LNK-7 the %s cut short, empty, or followed by a byte', async (name) => {
    for (const change of [
      (frame: Uint8Array) => frame.subarray(0, -1),
      () => new Uint8Array(),
      (frame: Uint8Array) => Uint8Array.of(...frame.subarray(0, 60), 0),
    ]) {
      const end = await link(await adaAtHome(), {
        tamper: (at, frame) => (at === name ? change(frame) : frame),
      })
      expect(end.phone).toMatch(/^ERR_(MALFORMED|LINK_SEAL)$/)
      expect(end.laptop === 'done').toBe(name === 'done')
    }
  })

  test('LNK-8 messages sent back to their maker', async () => {
    const back: Readonly<Record<string, FrameName>> = {
      answer: 'hello',
      ready: 'reveal',
      agreement: 'proposal',
      done: 'grant',
    }
    for (const [name, source] of Object.entries(back)) {
      const end = await link(await adaAtHome(), {
        tamper: (at, frame, sent) => (at === name ? (sent.get(source) ?? frame) : frame),
      })
      expect(end.phone).toBe(name === 'answer' ? 'ERR_LINK_ORDER' : 'ERR_LINK_SEAL')
    }
  })

  test('LNK-8 messages out of their order, or of an earlier attempt', async () => {
    const home = await adaAtHome()
    const earlier = new Map<FrameName, Uint8Array>()
    const { life } = await link(home, {
      tamper: (name, frame) => {
        earlier.set(name, frame)
        return frame
      },
    })
    for (const name of FRAMES.filter((frame) => frame !== 'done')) {
      const end = await link(home, {
        life: name === 'hello' ? life : openCodeLife(home.ofLaptop),
        tamper: (at, frame) => (at === name ? (earlier.get(name) ?? frame) : frame),
      })
      const code = { hello: 'ERR_CODE_USED', answer: 'ERR_CODE_WRONG_SECRET' }
      expect(end.phone).toBe(name === 'hello' || name === 'answer' ? code[name] : 'ERR_LINK_SEAL')
      expect(end.laptop).toBe(end.phone)
    }
    const swapped = await link(home, {
      life: openCodeLife(home.ofLaptop),
      tamper: (at, frame, sent) => (at === 'grant' ? (sent.get('proposal') ?? frame) : frame),
    })
    expect([swapped.phone, swapped.laptop]).toEqual(['ERR_LINK_SEAL', 'ERR_LINK_SEAL'])
  })

  test('LNK-7 ephemeral keys swapped for those of somebody between', async () => {
    const other = await adaAtHome()
    const code = codeOf(other, { ...other.life, secret: new Uint8Array(16) })
    const theirs = dialCode(
      { code, self: idOf(other.phone), description: { name: 'M', kind: 'cli' } },
      { ...other.ofPhone, rng: seededRng('mallory') },
    ).send
    for (const name of ['hello', 'answer'] as const) {
      const end = await link(await adaAtHome(), {
        tamper: (at, frame) => (at === name ? withEphemeralOf(frame, theirs, name) : frame),
      })
      expect([end.phone, end.laptop]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
    }
  })

  test('LNK-6 the hello of one device, carried to the laptop by another', async () => {
    const home = await adaAtHome()
    const end = await link(home, { dialler: idOf(signerOf(77)) })
    expect([end.phone, end.laptop]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
    expect(end.life.badProofs).toBe(1)
  })

  test('LNK-6 the hello to one device, carried to another that shows the same secret', async () => {
    const home = await adaAtHome()
    const other = idOf(signerOf(78))
    const end = await link(home, { code: { ...codeOf(home, home.life), device: other } })
    expect([end.phone, end.laptop]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
  })

  test('A1 LNK-10 whoever may not link is told before the new device hears of the account', async () => {
    const home = await adaAtHome()
    const guest = signerOf(79)
    const log = await withDevice(home.log, home.phone, guest, { rights: { link: false } })
    const forked = await withDevice(log, home.phone, signerOf(80))
    const clone = await withDevice(log, home.phone, signerOf(81))
    for (const otherwise of [
      { log, author: guest },
      { log, author: signerOf(82) },
      { log: mergeDeviceLogs(forked, clone.entries), author: home.phone },
    ]) {
      const end = await link(home, otherwise)
      expect([end.phone, end.laptop]).toEqual(['ERR_LINK_RIGHT', 'ERR_LINK_RIGHT'])
    }
  })

  test('LNK-10 a device does not link itself', async () => {
    const home = await adaAtHome()
    const log = await withDevice(home.log, home.phone, home.laptop)
    const end = await link(home, { log, author: home.laptop })
    expect([end.phone, end.laptop]).toEqual(['ERR_LINK_ALREADY', 'ERR_LINK_ALREADY'])
  })
})

/** The frame with the ephemeral key of another hello in place of its own. */
function withEphemeralOf(
  frame: Uint8Array,
  other: Uint8Array,
  name: 'hello' | 'answer',
): Uint8Array {
  const keyIn = (bytes: Uint8Array): number => {
    // Behind the marks of two byte strings of 32 bytes: nonce, then ephemeral.
    const marks = [...bytes.keys()].filter((at) => bytes[at] === 0x58 && bytes[at + 1] === 32)
    return (marks[1] ?? raise()) + 2
  }
  const copy = Uint8Array.from(frame)
  const from = keyIn(other)
  expect(name === 'hello' || name === 'answer').toBe(true)
  copy.set(other.subarray(from, from + 32), keyIn(frame))
  return copy
}
