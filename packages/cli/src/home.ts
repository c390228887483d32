import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/**
 * The folder of the device: `--home`, else `KITH_HOME`, else `kith` in the XDG data folder. The result
 * is absolute. Source: XDG Base Directory Specification 0.8, by which a relative folder is ignored.
 */
export function resolveHome(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const chosen = flag ?? nonEmpty(env['KITH_HOME'])
  if (chosen !== undefined) return resolve(chosen)
  const data = nonEmpty(env['XDG_DATA_HOME'])
  if (data !== undefined && isAbsolute(data)) return join(data, 'kith')
  return join(nonEmpty(env['HOME']) ?? homedir(), '.local', 'share', 'kith')
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}
