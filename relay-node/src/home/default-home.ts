import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where a relay lives when nobody says: the data folder of the platform. */
export function defaultHome(env: Readonly<Record<string, string | undefined>>): string {
  const own = env['KITH_RELAY_HOME']
  if (own !== undefined && own !== '') return own
  return join(dataFolder(env), 'kith-relay')
}

function dataFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (process.platform === 'win32')
    return env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support')
  const xdg = env['XDG_DATA_HOME']
  return xdg === undefined || xdg === '' ? join(homedir(), '.local', 'share') : xdg
}
