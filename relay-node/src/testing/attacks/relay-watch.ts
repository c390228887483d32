import type { RelayProcess } from '../processes.ts'

/** What a relay's own process says of how it fared. */
export interface RelayFigures {
  /** ms for which it stood still, of which 99 in 100 were shorter; and the longest. */
  readonly p99: number
  readonly max: number
  /** Attackers it hung up on after it had heard much of them, and the ms it took for the slowest. */
  readonly hungUp: number
  readonly slowestHangUp: number
}

/**
 * Loaded into the relay's process before it: it tells its figures when a signal asks, and begins anew. A time counts as
 * long as the thread of JavaScript was at work in it, by the clock of its processor time: that the machine had other
 * things to do is nothing the relay did. Linux tells it in ns, first of three (proc(5), schedstat); where it does not,
 * the time of all threads is taken. Attackers are who comes from 127.7 (`local-address.ts`).
 */
export const RELAY_WATCH = `
  import { subscribe } from 'node:diagnostics_channel'
  import { existsSync, readFileSync } from 'node:fs'
  const TICK_MS = 10
  const MUCH_BYTES = 8192
  const ofThread = () => Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6
  const ofProcess = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const workedMs = existsSync('/proc/self/schedstat') && ofThread() > 0 ? ofThread : ofProcess
  const now = () => ({ wall: performance.now(), worked: workedMs() })
  const since = (then) => {
    const { wall, worked } = now()
    return { wall: wall - then.wall, worked: worked - then.worked }
  }
  let gaps = []
  let hangUps = []
  let last = now()
  const attackers = new Map()
  const look = (socket) => {
    if (attackers.get(socket) === null && socket.bytesRead > MUCH_BYTES) attackers.set(socket, now())
  }
  setInterval(() => {
    const { wall, worked } = since(last)
    last = now()
    gaps.push(Math.max(0, Math.min(wall - TICK_MS, worked)))
    for (const socket of attackers.keys()) look(socket)
  }, TICK_MS).unref()
  subscribe('net.server.socket', ({ socket }) => {
    if (!socket.remoteAddress?.includes('127.7.')) return
    attackers.set(socket, null)
    socket.once('close', () => {
      look(socket)
      const heard = attackers.get(socket)
      attackers.delete(socket)
      if (heard === null) return
      const { wall, worked } = since(heard)
      hangUps.push(Math.min(wall, worked))
    })
  })
  let asked = 0
  process.on('SIGUSR2', () => {
    gaps.sort((a, b) => a - b)
    const p99 = gaps[Math.floor(gaps.length * 0.99)] ?? 0
    const hungUp = { hungUp: hangUps.length, slowestHangUp: Math.max(0, ...hangUps) }
    const said = { event: 'figures-' + asked++, p99, max: gaps.at(-1) ?? 0, ...hungUp }
    process.stdout.write(JSON.stringify(said) + '\\n')
    gaps = []
    hangUps = []
    last = now()
  })`

/** Asks a relay that was started with {@link RELAY_WATCH}, again and again. */
export function watching(relay: RelayProcess): () => Promise<RelayFigures> {
  let asked = 0
  return async () => {
    relay.child.kill('SIGUSR2')
    const said = await relay.event(`figures-${asked}`)
    asked += 1
    const figure = (name: keyof RelayFigures): number => Math.round(Number(said[name]))
    return {
      p99: figure('p99'),
      max: figure('max'),
      hungUp: figure('hungUp'),
      slowestHangUp: figure('slowestHangUp'),
    }
  }
}
