/** A network of this machine's own: hosts in namespaces, wired to one switch, on lines that lose and break. */

import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

const IP = 'ip'
/** Debian keeps both tools where only root looks. */
export const ENV: Readonly<Record<string, string>> = {
  PATH: `${process.env['PATH']}:/usr/sbin:/sbin`,
}

/** One computer of the network. */
export interface NetworkHost {
  /** Where its programs run: `ip netns exec NAMESPACE …`. */
  readonly namespace: string
  /** IPv4 that it has at first, whatever happens to its line. */
  readonly address: string
  /** From now on this part of what comes in is lost, in percent; at 100 nothing comes, and nobody is told. */
  lose(percent: number): Promise<void>
  /** The line is pulled out, as the host's own system notices. */
  unplug(): Promise<void>
  plug(): Promise<void>
  /** It has this address from now on and none that it had, as after a change of the uplink. */
  move(address: string): Promise<void>
}

/** All of it goes with it. */
export interface Network extends AsyncDisposable {
  host(): Promise<NetworkHost>
}

/** Makes the switch. Needs what {@link missing} looks for. */
export async function createNetwork(): Promise<Network> {
  const namespaces: string[] = []
  const prefix = `kith-${process.pid}-${++networks}`

  async function namespace(name: string): Promise<string> {
    const full = `${prefix}-${name}`
    await ip('netns', 'add', full)
    namespaces.push(full)
    await ip('-n', full, 'link', 'set', 'lo', 'up')
    return full
  }

  const center = await namespace('switch')
  await ip('-n', center, 'link', 'add', 'bridge', 'type', 'bridge', 'mcast_snooping', '0')
  await ip('-n', center, 'link', 'set', 'bridge', 'up')

  async function host(): Promise<NetworkHost> {
    const number = namespaces.length
    const own = await namespace(String(number))
    const port = `port${number}`
    const peer = ['peer', 'name', port, 'netns', center]
    await ip('link', 'add', LINE, 'netns', own, 'type', 'veth', ...peer)
    await ip('-n', center, 'link', 'set', port, 'master', 'bridge', 'up')
    const address = `10.77.0.${number}`
    await ip('-n', own, 'address', 'add', `${address}/24`, 'dev', LINE)
    await ip('-n', own, 'link', 'set', LINE, 'up')
    await ip('netns', 'exec', own, 'nft', 'add', 'table', 'inet', 'line')
    return {
      namespace: own,
      address,
      lose: (percent) => lose(own, percent),
      unplug: () => ip('-n', own, 'link', 'set', LINE, 'down'),
      plug: () => ip('-n', own, 'link', 'set', LINE, 'up'),
      move: async (next) => {
        await ip('-n', own, 'address', 'flush', 'dev', LINE)
        await ip('-n', own, 'address', 'add', `${next}/24`, 'dev', LINE)
      },
    }
  }

  return {
    host,
    [Symbol.asyncDispose]: async () => {
      for (const name of namespaces.reverse()) await ip('netns', 'delete', name)
    },
  }
}

/** Why there can be no such network here, as an addition to a test's name; empty when there can. */
export const missing: string = whyNot()

function whyNot(): string {
  if (process.platform !== 'linux') return ' (not run: network namespaces are of Linux)'
  if (process.getuid?.() !== 0) return ' (not run: network namespaces need root)'
  for (const [tool, flag] of [
    [IP, '-Version'],
    ['nft', '--version'],
  ] as const) {
    if (spawnSync(tool, [flag], { env: ENV }).status !== 0) return ` (not run: no ${tool} here)`
  }
  const probe = `kith-${process.pid}-probe`
  const made = spawnSync(IP, ['netns', 'add', probe], { env: ENV, encoding: 'utf8' })
  if (made.status !== 0) return ` (not run: ${made.stderr.trim()})`
  const table = ['netns', 'exec', probe, 'nft', 'add', 'table', 'inet', 'line']
  const filtered = spawnSync(IP, table, { env: ENV, encoding: 'utf8' })
  spawnSync(IP, ['netns', 'delete', probe], { env: ENV })
  return filtered.status === 0 ? '' : ` (not run: ${filtered.stderr.trim()})`
}

let networks = 0
const LINE = 'line'
const run = promisify(execFile)

/** Runs a program in a namespace; its name stands first. */
export function within(
  namespace: string,
  ...words: readonly string[]
): readonly [string, string[]] {
  return [IP, ['netns', 'exec', namespace, ...words]]
}

/** Runs `ip`. @throws with what the tool said, when it could not */
export async function ip(...words: readonly string[]): Promise<void> {
  await run(IP, words, { env: ENV })
}

/** What comes in is lost, not what goes out: a socket would be told of that, which no lost packet ever is. */
async function lose(namespace: string, percent: number): Promise<void> {
  const nft = ['netns', 'exec', namespace, 'nft']
  await ip(...nft, 'flush', 'table', 'inet', 'line')
  if (percent === 0) return
  const chain = '{ type filter hook input priority 0 ; }'
  await ip(...nft, `add chain inet line incoming ${chain}`)
  const part = percent === 100 ? '' : `numgen random mod 100 < ${percent}`
  await ip(...nft, `add rule inet line incoming iifname "${LINE}" ${part} drop`)
}
