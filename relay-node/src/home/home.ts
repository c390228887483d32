import { createHash, X509Certificate } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Clock,
  createCertificate,
  type HostCertificate,
  type NetIdentity,
  type Rng,
} from '@kithmesh/net'
import { isRelayError, RelayError, reasonOf, systemCodeOf } from '../errors.ts'
import { isAllowable, joinAllowed, parseAllowList } from '../ownership/allow-list.ts'
import type { Allowed } from '../ownership/served-accounts.ts'
import { generateKeyPem, identityFromPem } from './identity.ts'

/** What a relay keeps on disk, and nothing else (rule RLY-15). */
export interface RelayHome {
  readonly identity: NetIdentity
  readonly certificate: HostCertificate
  /** What `limits.json` sets; empty without the file. */
  readonly limits: Readonly<Record<string, unknown>>
  /** The account that owns it; undefined until it is claimed. */
  readonly owner: string | undefined
  /** Who else is allowed, as `allow.txt` says. */
  readonly allowed: Allowed
}

const KEY_FILE = 'relay.key.pem'
const CERTIFICATE_KEY_FILE = 'webrtc.key.pem'
const CERTIFICATE_FILE = 'webrtc.crt.pem'
const LIMITS_FILE = 'limits.json'
const OWNER_FILE = 'owner.txt'
const ALLOW_FILE = 'allow.txt'
const USAGE_FILE = 'usage.json'

/** None of these files is larger; whatever is, is not ours. */
const MAX_FILE_BYTES = 64 * 1024

/** Makes the folder of a relay, closed to others. @throws ERR_HOME_UNUSABLE */
export async function makeHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unusable(home, error)
  }
}

/** Reads what a relay keeps in its folder, and makes what is missing. @throws ERR_HOME_UNUSABLE, ERR_KEY_MALFORMED, ERR_CERTIFICATE, ERR_LIMITS */
export async function openHome(
  home: string,
  environment: { readonly clock: Clock; readonly rng: Rng },
): Promise<RelayHome> {
  try {
    const keyPem = await readOrMake(join(home, KEY_FILE), generateKeyPem)
    const certificate = await readOrMakeCertificate(home, environment)
    return {
      identity: identityFromPem(keyPem),
      certificate,
      limits: await readLimits(home),
      owner: await readOwner(home),
      allowed: await readAllowed(home),
    }
  } catch (error) {
    if (isRelayError(error)) throw error
    throw unusable(home, error)
  }
}

async function readOrMake(path: string, make: () => string): Promise<string> {
  const found = await readSmall(path)
  if (found !== undefined) {
    await chmod(path, 0o600) // a copy put back from a backup may be readable by everybody
    return found
  }
  const made = make()
  await writeSecret(path, made)
  return made
}

/** Its hash stands in the relay's addresses: made once, kept for its ten years. */
async function readOrMakeCertificate(
  home: string,
  environment: { readonly clock: Clock; readonly rng: Rng },
): Promise<HostCertificate> {
  const pem = await readSmall(join(home, CERTIFICATE_FILE))
  const privateKey = await readSmall(join(home, CERTIFICATE_KEY_FILE))
  if (pem !== undefined && privateKey !== undefined) {
    return { pem, privateKey, certhash: certhashOf(pem) }
  }
  const made = await createCertificate(environment)
  await writeSecret(join(home, CERTIFICATE_KEY_FILE), made.privateKey)
  await writeSecret(join(home, CERTIFICATE_FILE), made.pem)
  return made
}

/** Multibase base64url of the SHA-256 multihash (0x12, 32 bytes) of the certificate. */
function certhashOf(pem: string): string {
  try {
    const digest = createHash('sha256').update(new X509Certificate(pem).raw).digest()
    return `u${Buffer.concat([Uint8Array.of(0x12, 0x20), digest]).toString('base64url')}`
  } catch (error) {
    throw new RelayError('ERR_CERTIFICATE', `${CERTIFICATE_FILE} holds no certificate`, {
      cause: error,
      hint: 'Put it back from your backup, or remove it: the webrtc-direct address then changes.',
    })
  }
}

/** Keeps the account that owns a relay. */
export async function writeOwner(home: string, account: string): Promise<void> {
  await writeSecret(join(home, OWNER_FILE), `${account}\n`)
}

async function readOwner(home: string): Promise<string | undefined> {
  const text = (await readSmall(join(home, OWNER_FILE)))?.trim()
  if (text === undefined || isAllowable(text)) return text
  throw new RelayError('ERR_OWNER', `${OWNER_FILE} names no account`, {
    hint: 'Put it back from your backup, or remove it: the relay can then be claimed anew.',
  })
}

/** The allow list of a home, and of another file where one is given. @throws ERR_ALLOW_LIST */
export async function readAllowed(home: string, file?: string): Promise<Allowed> {
  const own = await parseAllowList((await readSmall(join(home, ALLOW_FILE))) ?? '')
  if (file === undefined) return own
  const other = await readSmall(file)
  if (other !== undefined) return joinAllowed(own, await parseAllowList(other))
  throw new RelayError('ERR_ALLOW_LIST', `There is no file ${file}`, {
    hint: 'Give a file with one id a line with --allow.',
  })
}

/** The lines of the allow list of a home, comments and all. @throws ERR_ALLOW_LIST */
export async function allowLines(home: string): Promise<readonly string[]> {
  const text = (await readSmall(join(home, ALLOW_FILE))) ?? ''
  await parseAllowList(text)
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** Adds ids to the allow list of a home, or takes them out. Gives the list as it is then. */
export async function changeAllowed(
  home: string,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<readonly string[]> {
  await makeHome(home)
  const gone = new Set([...add, ...remove])
  const kept = (await allowLines(home)).filter((line) => !gone.has(line.replace(/#.*/, '').trim()))
  const lines = [...kept, ...add]
  await parseAllowList(lines.join('\n'))
  await writeSecret(join(home, ALLOW_FILE), lines.map((line) => `${line}\n`).join(''))
  return lines
}

/** All that makes a relay this relay, in the order of the guide. */
const KEPT_FILES: readonly string[] = [
  KEY_FILE,
  CERTIFICATE_KEY_FILE,
  CERTIFICATE_FILE,
  OWNER_FILE,
  ALLOW_FILE,
  LIMITS_FILE,
]

/** The files of a home by name, those that are there. */
export async function readKept(home: string): Promise<Readonly<Record<string, string>>> {
  const kept: Record<string, string> = {}
  for (const name of KEPT_FILES) {
    const text = await readSmall(join(home, name))
    if (text !== undefined) kept[name] = text
  }
  return kept
}

/** Puts such files into a home; what a relay does not keep is left out. */
export async function writeKept(
  home: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const name of KEPT_FILES) {
    const text = files[name]
    if (text !== undefined) await writeSecret(join(home, name), text)
  }
}

/** What was forwarded in a month; undefined where nothing is written, or nothing that can be read. */
export async function readUsage(home: string): Promise<Usage | undefined> {
  const usage = parseJson((await readSmall(join(home, USAGE_FILE))) ?? '')
  if (!isRecord(usage)) return undefined
  const { month, bytes } = usage
  return typeof month === 'string' && typeof bytes === 'number' ? { month, bytes } : undefined
}

/** A sum and its month, `2026-11`. */
export interface Usage {
  readonly month: string
  readonly bytes: number
}

/** Keeps what was forwarded in a month. */
export async function writeUsage(home: string, usage: Usage): Promise<void> {
  await writeSecret(join(home, USAGE_FILE), `${JSON.stringify(usage)}\n`)
}

/** What `limits.json` of a home sets. @throws ERR_LIMITS */
export async function readLimits(home: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readSmall(join(home, LIMITS_FILE))
  if (text === undefined) return {}
  const limits = parseJson(text)
  if (isRecord(limits)) return limits
  throw new RelayError('ERR_LIMITS', `${LIMITS_FILE} is no JSON object`, {
    hint: 'Write it like {"maxReservations": 64}, or remove it.',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function readSmall(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path)
    if (size > MAX_FILE_BYTES) throw new RelayError('ERR_HOME_UNUSABLE', `${path} is too large`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Whole or not at all, and on the disk before it is used: a lost key is a lost address. */
async function writeSecret(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

function unusable(home: string, error: unknown): RelayError {
  return new RelayError('ERR_HOME_UNUSABLE', `Cannot use ${home}: ${reasonOf(error)}`, {
    cause: error,
    hint: 'Give a folder you may write to with --home.',
  })
}
