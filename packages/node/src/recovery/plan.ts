import { type DeviceId, type DeviceStanding, entryBodyCodec, KithError } from '@kithmesh/protocol'
import type { RecoveryPlan } from '../api/recovery.ts'
import { ACCOUNT_NAME } from '../contacts/contacts.ts'
import { type Findings, nameOfDevice } from './findings.ts'

/** Devices a recovery can keep beside the new one (LOG-13). */
const MAX_KEPT = 7

/** What a person is shown before anything is written (REC-22). */
export function recoveryPlan(findings: Findings, kept: readonly DeviceId[]): RecoveryPlan {
  const { account, log, data, answers } = findings
  const devices = keepable(findings).map(({ device }) => {
    const kind = data.devices.get(device)?.kind ?? 'unknown'
    const keeps = kept.includes(device)
    const answered = answers.some((answer) => answer.device === device)
    return { device, name: nameOfDevice(findings, device), kind, kept: keeps, answered }
  })
  return {
    account,
    name: String(data.settings.get(ACCOUNT_NAME) ?? ''),
    since: genesisTime(findings),
    devices,
    contacts: data.contacts.list().length,
    starred: data.starred.list().length,
    settings: data.settings.list().size,
    ...(findings.copyMadeAt === undefined ? {} : { copyMadeAt: findings.copyMadeAt }),
    fromRemoved: findings.fromRemoved,
    history: kept.length > 0 ? 'kept-devices' : 'none',
    sources: answers.map(({ device, own, name }) => {
      return own === account
        ? { device, own: true, name: nameOfDevice(findings, device) }
        : { device, own: false, name: data.contacts.get(own)?.name ?? name }
    }),
    number: log.recoveries + 1,
  }
}

/**
 * The devices named by id or by name that stay.
 *
 * @throws ERR_RECOVERY_KEEP for a name of no device, or of two, and for more than seven
 */
export function devicesToKeep(findings: Findings, keep: readonly string[]): readonly DeviceId[] {
  const devices = keepable(findings).map(({ device }) => device)
  const kept = new Set(
    keep.map((named) => {
      const fits = devices.filter(
        (device) => device === named || nameOfDevice(findings, device) === named,
      )
      const [only, ...others] = fits
      if (only !== undefined && others.length === 0) return only
      const names = devices.map((device) => `"${nameOfDevice(findings, device)}"`)
      throw new KithError(
        'ERR_RECOVERY_KEEP',
        only === undefined ? 'the account has no such device' : 'two devices have that name',
        { hint: names.length > 0 ? `There are ${names.join(', ')}.` : 'There is none to keep.' },
      )
    }),
  )
  if (kept.size > MAX_KEPT) {
    throw new KithError('ERR_RECOVERY_KEEP', `a recovery keeps at most ${MAX_KEPT} devices`)
  }
  return [...kept]
}

/** Whoever is out stays out: it is taken in again by linking it. */
function keepable({ log }: Findings): readonly DeviceStanding[] {
  return [...log.devices.values()].filter(({ state }) => state === 'in' || state === 'held')
}

function genesisTime({ log }: Findings): number {
  for (const { body } of log.entries) {
    const entry = entryBodyCodec.decode(body)
    if (entry.kind === 'genesis') return entry.at
  }
  throw new KithError('ERR_LOG_GENESIS', 'a device log without a genesis')
}
