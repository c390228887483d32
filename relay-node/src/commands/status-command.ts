import { askHome } from '../home/home-socket.ts'
import { createOutput } from './output.ts'

/** Flags that every command knows. */
export interface HomeFlags {
  readonly home: string
  readonly json?: boolean
}

/** Prints what the relay of a home does. @throws ERR_RELAY_NOT_RUNNING, ERR_TIMEOUT */
export async function showStatus(flags: HomeFlags): Promise<void> {
  const output = createOutput(flags.json === true ? 'json' : 'text')
  const status = await askHome(flags.home, { path: '/status' })
  output.event({ event: 'status', ...status })
  output.text(textOf(status))
}

const ROWS = [
  'relay',
  'ready',
  'access',
  'reachable',
  'reservations',
  'circuits',
  'splices',
  'connections',
  'bytes',
  'monthBytes',
  'turnedAway',
  'floods',
  'messagesHeld',
] as const

function textOf(status: Readonly<Record<string, unknown>>): string {
  const addresses = Array.isArray(status['addresses']) ? status['addresses'] : []
  return [
    ...ROWS.map((name) => `${name.padEnd(16)}${String(status[name])}`),
    ...addresses.map((address) => `${'address'.padEnd(16)}${String(address)}`),
  ].join('\n')
}
