import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, realpath, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { RelayError, reasonOf } from '../errors.ts'
import { createOutput } from './output.ts'
import { systemdUnit } from './systemd-unit.ts'

/** The flags of `kith-relay install`. */
export interface InstallFlags {
  readonly systemd?: boolean
  readonly print?: boolean
  readonly json?: boolean
}

/** Where it is put: a folder of npx may be emptied at any time. */
const PROGRAM_FOLDER = '/usr/local/lib/kith-relay'
const UNIT_FILE = '/etc/systemd/system/kith-relay.service'
/** The home of the service, made by systemd. */
const SERVICE_HOME = '/var/lib/kith-relay'

/** Puts program and unit in their places and starts the service. @throws ERR_INSTALL, ERR_USAGE */
export async function install(run: readonly string[], flags: InstallFlags): Promise<void> {
  if (flags.systemd !== true) {
    throw new RelayError('ERR_USAGE', 'Only systemd is known: say --systemd', {
      hint: 'Elsewhere have your system run "kith-relay run --log".',
    })
  }
  const output = createOutput(flags.json === true ? 'json' : 'text')
  const node = join(PROGRAM_FOLDER, 'node')
  const unit = systemdUnit({ node, program: join(PROGRAM_FOLDER, 'dist/kith-relay.js'), run })
  if (flags.print === true) {
    output.event({ event: 'unit', unit })
    output.text(unit.trimEnd())
    return
  }
  await place(unit, node)
  await start()
  output.event({ event: 'installed', unit: UNIT_FILE, home: SERVICE_HOME })
  output.text(NEXT)
}

const NEXT = `It runs, and starts with the machine.
  Claim it     sudo kith-relay claim-code --home ${SERVICE_HOME}
  See it       sudo kith-relay status --home ${SERVICE_HOME}
  Its log      journalctl -u kith-relay
  Limits       sudo systemctl reload kith-relay   after a change of limits.json or allow.txt
  Remove it    sudo systemctl disable --now kith-relay`

/**
 * The package and the Node that runs it now, so that an upgrade of either breaks nothing and nothing in
 * a home folder, which the service cannot read, is needed.
 */
async function place(unit: string, node: string): Promise<void> {
  const own = await realpath(join(dirname(fileURLToPath(import.meta.url)), '..'))
  try {
    await mkdir(PROGRAM_FOLDER, { recursive: true, mode: 0o755 })
    await cp(own, PROGRAM_FOLDER, { recursive: true, force: true, dereference: true })
    for (const name of await addOns(own)) {
      await cp(name.from, join(PROGRAM_FOLDER, 'node_modules', name.name), COPY)
    }
    await cp(process.execPath, node, { force: true })
    await chmod(node, 0o755)
    await writeFile(UNIT_FILE, unit, { mode: 0o644 })
  } catch (error) {
    throw new RelayError('ERR_INSTALL', `Cannot install it: ${reasonOf(error)}`, {
      cause: error,
      hint: 'Run it with sudo; --print shows the unit without installing it.',
    })
  }
}

const COPY = { recursive: true, force: true, dereference: true } as const

/** Native add-ons beside the package, where npm put them. */
async function addOns(own: string): Promise<readonly { name: string; from: string }[]> {
  const around = [join(own, 'node_modules'), join(own, '..')]
  const found: { name: string; from: string }[] = []
  for (const name of ['node-datachannel', '@node-datachannel']) {
    for (const folder of around) {
      const from = await realpath(join(folder, name)).catch(() => undefined)
      if (from === undefined) continue
      found.push({ name, from })
      break
    }
  }
  return found
}

async function start(): Promise<void> {
  const run = promisify(execFile)
  try {
    await run('systemctl', ['daemon-reload'])
    await run('systemctl', ['enable', '--now', 'kith-relay'])
  } catch (error) {
    throw new RelayError('ERR_INSTALL', `systemd does not start it: ${reasonOf(error)}`, {
      cause: error,
      hint: 'See "systemctl status kith-relay" and "journalctl -u kith-relay".',
    })
  }
}
