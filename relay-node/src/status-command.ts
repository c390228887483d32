import { request } from 'node:http'
import { RelayError, systemCodeOf } from './errors.ts'
import { socketPathOf } from './home-claim.ts'
import { createOutput } from './output.ts'

/** A relay answers from memory: later than this it hangs. */
const TIMEOUT_MS = 5_000
/** A status is about two kilobytes; whatever is larger is none. */
const MAX_STATUS_BYTES = 256 * 1024

/** Prints what the relay of a home does. @throws ERR_RELAY_NOT_RUNNING, ERR_TIMEOUT */
export async function showStatus(flags: {
  readonly home: string
  readonly json?: boolean
}): Promise<void> {
  const output = createOutput({ json: flags.json === true })
  const status = await askStatus(flags.home)
  output.event({ event: 'status', ...status })
  output.text(textOf(status))
}

async function askStatus(home: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const parsed: unknown = JSON.parse(await get(socketPathOf(home), '/status'))
    if (typeof parsed === 'object' && parsed !== null) return { ...parsed }
  } catch (error) {
    if (NOT_RUNNING.has(systemCodeOf(error) ?? '')) throw notRunning(home)
    throw error
  }
  throw notRunning(home)
}

const NOT_RUNNING: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED'])

function get(socketPath: string, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const ask = request({ socketPath, path, signal }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      text += chunk
      if (text.length > MAX_STATUS_BYTES) response.destroy(new Error('The status is too long'))
    })
    response.on('end', () => resolve(text))
    response.on('error', reject)
  })
  ask.on('error', (error) => reject(signal.aborted ? hangs(error) : error))
  ask.end()
  return promise
}

function textOf(status: Readonly<Record<string, unknown>>): string {
  const rows = [
    'relay',
    'ready',
    'reservations',
    'circuits',
    'connections',
    'bytes',
    'messagesHeld',
  ]
  const addresses = Array.isArray(status['addresses']) ? status['addresses'] : []
  return [
    ...rows.map((name) => `${name.padEnd(16)}${String(status[name])}`),
    ...addresses.map((address) => `${'address'.padEnd(16)}${String(address)}`),
  ].join('\n')
}

function notRunning(home: string): RelayError {
  return new RelayError('ERR_RELAY_NOT_RUNNING', `No relay runs on ${home}`, {
    hint: 'Start it with "kith-relay run", or name its folder with --home.',
  })
}

function hangs(cause: Error): RelayError {
  return new RelayError('ERR_TIMEOUT', 'The relay does not answer', { cause })
}
