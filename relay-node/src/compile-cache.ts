/**
 * What V8 has compiled is kept between two starts, which saves half of the time that one takes. Read by every Node
 * there is, so nothing here is asked for by a name that an old one lacks. Nothing depends on it: without a folder that
 * is ours alone, or without room on the disk, everything is compiled anew.
 */

import { lstatSync, mkdirSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** When a relay writes what was compiled; a command does when it ends. */
const WRITE_AFTER_MS = 10_000

/** Keeps the code of all modules loaded from now on. */
export function keepCompiled(env: Readonly<Record<string, string | undefined>>): void {
  const folder = join(cacheFolder(env), 'kith-relay')
  if (!isOurs(folder)) return
  module.enableCompileCache(folder)
  setTimeout(() => module.flushCompileCache(), WRITE_AFTER_MS).unref()
}

/** Where this system has what can be made again. Source: XDG Base Directory Specification 0.8; of a service of systemd: systemd.exec(5) */
function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { CACHE_DIRECTORY: service = '', XDG_CACHE_HOME: xdg = '', LOCALAPPDATA: local = '' } = env
  if (isAbsolute(service)) return service
  if (process.platform === 'win32' && local !== '') return local
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  return isAbsolute(xdg) ? xdg : join(homedir(), '.cache')
}

/** Whoever can write there decides what runs: so not, as by sudo, in the folder of somebody else. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { uid, mode } = lstatSync(folder)
    return process.platform === 'win32' || (uid === process.getuid?.() && (mode & 0o022) === 0)
  } catch {
    return false
  }
}
