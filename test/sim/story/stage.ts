/** A world while it runs: its devices, and what was seen on each. */

import type { AccountId } from '@kithmesh/node'
import { type Cast, castOf, copyOf, createGround } from '../ground/cast.ts'
import {
  crashDevice,
  createDevice,
  type Ground,
  secretsOf,
  startDevice,
  stopDevice,
} from '../ground/device.ts'
import { createVirtualTime } from '../ground/time.ts'
import type { Trace } from '../ground/trace.ts'
import type { Finding } from './invariant-names.ts'
import type { Plan } from './plan.ts'
import { watch, watchKeys } from './watching.ts'

/** A device on the stage. */
export type Actor = ReturnType<typeof createDevice> & {
  readonly account: number
  /** Started as a device still to be linked. */
  readonly isNew: boolean
  /** Off for good. */
  isGone: boolean
  /** Messages its person has begun to send. */
  written: number
  /** Texts that appeared on it, with how often each did. */
  readonly appeared: Map<string, number>
}

/** A message somebody wrote. */
export interface Sent {
  readonly text: string
  readonly by: Actor
  readonly to: number
  /** Devices of the writer's account that the writer knew to be out. */
  readonly out: ReadonlySet<string>
  /** Written when all was quiet. */
  readonly isProbe: boolean
  state: 'asked' | 'accepted' | 'refused' | 'cut'
}

/** Everything a run is about. */
export interface Stage {
  readonly plan: Plan
  readonly ground: Ground
  readonly accounts: readonly { readonly name: string; readonly account: AccountId }[]
  readonly actors: Actor[]
  readonly sent: Sent[]
  /** Calls that were made and are not answered yet, by what they are. */
  readonly calls: Set<Call>
  /** What went wrong without a check having been asked. */
  readonly faults: string[]
  /** What was seen not to hold while it ran. */
  readonly broken: Finding[]
  /** Texts of contacts that somebody has read, and on which device. */
  readonly read: Map<string, Actor>
  /** Texts by the ids of their messages. */
  readonly texts: Map<string, string>
  /** Readable lines of what matters. */
  readonly story: string[]
  tell(line: string): void
  /** From now on no frame is lost. */
  calm(): void
  start(actor: Actor): Promise<void>
  crash(actor: Actor): void
  stop(actor: Actor): Promise<void>
  add(account: number, name: string): Actor
}

/** A call of a person that waits for its answer. */
export interface Call {
  readonly what: string
  readonly actor: Actor
  readonly since: number
}

/** Longest time a start or a stop may take, ms of the world. */
const PATIENCE_MS = 5 * 60_000

/** Sets the stage of a plan: everybody on, as the cast left off. */
export async function setStage(
  plan: Plan,
  { trace, show }: { readonly trace: Trace; readonly show?: ((line: string) => void) | undefined },
): Promise<Stage> {
  const cast: Cast = await castOf(plan.shape)
  const time = createVirtualTime(cast.at)
  const actors: Actor[] = []
  const names = new Map<string, string>()
  const broken: Finding[] = []
  const weather = { ...plan.weather }
  const nameOf = (peer: string): string => names.get(peer) ?? peer
  const ground = createGround(`seed ${plan.seed}`, {
    time,
    trace,
    weather,
    writeMs: plan.writeMs,
    slowReads: plan.slowReads,
    nameOf,
    mail: watchKeys(broken, nameOf),
    logged: (device, level, line) => {
      trace.note(time.now(), `${device.name} ${level} ${line}`)
      show?.(`${seconds()} ${device.name}: ${line}`)
    },
  })
  const story: string[] = []

  function seconds(): string {
    return `${((time.now() - cast.at) / 1000).toFixed(3).padStart(10)} s`
  }

  function tell(line: string): void {
    trace.note(time.now(), line)
    story.push(`${seconds()}  ${line}`)
    show?.(`${seconds()} ${line}`)
  }

  function actorOf(
    device: ReturnType<typeof createDevice>,
    account: number,
    isNew: boolean,
  ): Actor {
    const actor: Actor = Object.assign(device, {
      account,
      isNew,
      isGone: false,
      written: 0,
      appeared: new Map(),
    })
    names.set(actor.id, actor.name)
    actors.push(actor)
    return actor
  }

  const stage: Stage = {
    plan,
    ground,
    accounts: cast.accounts,
    actors,
    sent: [],
    calls: new Set(),
    faults: [],
    broken,
    read: new Map(),
    texts: new Map(),
    calm: () => void Object.assign(weather, { loss: 0, resets: 0, twice: 0 }),
    story,
    tell,
    start: async (actor) => {
      try {
        const node = await startDevice(ground, actor, actor.isNew ? { newDevice: true } : {})
        if (node) watch(stage, actor, node)
      } catch (error) {
        if (!actor.isFull) stage.faults.push(`${actor.name} does not start: ${String(error)}`)
        crashDevice(actor)
      }
    },
    crash: (actor) => {
      for (const call of stage.calls) if (call.actor === actor) stage.calls.delete(call)
      for (const one of stage.sent) {
        if (one.by === actor && one.state === 'asked') one.state = 'cut'
      }
      crashDevice(actor)
    },
    stop: (actor) => stopDevice(actor),
    add: (account, name) => {
      const person = cast.accounts[account]?.name ?? 'nobody'
      const full = `${person}/${name}`
      return actorOf(createDevice(full, { secrets: secretsOf(full) }), account, true)
    },
  }

  for (const [account, { devices }] of cast.accounts.entries()) {
    for (const device of devices) actorOf(copyOf(device), account, false)
  }
  await time.settle(Promise.all(actors.map((actor) => stage.start(actor))), PATIENCE_MS)
  return stage
}
