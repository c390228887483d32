import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Contender, Pipe } from './contender.ts'
import { freePort } from './port.ts'

/** Two of Debian's syncthing that know each other's ids and find each other on the local network by themselves. */
export const syncthingPair: Contender = {
  receiver: () => ({
    start: async ({ home }) => {
      const [own, other] = [join(home, 'own'), join(home, 'other')]
      const ids = await Promise.all([own, other].map(generated))
      await configure(own, ids[1] ?? '')
      await configure(other, ids[0] ?? '')
      await serve(own, /GUI and API listening/)
      return other
    },
  }),
  sender: () => ({
    start: async ({ where }) => {
      await serve(where, /Established secure connection/)
      return joined()
    },
  }),
}

const PROGRAM = 'syncthing'

/** They are connected when they say so: there is nothing to send of one's own, and nothing to wait for. */
function joined(): Pipe {
  let listener: (bytes: Uint8Array) => void = () => undefined
  return {
    write: (bytes) => {
      setImmediate(() => listener(bytes))
      return false
    },
    drained: () => Promise.resolve(),
    onBytes: (given) => {
      listener = given
    },
    stopReading: () => undefined,
  }
}

/** Makes keys and resolves with the id. */
async function generated(home: string): Promise<string> {
  await mkdir(home)
  const run = (...args: readonly string[]) =>
    promisify(execFile)(PROGRAM, args, { env: environment(home) })
  await run('generate', `--home=${home}`, '--no-default-folder', '--skip-port-probing')
  const { stdout } = await run('--device-id', `--home=${home}`)
  return stdout.trim().split('\n').at(-1) ?? ''
}

/** It listens on the network, finds others there, and asks nobody elsewhere. */
async function configure(home: string, other: string): Promise<void> {
  const file = join(home, 'config.xml')
  const [gui, port] = [await freePort(), await freePort()]
  const listen = `tcp://${ownAddress()}:${port}`
  const told = (await readFile(file, 'utf8'))
    .replace(/<address>127\.0\.0\.1:\d+<\/address>/, `<address>127.0.0.1:${gui}</address>`)
    .replace(/<listenAddress>.*?<\/listenAddress>/, `<listenAddress>${listen}</listenAddress>`)
    .replace(/<device id=/, `<device id="${other}"><address>dynamic</address></device>$&`)
  const quiet = ['globalAnnounceEnabled', 'relaysEnabled', 'natEnabled', 'startBrowser']
  await writeFile(
    file,
    quiet.reduce(
      (text, name) =>
        text.replace(new RegExp(`<${name}>.*?</${name}>`), `<${name}>false</${name}>`),
      told,
    ),
  )
}

/** Runs it until this process ends; resolves when it has said `pattern`. */
function serve(home: string, pattern: RegExp): Promise<void> {
  const args = ['serve', `--home=${home}`, '--no-browser', '--no-restart', '--no-upgrade']
  const child = spawn(PROGRAM, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: environment(home),
  })
  process.once('exit', () => child.kill())
  let text = ''
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`syncthing ended: ${text.slice(-300)}`)))
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (pattern.test(text)) resolve()
    })
  })
}

/** Without the process that watches over it, as what is measured is the one that works. */
function environment(home: string): NodeJS.ProcessEnv {
  return { ...process.env, HOME: home, STNOUPGRADE: '1', STMONITORED: 'yes' }
}

function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? [])
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal)
  if (found === undefined) throw new Error('this machine has no network')
  return found.address
}
