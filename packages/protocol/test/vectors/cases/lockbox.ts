import { domainBytes, joinBytes } from '../../../src/index.ts'
import { createAuthor, outOf } from '../author.ts'
import { fromHex, objectIn, textIn, toHex } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { flipped, hexOfText, START, type VectorCast } from './cast.ts'

/** Boxes to a device and to an account, and all that opens neither. */
export async function lockboxVectors({ ben }: VectorCast): Promise<VectorFile> {
  const { makes, refuses, hex } = createAuthor('lockbox')
  const card = outOf(await makes('card', 'read-card', { card: ben.card, now: START }))
  const { prekeySecret, kemPrekeySeed } = ben.prekeys
  const root = outOf(await makes('root', 'account-root', { entropy: ben.entropy }))
  const toDevice = toHex(
    joinBytes(fromHex(textIn(card, 'kemPrekey')), fromHex(textIn(card, 'prekey'))),
  )
  const context = { info: toHex(domainBytes('epoch grant')), aad: hex(32) }
  const plaintext = hexOfText('an epoch key')
  const device = await makes('to a device, by both prekeys of its card', 'seal-lockbox', {
    to: toDevice,
    ...context,
    plaintext,
  })
  const account = await makes('to the recovery key of an account', 'seal-lockbox', {
    to: textIn(root, 'recoveryPublicKey'),
    info: toHex(domainBytes('recovery copy')),
    aad: '',
    plaintext,
  })
  const secret = { prekeySecret: prekeySecret ?? '', kemPrekeySeed: kemPrekeySeed ?? '' }
  const opening = { ...secret, ...context, lockbox: textIn(outOf(device), 'lockbox') }
  const { lockbox } = opening
  const changed = {
    'another info': { info: toHex(domainBytes('recovery copy')) },
    'other associated data': { aad: flipped(context.aad, 0) },
    'another KEM ciphertext': { lockbox: flipped(lockbox, 5) },
    'another tag': { lockbox: flipped(lockbox, -1) },
    'another prekey': { prekeySecret: flipped(opening.prekeySecret.toString(), 8) },
    'an ephemeral key of small order': {
      lockbox: lockbox.slice(0, 2 * (5 + 1088)) + '00'.repeat(32) + lockbox.slice(2 * (5 + 1120)),
    },
    'no lockbox': { lockbox: '8201' },
  }
  return {
    about:
      'Lockboxes: HPKE in base mode with X-Wing. `to` is the ML-KEM-768 key, then the X25519 key.',
    groups: [
      { name: 'sealing', rules: ['SES-17'], cases: [device, account] },
      {
        name: 'opening',
        rules: ['SES-17', 'ID-7'],
        cases: [
          await makes('by the secrets of a card', 'open-lockbox', opening),
          await makes('by the recovery key', 'open-lockbox', {
            seed: textIn(root, 'recoverySecretKey'),
            ...objectIn({ in: account.in }, 'in'),
            lockbox: textIn(outOf(account), 'lockbox'),
          }),
        ],
      },
      {
        name: 'opening nothing',
        rules: ['SES-17'],
        cases: await Promise.all(
          Object.entries(changed).map(([name, change]) =>
            makes(name, 'open-lockbox', { ...opening, ...change }),
          ),
        ),
      },
      {
        name: 'refused',
        rules: ['SES-17', 'MSG-6'],
        cases: [
          await refuses(
            'a later suite',
            'open-lockbox',
            { ...opening, lockbox: `8202${lockbox.slice(4)}` },
            'ERR_SUITE_UNKNOWN',
          ),
          await refuses(
            'a key cut short',
            'seal-lockbox',
            { to: toDevice.slice(2), ...context, plaintext },
            'ERR_KEY_REFUSED',
          ),
          await refuses(
            'an X25519 key of small order',
            'seal-lockbox',
            { to: toDevice.slice(0, -64) + '00'.repeat(32), ...context, plaintext },
            'ERR_KEY_REFUSED',
          ),
        ],
      },
    ],
  }
}
