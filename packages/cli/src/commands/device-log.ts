import { readFile, writeFile } from 'node:fs/promises'
import type { DeviceLogReport } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import type { Report } from '../report.ts'
import { oneLine, table } from '../terminal-text.ts'
import { ago, isoTime } from '../times.ts'
import { ask, type CommandContext } from './context.ts'

/** Where an export goes when no file is named. */
const FILE = 'device-log.kith'

/** Writes the account's device log to a file that is not there yet. */
export async function exportDeviceLog(
  context: CommandContext,
  { path = FILE }: { readonly path?: string | undefined },
): Promise<void> {
  const files: Uint8Array[] = []
  // The event holds the file itself, which is for the disk and not for the output.
  const quiet = { ...context, report: { ...context.report, event: () => undefined } }
  await ask(
    quiet,
    { call: 'log export', input: {} },
    {
      onEvent: (event) => {
        if (event.event === 'device-log-file') files.push(Buffer.from(event.file, 'base64'))
      },
    },
  )
  const [file] = files
  if (file === undefined) throw CommandError.of('ERR_FAILED', 'The device gave no log.')
  await writeNew(path, file)
  const { report } = context
  report.event({ event: 'device-log-exported', path, bytes: file.length })
  report.print(oneLine(path))
  report.talk('Check it, now or later and anywhere, with: kith log verify FILE')
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw CommandError.of(
      'ERR_FILE',
      exists ? 'That file is there already.' : 'That file cannot be written.',
      'Name another file: kith log export FILE',
    )
  }
}

/** Checks an exported log, or a proof that a device was copied; needs no device and no home. */
export async function verifyDeviceLog(
  { report, now }: { readonly report: Report; readonly now: number },
  { path, since }: { readonly path: string; readonly since: string | undefined },
): Promise<number> {
  const file = await read(path)
  const earlier = since === undefined ? {} : { since: await read(since) }
  // The check is the protocol's own, and the package that has it is slow to load.
  const { readForkProof, verifyDeviceLogFile } = await import('@kithmesh/node')
  const fork = readForkProof(file)
  if (fork !== undefined) return sayFork(report, { ...fork.proof, valid: fork.holds })
  return sayLog(report, { ...verifyDeviceLogFile(file, earlier), now })
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch {
    throw CommandError.of(
      'ERR_FILE',
      `The file cannot be read: ${oneLine(path)}`,
      'Export one with: kith log export FILE',
    )
  }
}

interface Fork {
  readonly account: string
  readonly device: string
  readonly valid: boolean
}

function sayFork(report: Report, { account, device, valid }: Fork): number {
  report.event({ event: 'fork-proof', valid, account, device })
  report.print(
    valid
      ? 'The proof holds: this device signed two entries in one place.'
      : 'This proves nothing: its signatures do not hold.',
    ...table([
      ['  account', account],
      ['  device', device],
    ]),
    ...(valid ? ['It was copied, restored from a backup, or stolen.'] : []),
  )
  return valid ? EXIT.ok : EXIT.refused
}

const STATES = { in: 'active', held: 'held', suspended: 'suspended', revoked: 'unlinked' } as const

/** The last moment a Date can hold (ECMA-262 §21.4.1.1); an entry may name a later one. */
const LAST_MS = 8.64e15

const timeOf = (at: number): string => isoTime(Math.min(at, LAST_MS))

function sayLog(
  report: Report,
  { valid, state, faults, now }: DeviceLogReport & { readonly now: number },
): number {
  const devices = [...(state?.devices.values() ?? [])]
  report.event({
    event: 'device-log',
    valid,
    devices: devices.map(({ device, state: its, addedAt, takenInBy = null }) => ({
      device,
      state: STATES[its],
      addedAt: timeOf(addedAt),
      takenInBy,
    })),
    faults,
  })
  if (valid) {
    const rows = devices.map(({ device, state: its, addedAt }) => [
      `  ${STATES[its]}`,
      ago(timeOf(addedAt), now),
      device,
    ])
    report.print('The log is good. Its devices:', ...table(rows))
    return EXIT.ok
  }
  report.print(
    report.paint('bold', 'The log is not good:'),
    ...faults.flatMap(({ place, code, message }) => [`  ${place}: ${message}`, `    ${code}`]),
  )
  return EXIT.refused
}
