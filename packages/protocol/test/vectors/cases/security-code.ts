import { createAuthor, outOf } from '../author.ts'
import { textIn } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { flipped, type Member, type VectorCast } from './cast.ts'

/** Digits and codes of Ada and Ben. */
export async function securityCodeVectors({ ada, ben }: VectorCast): Promise<VectorFile> {
  const { makes, refuses, hex } = createAuthor('security-code')
  const side = ({ account, rootKey }: Member) => ({ account, rootKey })
  const code = await makes('as Ada computes it', 'security-code', {
    own: side(ada),
    theirs: side(ben),
  })
  const logs = { ada: { head: hex(20), size: 3 }, ben: { head: hex(20), size: 258 } }
  const ofAda = { fingerprint: textIn(outOf(code), 'own'), log: logs.ada }
  const ofBen = { fingerprint: textIn(outOf(code), 'theirs'), log: logs.ben }
  const shown = await makes('as Ada shows it', 'write-security-qr', { own: ofAda, theirs: ofBen })
  const scanned = textIn(outOf(shown), 'text')
  const atBen = { own: ofBen, theirs: ofAda, scanned }
  const behind = { ...ofAda, log: { head: hex(20), size: 2 } }
  const stranger = { ...ofAda, fingerprint: flipped(ofAda.fingerprint, 0) }
  const other = { ...ofBen, fingerprint: flipped(ofBen.fingerprint, 0) }
  return {
    about: 'The security code of two accounts: digits to read out, and the code to scan.',
    groups: [
      {
        name: 'digits',
        rules: ['ID-10', 'ID-11'],
        cases: [
          code,
          await makes('as Ben computes it', 'security-code', { own: side(ben), theirs: side(ada) }),
        ],
      },
      {
        name: 'the code to scan',
        rules: ['ID-12'],
        cases: [shown, await makes('as Ben reads it', 'read-security-qr', { text: scanned })],
      },
      {
        name: 'comparing',
        rules: ['ID-13'],
        cases: [
          await makes('the same', 'compare-security-qr', atBen),
          await makes('a log that is older here', 'compare-security-qr', {
            ...atBen,
            theirs: behind,
          }),
          await makes('somebody between the two', 'compare-security-qr', {
            ...atBen,
            theirs: stranger,
          }),
          await makes('of two other people', 'compare-security-qr', {
            ...atBen,
            own: other,
            theirs: stranger,
          }),
          await makes('one’s own', 'compare-security-qr', { own: ofAda, theirs: ofBen, scanned }),
          await makes('no code', 'compare-security-qr', { ...atBen, scanned: 'hello' }),
        ],
      },
      {
        name: 'refused',
        rules: ['ID-12'],
        cases: [
          await refuses(
            'a changed letter',
            'read-security-qr',
            { text: `${scanned.slice(0, -1)}${scanned.endsWith('A') ? 'B' : 'A'}` },
            'ERR_CODE_MALFORMED',
          ),
          await refuses(
            'cut short',
            'read-security-qr',
            { text: scanned.slice(0, -4) },
            'ERR_CODE_MALFORMED',
          ),
        ],
      },
    ],
  }
}
