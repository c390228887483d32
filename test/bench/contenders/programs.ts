import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Contender, Launch } from './contender.ts'
import { answering, freePort } from './port.ts'

const built = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const KITH = built('packages/cli/dist/kith.js')
const KITH_RELAY = built('relay-node/dist/kith-relay.js')

/** Node, and a program that waits: the floor. */
export const bareNode: Contender = {
  program: () => ({
    prepare: async () => ({
      file: process.execPath,
      args: ['-e', "console.log('ready'); setInterval(() => {}, 2 ** 30)"],
      ready: (said) => said(/ready/),
    }),
  }),
}

/** A device that has an account already, as `kith up` starts it; it listens, and keeps itself to this machine. */
export const kithUp: Contender = {
  program: () => ({
    prepare: async (home) => {
      const args = [
        ...[KITH, 'up', '--json', '--home', home],
        ...['--no-ui', '--no-lan', '--listen', '/ip4/127.0.0.1/tcp/0'],
      ]
      const launch: Launch = {
        file: process.execPath,
        args,
        ready: (said) => said(/"event":"ready"/),
      }
      await startOnce(launch)
      return launch
    },
  }),
}

/** A relay that was started before. */
export const kithRelay: Contender = {
  program: () => ({
    prepare: async (home) => {
      const args = [
        ...[
          KITH_RELAY,
          'run',
          '--json',
          '--home',
          home,
          '--open',
          '--admin',
          'off',
          '--stun',
          'off',
        ],
        ...['--listen', '/ip4/127.0.0.1/tcp/0', '--listen', '/ip4/127.0.0.1/tcp/0/ws'],
        ...['--listen', '/ip4/127.0.0.1/udp/0/webrtc-direct'],
      ]
      const launch: Launch = {
        file: process.execPath,
        args,
        ready: (said) => said(/"event":"ready"/),
      }
      await startOnce(launch)
      return launch
    },
  }),
}

/** As Debian has it, with nothing to share, and told to keep itself to this machine. */
export const syncthing: Contender = {
  program: () => ({
    prepare: async (home) => {
      const [gui, listen] = [await freePort(), await freePort()]
      const args = ['generate', `--home=${home}`, '--no-default-folder', '--skip-port-probing']
      await promisify(execFile)('syncthing', args, { env: { ...process.env, HOME: home } })
      const file = join(home, 'config.xml')
      await writeFile(file, quiet(await readFile(file, 'utf8'), { gui, listen }))
      return {
        file: 'syncthing',
        args: ['serve', `--home=${home}`, '--no-browser', '--no-restart', '--no-upgrade'],
        env: { HOME: home, STNOUPGRADE: '1' },
        ready: async () => {
          await Promise.all([answering(gui), answering(listen)])
        },
      }
    },
  }),
}

function quiet(config: string, ports: { readonly gui: number; readonly listen: number }): string {
  const switchedOff = [
    'globalAnnounceEnabled',
    'localAnnounceEnabled',
    'relaysEnabled',
    'natEnabled',
  ]
  const local = config
    .replace(/<address>127\.0\.0\.1:\d+<\/address>/, `<address>127.0.0.1:${ports.gui}</address>`)
    .replace(
      /<listenAddress>.*?<\/listenAddress>/,
      `<listenAddress>tcp://127.0.0.1:${ports.listen}</listenAddress>`,
    )
  return switchedOff.reduce(
    (text, name) => text.replace(new RegExp(`<${name}>.*?</${name}>`), `<${name}>false</${name}>`),
    local,
  )
}

/** A first start makes keys; it is not what is measured. */
async function startOnce({ file, args, ready }: Launch): Promise<void> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  await ready(async (pattern) => {
    for await (const piece of child.stdout) {
      text += String(piece)
      if (pattern.test(text)) return
    }
    throw new Error(`it ended without saying ${pattern}`)
  })
  child.kill('SIGTERM')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
