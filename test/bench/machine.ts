import { mkdtemp, open, readFile, rm, statfs } from 'node:fs/promises'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { now } from './clock.ts'
import { median } from './statistics.ts'

/** What figures mean nothing without. */
export interface MachineFacts {
  readonly cores: number
  readonly cpu: string
  readonly memory: number
  readonly node: string
  readonly system: string
  /** Of the last minute, before the run. Others on this machine slow every contender. */
  readonly load: number
  /** Where devices keep their data, and on which file system. */
  readonly disk: string
  /** Milliseconds to write 4 KiB there and have it on the disk; the median of some. */
  readonly syncedWrite: number
  /** Versions of the peers. */
  readonly peers: Readonly<Record<string, string>>
}

/** Looks at this machine, and at the disk that holds `folder`. */
export async function machineFacts(folder: string): Promise<MachineFacts> {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memory: totalmem(),
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    disk: `${folder} (${await fileSystemOf(folder)})`,
    syncedWrite: await timeSyncedWrite(folder),
    peers: Object.fromEntries(
      await Promise.all(PEERS.map(async (name) => [name, await versionOf(name)])),
    ),
  }
}

const PEERS = [
  '@hocuspocus/server',
  '@hocuspocus/provider',
  'cojson',
  'libp2p',
  'yjs',
  'ws',
  '@signalapp/libsignal-client',
] as const

/** As pinned in this workspace. */
async function versionOf(name: string): Promise<string> {
  const manifest = await readFile(new URL('./package.json', import.meta.url), 'utf8')
  return String(JSON.parse(manifest).devDependencies[name])
}

/** Magic numbers of statfs(2), Linux. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs: not a disk',
  2035054128: 'overlay',
  2435016766: 'btrfs',
  1481003842: 'xfs',
  801189825: 'zfs',
}

async function fileSystemOf(folder: string): Promise<string> {
  const { type } = await statfs(folder)
  return FILE_SYSTEMS[type] ?? `file system ${type.toString(16)}`
}

async function timeSyncedWrite(folder: string): Promise<number> {
  const probe = await mkdtemp(join(folder, 'probe-'))
  const file = await open(join(probe, 'file'), 'w')
  const block = new Uint8Array(4096)
  const times: number[] = []
  for (let index = 0; index < 31; index++) {
    const began = now()
    await file.write(block)
    await file.datasync()
    times.push(now() - began)
  }
  await file.close()
  await rm(probe, { recursive: true })
  return Number(median(times).toFixed(3))
}
