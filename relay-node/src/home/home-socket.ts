import { request } from 'node:http'
import { RelayError, systemCodeOf } from '../errors.ts'
import { socketPathOf } from './home-claim.ts'

/** A relay answers from memory: later than this it hangs. */
const TIMEOUT_MS = 5_000
/** A status is about two kilobytes; whatever is larger is none. */
const MAX_ANSWER_BYTES = 256 * 1024

/** Asks the relay that runs on a home. @throws ERR_RELAY_NOT_RUNNING, ERR_TIMEOUT */
export async function askHome(
  home: string,
  { method = 'GET', path }: { readonly method?: 'GET' | 'POST'; readonly path: string },
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const parsed: unknown = JSON.parse(await ask(socketPathOf(home), { method, path }))
    if (typeof parsed === 'object' && parsed !== null) return { ...parsed }
  } catch (error) {
    if (NOT_RUNNING.has(systemCodeOf(error) ?? '')) throw notRunning(home)
    throw error
  }
  throw notRunning(home)
}

const NOT_RUNNING: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED'])

function ask(
  socketPath: string,
  { method, path }: { readonly method: string; readonly path: string },
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const asked = request({ socketPath, method, path, signal }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      text += chunk
      if (text.length > MAX_ANSWER_BYTES) response.destroy(new Error('The answer is too long'))
    })
    response.on('end', () => resolve(text))
    response.on('error', reject)
  })
  asked.on('error', (error) => reject(signal.aborted ? hangs(error) : error))
  asked.end()
  return promise
}

function notRunning(home: string): RelayError {
  return new RelayError('ERR_RELAY_NOT_RUNNING', `No relay runs on ${home}`, {
    hint: 'Start it with "kith-relay run", or name its folder with --home.',
  })
}

function hangs(cause: Error): RelayError {
  return new RelayError('ERR_TIMEOUT', 'The relay does not answer', { cause })
}
