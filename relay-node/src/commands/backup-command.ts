import { open, readFile, stat } from 'node:fs/promises'
import { RelayError, reasonOf, systemCodeOf } from '../errors.ts'
import { makeHome, readKept, writeKept } from '../home/home.ts'
import { createOutput } from './output.ts'
import type { HomeFlags } from './status-command.ts'

/** What a backup file begins with; another version is refused. */
const VERSION = 1
const MAX_BACKUP_BYTES = 1024 * 1024

/** Writes all a relay is into one file that only its owner reads. @throws ERR_BACKUP */
export async function backUp(file: string, flags: HomeFlags): Promise<void> {
  const files = await readKept(flags.home)
  if (files['relay.key.pem'] === undefined) {
    throw new RelayError('ERR_BACKUP', `There is no relay in ${flags.home}`, {
      hint: 'Name its folder with --home.',
    })
  }
  await writeNew(file, `${JSON.stringify({ 'kith-relay': VERSION, files }, null, 2)}\n`)
  const output = createOutput(flags.json === true ? 'json' : 'text')
  output.event({ event: 'backup', file, files: Object.keys(files) })
  output.text(`Written to ${file}. Whoever has it can be this relay: keep it as you keep a key.`)
}

/** Makes a home from a backup. @throws ERR_BACKUP when it holds none, or the home holds a relay */
export async function restore(file: string, flags: HomeFlags): Promise<void> {
  const files = filesIn(await readBackup(file))
  await makeHome(flags.home)
  if ((await readKept(flags.home))['relay.key.pem'] !== undefined) {
    throw new RelayError('ERR_BACKUP', `There is a relay in ${flags.home} already`, {
      hint: 'Give another folder with --home.',
    })
  }
  await writeKept(flags.home, files)
  const output = createOutput(flags.json === true ? 'json' : 'text')
  output.event({ event: 'restored', home: flags.home, files: Object.keys(files) })
  output.text(`${flags.home} is that relay now. Run only one of the two.`)
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    const isThere = systemCodeOf(error) === 'EEXIST'
    const what = isThere ? 'it is there already' : reasonOf(error)
    throw new RelayError('ERR_BACKUP', `Cannot write ${file}: ${what}`, { cause: error })
  }
}

async function readBackup(file: string): Promise<unknown> {
  try {
    const { size } = await stat(file)
    if (size <= MAX_BACKUP_BYTES) return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if (systemCodeOf(error) !== undefined) {
      throw new RelayError('ERR_BACKUP', `Cannot read ${file}: ${reasonOf(error)}`, {
        cause: error,
      })
    }
  }
  return undefined
}

function filesIn(backup: unknown): Readonly<Record<string, string>> {
  if (isRecord(backup) && backup['kith-relay'] === VERSION && isRecord(backup['files'])) {
    const files: Record<string, string> = {}
    for (const [name, text] of Object.entries(backup['files'])) {
      if (typeof text === 'string') files[name] = text
    }
    if (files['relay.key.pem'] !== undefined) return files
  }
  throw new RelayError('ERR_BACKUP', 'That file is no backup of a relay', {
    hint: 'One is made with "kith-relay backup FILE".',
  })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
