/** Runs the examples of docs/spec/log.md: who does what, and who is in after it, with real keys. */

import { createHash } from 'node:crypto'
import {
  accountIdOfGenesis,
  countersignAdd,
  createGenesis,
  createLeave,
  createReadmit,
  createRecover,
  createRevoke,
  createSuspend,
  type DeviceLogState,
  deviceIdFromPublicKey,
  devicesIn,
  draftAdd,
  entryIdOfBody,
  lastEntryOf,
  mergeDeviceLogs,
  reduceDeviceLog,
  type SignedEntry,
  type Signer,
  signAdd,
  signerFromSeed,
} from '../src/index.ts'

/** A statement about who is where, and what the log says. */
export interface Outcome {
  readonly line: string
  readonly expected: readonly string[]
  readonly actual: readonly string[]
}

const signerOf = (name: string): Signer =>
  signerFromSeed(Uint8Array.from(createHash('sha256').update(name).digest()))

const namesIn = (list: string): readonly string[] => list.split(', ').filter((name) => name !== '')

/** Runs the lines of an example and gives its statements. */
export async function tellStory(lines: readonly string[]): Promise<readonly Outcome[]> {
  const story = await beginStory()
  const outcomes: Outcome[] = []
  for (const line of lines) {
    const [, what, at, list] = /^([a-z]+)(?: at (\d+))?:(.*)$/.exec(line) ?? []
    if (what === undefined || list === undefined) await story.act(line)
    else {
      const actual = story.names(what, at === undefined ? undefined : Number(at))
      outcomes.push({ line, expected: namesIn(list.trim()), actual })
    }
  }
  return outcomes
}

async function beginStory() {
  const phone = signerOf('phone')
  const root = signerOf('root')
  const recoveryKey = new Uint8Array(1216)
  const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 0 })
  const account = accountIdOfGenesis(genesis)
  const start = reduceDeviceLog(account, [genesis])
  /** What each holder of a key knows; a copy holds the key of another. */
  const views = new Map([['phone', start]])
  const signers = new Map([['phone', phone]])
  let apart = false
  let at = 0

  const nameOf = (device: string): string =>
    [...signers].find(([, { publicKey }]) => deviceIdFromPublicKey(publicKey) === device)?.[0] ?? ''
  const viewOf = (name: string): DeviceLogState => views.get(name) ?? start
  const signer = (name: string): Signer => signers.get(name) ?? signerOf(name)
  const idOf = (name: string) => deviceIdFromPublicKey(signer(name).publicKey)
  const whole = (): DeviceLogState =>
    [...views.values()].reduce((all, { entries }) => mergeDeviceLogs(all, entries), start)

  function spread(author: string, entry: SignedEntry): void {
    views.set(author, mergeDeviceLogs(viewOf(author), [entry]))
    if (!apart) meet()
  }

  function meet(): void {
    const all = whole()
    for (const name of views.keys()) views.set(name, mergeDeviceLogs(viewOf(name), all.entries))
  }

  const chained = (author: string) => {
    at += 1
    const prev = lastEntryOf(viewOf(author), idOf(author))
    return { account, author: idOf(author), prev, at }
  }
  const placeOf = (author: string, name: string) => {
    const standing = viewOf(author).devices.get(idOf(name))
    if (standing === undefined) throw new Error(`${author} knows no ${name}`)
    return standing
  }

  async function add(author: string, name: string, expiresAt?: number): Promise<void> {
    const expiry = expiresAt === undefined ? {} : { expiresAt }
    const body = draftAdd({
      ...chained(author),
      device: idOf(name),
      rights: { link: true },
      historyAt: 0,
      ...expiry,
    })
    signers.set(name, signer(name))
    views.set(name, viewOf(author))
    const entry = await signAdd(body, signer(author), await countersignAdd(body, signer(name)))
    views.set(name, mergeDeviceLogs(viewOf(author), [entry]))
    spread(author, entry)
  }

  async function recover(number: number, name: string, kept: readonly string[]): Promise<void> {
    const keep = kept.map((its) => ({ device: idOf(its), rights: { link: true } }))
    const device = signer(name)
    const recovered = { account, genesis: entryIdOfBody(genesis.body), root, number, keep }
    views.set(name, whole())
    signers.set(name, device)
    spread(name, await createRecover({ ...recovered, device, at: 0 }))
  }

  async function put(author: string, verb: string, name: string): Promise<void> {
    const { addedBy: target, suspensions } = placeOf(author, name)
    const draft = { ...chained(author), target }
    const own = signer(author)
    switch (verb) {
      case 'revokes':
        return spread(author, await createRevoke(draft, own))
      case 'suspends':
        return spread(author, await createSuspend({ ...draft, reason: 'lost' }, own))
      case 'readmits': {
        const answers = suspensions.map(({ entry }) => entry)
        return spread(author, await createReadmit({ ...draft, answers }, own))
      }
      default:
        throw new Error(`nobody ${verb}`)
    }
  }

  async function act(line: string): Promise<void> {
    const words = line.split(/,? /)
    const [author = '', verb = '', ...rest] = words
    if (line === 'apart') apart = true
    else if (line === 'together') {
      apart = false
      meet()
    } else if (author === 'root') {
      const [number = '', , device = '', , ...kept] = rest
      await recover(Number(number), device, kept)
    } else if (verb === 'is') {
      const copy = rest.at(-1) ?? ''
      signers.set(copy, signer(author))
      views.set(copy, viewOf(author))
    } else if (verb === 'leaves') {
      spread(author, await createLeave(chained(author), signer(author)))
    } else if (verb === 'adds') {
      const until = rest.indexOf('until')
      const expiresAt = until < 0 ? undefined : Number(rest[until + 1])
      for (const name of until < 0 ? rest : rest.slice(0, until)) await add(author, name, expiresAt)
    } else await put(author, verb, rest[0] ?? '')
  }

  function names(what: string, now = 0): readonly string[] {
    const state = whole()
    if (what === 'copied') return state.forks.map(({ device }) => nameOf(device))
    const devices =
      what === 'in'
        ? devicesIn(state, { now })
        : [...state.devices.values()].filter((its) => its.state === what)
    return devices.map(({ device }) => nameOf(device))
  }

  return { act, names }
}
