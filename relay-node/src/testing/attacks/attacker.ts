import { fileURLToPath } from 'node:url'
import { type RelayProcess, startProcess } from '../processes.ts'
import type { AttackKind, AttackOptions } from './attack.ts'

/** An attack that runs in a process of its own. */
export interface Attacker {
  /** Resolves when it says so. */
  event(name: string): Promise<Readonly<Record<string, unknown>>>
  /** Ends it and gives what it got. */
  result(): Promise<Readonly<Record<string, unknown>>>
  stop(): Promise<void>
}

const ATTACK = fileURLToPath(new URL('./attack.ts', import.meta.url))

/** Starts an attack on a relay. */
export function startAttack(kind: AttackKind, { count, addresses }: AttackOptions): Attacker {
  const attack: RelayProcess = startProcess(ATTACK, [kind, String(count), ...addresses])
  return {
    event: (name) => attack.event(name),
    async result() {
      attack.child.kill('SIGTERM')
      const { event: _, ...got } = await attack.event('result')
      return got
    },
    async stop() {
      attack.child.kill('SIGKILL')
      await attack.exit()
    },
  }
}
