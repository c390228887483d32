import { createHash } from 'node:crypto'
import { base32nopad } from '@scure/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKithError } from '../errors.ts'
import { domainBytes } from '../identity/domain.ts'
import { accountIdFromBytes, deviceIdFromPublicKey } from '../ids.ts'
import { codeToText } from './code-text.ts'
import { createInviteCode, parseInviteCode } from './invite-code.ts'
import { createJoinCode, createLinkCode, parseJoinCode, parseLinkCode } from './link-code.ts'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const secret = fc.uint8Array({ minLength: 16, maxLength: 16 })
const addresses = fc.array(fc.uint8Array({ minLength: 1, maxLength: 160 }), { maxLength: 2 })
const linkCode = fc.record({ device: key.map(deviceIdFromPublicKey), secret, addresses })
const inviteCode = fc.record({
  account: key.map(accountIdFromBytes),
  device: key.map(deviceIdFromPublicKey),
  secret,
  addresses,
})

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'no error'
  } catch (error) {
    return isKithError(error) ? error.code : `not a KithError: ${error}`
  }
}

describe('LNK-1 codes', () => {
  test('round trip, in any case and with any white space', () => {
    fc.assert(
      fc.property(linkCode, inviteCode, (link, invite) => {
        expect(parseLinkCode(createLinkCode(link))).toEqual({ kind: 'link-code', ...link })
        expect(parseInviteCode(createInviteCode(invite))).toEqual({
          kind: 'invite-code',
          ...invite,
        })
        const broken = createLinkCode(link)
          .toLowerCase()
          .replaceAll(/(.{20})/g, '$1\r\n ')
        expect(parseLinkCode(`\t${broken}\n`)).toEqual({ kind: 'link-code', ...link })
      }),
    )
  })

  test('a link code with two addresses of 59 bytes together fits a QR code of 41 modules', () => {
    const text = createLinkCode({
      device: deviceIdFromPublicKey(new Uint8Array(32).fill(255)),
      secret: new Uint8Array(16).fill(255),
      addresses: [new Uint8Array(29).fill(255), new Uint8Array(30).fill(255)],
    })
    // ISO/IEC 18004, version 6, level L: 195 alphanumeric characters.
    expect(text.length).toBeLessThanOrEqual(195)
    expect(text).toMatch(/^[0-9A-Z $%*+\-./:]+$/)
  })

  test('any one character mistyped, left out, doubled or swapped is noticed', () => {
    const text = createLinkCode({
      device: deviceIdFromPublicKey(Uint8Array.from({ length: 32 }, (_, at) => at * 7)),
      secret: new Uint8Array(16).fill(3),
      addresses: [Uint8Array.of(4, 127, 0, 0, 1)],
    })
    const seen = new Set<string>()
    for (let at = 0; at < text.length; at++) {
      const before = text.slice(0, at)
      const [here = '', next = ''] = [text[at], text[at + 1]]
      const after = text.slice(at + 1)
      for (const wrong of [
        `${before}${here === 'A' ? 'B' : 'A'}${after}`,
        `${before}${after}`,
        `${before}${here}${here}${after}`,
        `${before}1${after}`,
      ]) {
        seen.add(codeOf(() => parseLinkCode(wrong)))
      }
      if (here !== next && next !== '') {
        seen.add(codeOf(() => parseLinkCode(`${before}${next}${here}${after.slice(1)}`)))
      }
    }
    expect([...seen].sort()).toEqual(['ERR_CODE_KIND', 'ERR_CODE_MALFORMED'])
  })

  test('A6 a code for something else, or of another version, says so', () => {
    fc.assert(
      fc.property(linkCode, inviteCode, (link, invite) => {
        expect(codeOf(() => parseLinkCode(createInviteCode(invite)))).toBe('ERR_CODE_KIND')
        expect(codeOf(() => parseInviteCode(createLinkCode(link)))).toBe('ERR_CODE_KIND')
        const renamed = createInviteCode(invite).replace(':C/', ':L/')
        expect(codeOf(() => parseLinkCode(renamed))).toBe('ERR_CODE_MALFORMED')
      }),
      { numRuns: 20 },
    )
    expect(codeOf(() => parseLinkCode('WEB+KITH:Z/AAAA'))).toBe('ERR_CODE_KIND')
    // The code of the key 07…07 and the secret 09…09, with version 2.
    expect(codeOf(() => parseLinkCode(LINK_CODE_OF_VERSION_2))).toBe('ERR_CODE_VERSION')
  })

  test('three addresses, one cut short and one too long are no code, though the checksum fits', () => {
    const long = [161, ...Array(161).fill(1)]
    for (const addresses of [[1, 1, 1, 2, 1, 3], [5, 1, 2], [0], long]) {
      const body = Uint8Array.of(1, ...Array(32).fill(7), ...Array(16).fill(9), ...addresses)
      const sum = createHash('sha256').update(domainBytes('link code checksum', body)).digest()
      const text = base32nopad.encode(Uint8Array.of(...body, ...sum.subarray(0, 4)))
      expect(codeOf(() => parseLinkCode(`WEB+KITH:L/${text}`))).toBe('ERR_CODE_MALFORMED')
    }
  })

  test('any text is refused by a code or read', () => {
    const near = fc.string({ unit: fc.constantFrom(...'ABCXYZ234567'), maxLength: 220 })
    const text = fc.oneof(
      fc.string(),
      near.map((tail) => `WEB+KITH:L/${tail}`),
    )
    fc.assert(
      fc.property(text, (input) =>
        ['ERR_CODE_MALFORMED', 'ERR_CODE_KIND'].includes(codeOf(() => parseLinkCode(input))),
      ),
      { numRuns: 2000 },
    )
  })

  test('a megabyte is refused at once', () => {
    const start = performance.now()
    expect(codeOf(() => parseLinkCode(`WEB+KITH:L/${'A'.repeat(1 << 20)}`))).toBe(
      'ERR_CODE_MALFORMED',
    )
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  test.each([
    ['a short secret', { secret: new Uint8Array(15), addresses: [] }],
    [
      'three addresses',
      { secret: new Uint8Array(16), addresses: [1, 2, 3].map((n) => Uint8Array.of(n)) },
    ],
    ['an empty address', { secret: new Uint8Array(16), addresses: [new Uint8Array()] }],
    ['an address of 161 bytes', { secret: new Uint8Array(16), addresses: [new Uint8Array(161)] }],
  ])('%s does not fit a code', (_, tail) => {
    expect(codeOf(() => codeToText('link', new Uint8Array(32), tail))).toBe('ERR_TOO_LARGE')
  })
})

const LINK_CODE_OF_VERSION_2 =
  'WEB+KITH:L/AIDQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOCIJBEEQSCIJBEEQSCIJBEEQSCL2YACZE'

describe('LNK-16 which of two devices shows a code', () => {
  const device = deviceIdFromPublicKey(new Uint8Array(32).fill(1))
  const said = {
    device,
    secret: new Uint8Array(16).fill(2),
    addresses: [new Uint8Array(8).fill(3)],
  }

  test('a join code is read as it was written', () => {
    const text = createJoinCode(said)
    expect(text).toMatch(/^WEB\+KITH:J\/[A-Z2-7]+$/)
    expect(parseJoinCode(` ${text.toLowerCase()}\n`)).toEqual({ kind: 'join-code', ...said })
  })

  test('one kind is never taken for the other, nor for anything else', () => {
    const [link, join] = [createLinkCode(said), createJoinCode(said)]
    expect(() => parseLinkCode(join)).toThrow(expect.objectContaining({ code: 'ERR_CODE_ROLE' }))
    expect(() => parseJoinCode(link)).toThrow(expect.objectContaining({ code: 'ERR_CODE_ROLE' }))
    expect(() => parseInviteCode(join)).toThrow(expect.objectContaining({ code: 'ERR_CODE_KIND' }))
    // Not even by changing the letter: it is under the checksum.
    const relabelled = link.replace(':L/', ':J/')
    expect(() => parseJoinCode(relabelled)).toThrow(
      expect.objectContaining({ code: 'ERR_CODE_MALFORMED' }),
    )
  })
})
