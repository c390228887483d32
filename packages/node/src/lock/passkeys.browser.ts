/**
 * Passkeys that give a secret of their own: the PRF extension of WebAuthn (Web Authentication level 3,
 * §10.1.4). The passkey answers with the same 32 bytes for the same salt, and nobody else does.
 */

import { KithError, type Rng } from '@kithmesh/protocol'
import type { PasskeySecret, Passkeys } from './home-key.ts'

/** How long a person has to find the finger, in ms. */
const TIMEOUT_MS = 120_000
/** Signatures a passkey may make: Ed25519, ES256, RS256. Nobody here looks at one. */
const ALGORITHMS = [-8, -7, -257] as const
const SECRET_BYTES = 32

/** The passkeys of this page; undefined where the browser has none. */
export function pagePasskeys(rng: Rng): Passkeys | undefined {
  // A page that was not loaded by https has no credentials, whatever the type says.
  const credentials: CredentialsContainer | undefined = navigator.credentials
  if (credentials === undefined || typeof PublicKeyCredential === 'undefined') return undefined
  return {
    create: (asked) => create(asked, { credentials, rng }),
    get: (known, { signal }) => get(known, { credentials, rng, signal }),
  }
}

interface Tools {
  readonly credentials: CredentialsContainer
  readonly rng: Rng
  readonly signal?: AbortSignal | undefined
}

async function create(
  { salt, name }: Parameters<Passkeys['create']>[0],
  { credentials, rng }: Tools,
): Promise<PasskeySecret> {
  const made = await orRefused(() =>
    credentials.create({
      publicKey: {
        rp: { name: 'Kithmesh' },
        user: { id: owned(rng.bytes(16)), name, displayName: name },
        challenge: owned(rng.bytes(32)),
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
        timeout: TIMEOUT_MS,
        extensions: { prf: { eval: { first: owned(salt) } } },
      },
    }),
  )
  if (!(made instanceof PublicKeyCredential)) throw refused()
  const credential = new Uint8Array(made.rawId)
  const { prf } = made.getClientExtensionResults()
  if (prf?.enabled !== true) throw withoutPrf()
  const secret = secretOf(prf.results?.first)
  // Some passkeys answer only when they are asked a second time.
  if (secret !== undefined) return { credential, secret }
  return get([{ credential, salt }], { credentials, rng })
}

async function get(
  known: Parameters<Passkeys['get']>[0],
  { credentials, rng, signal }: Tools,
): Promise<PasskeySecret> {
  const asked = known.map(
    ({ credential, salt }) => [base64url(credential), { first: owned(salt) }] as const,
  )
  const used = await orRefused(() =>
    credentials.get({
      ...(signal === undefined ? {} : { signal }),
      publicKey: {
        challenge: owned(rng.bytes(32)),
        allowCredentials: known.map(({ credential }) => {
          return { type: 'public-key', id: owned(credential) }
        }),
        userVerification: 'required',
        timeout: TIMEOUT_MS,
        extensions: { prf: { evalByCredential: Object.fromEntries(asked) } },
      },
    }),
  )
  if (!(used instanceof PublicKeyCredential)) throw refused()
  const secret = secretOf(used.getClientExtensionResults().prf?.results?.first)
  if (secret === undefined) throw withoutPrf()
  return { credential: new Uint8Array(used.rawId), secret }
}

function secretOf(result: BufferSource | undefined): Uint8Array | undefined {
  if (result === undefined) return undefined
  const bytes = ArrayBuffer.isView(result)
    ? new Uint8Array(result.buffer, result.byteOffset, result.byteLength)
    : new Uint8Array(result)
  return bytes.length === SECRET_BYTES ? bytes.slice() : undefined
}

/** The browser tells no more than that it did not come to it: the person said no, or there is none. */
async function orRefused<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw refused(cause)
  }
}

function refused(cause?: unknown): KithError {
  return new KithError('ERR_PASSKEY', 'no passkey was given', { cause, hint: INSTEAD })
}

function withoutPrf(): KithError {
  return new KithError('ERR_PASSKEY', 'this passkey gives no key (it lacks PRF)', { hint: INSTEAD })
}

const INSTEAD = 'Try again, or use the passphrase.'

/** WebAuthn takes no bytes of shared memory, which the type of a plain Uint8Array allows. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
