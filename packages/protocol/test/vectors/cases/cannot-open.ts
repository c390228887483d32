import { messageIdFromBytes } from '../../../src/index.ts'
import { createAuthor, outOf } from '../author.ts'
import { fromHex, textIn } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { flipped, partyOf, type VectorCast } from './cast.ts'

/** What Ben signs for Ada, and all it is not about. */
export async function cannotOpenVectors({ ada, ben }: VectorCast): Promise<VectorFile> {
  const { makes, refuses, hex } = createAuthor('cannot-open')
  const about = {
    by: partyOf(ben),
    to: partyOf(ada),
    message: messageIdFromBytes(fromHex(hex(16))),
    ratchetKey: hex(32),
  }
  const signed = await makes('Ben cannot open what Ada sealed', 'sign-cannot-open', {
    ...about,
    deviceSeed: ben.deviceSeed,
  })
  const forged = await makes('the same, signed by Ada', 'sign-cannot-open', {
    ...about,
    deviceSeed: ada.deviceSeed,
  })
  const encoded = textIn(outOf(signed), 'encoded')
  const read = { encoded, expected: about }
  const others = {
    'about an envelope that was sealed again since': { ratchetKey: flipped(about.ratchetKey, 0) },
    'about another message': { message: messageIdFromBytes(fromHex(hex(16))) },
    'of another device': { by: { ...about.by, device: ada.device } },
    'of another account': { by: { ...about.by, account: ada.account } },
    'to another device': { to: about.by },
  }
  return {
    about: 'The record of a device that cannot open an envelope, sealed as a control message.',
    groups: [
      { name: 'signing', rules: ['SES-26'], cases: [signed, forged] },
      {
        name: 'reading',
        rules: ['SES-26', 'SES-27'],
        cases: [
          await makes('about that envelope', 'read-cannot-open', read),
          ...(await Promise.all(
            Object.entries(others).map(([name, change]) =>
              makes(name, 'read-cannot-open', { encoded, expected: { ...about, ...change } }),
            ),
          )),
          await makes('not signed by the device it was for', 'read-cannot-open', {
            encoded: textIn(outOf(forged), 'encoded'),
            expected: about,
          }),
          await makes('another signature', 'read-cannot-open', {
            ...read,
            encoded: flipped(encoded, -1),
          }),
        ],
      },
      {
        name: 'refused',
        rules: ['ID-4', 'MSG-6'],
        cases: [
          await refuses(
            'a byte too many',
            'read-cannot-open',
            { ...read, encoded: `${encoded}00` },
            'ERR_MALFORMED',
          ),
          await refuses(
            'a later suite',
            'read-cannot-open',
            { ...read, encoded: `${encoded.slice(0, 2)}02${encoded.slice(4)}` },
            'ERR_SUITE_UNKNOWN',
          ),
        ],
      },
    ],
  }
}
