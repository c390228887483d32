import type { AccountId, DeviceId } from '@kithmesh/node'
import { commands } from 'vitest/browser'
import type { StageCalls } from './stage-process.ts'

declare module 'vitest/browser' {
  interface BrowserCommands {
    stage(name: string, args: readonly unknown[]): Promise<unknown>
  }
}

type Result<N extends keyof StageCalls> = Awaited<ReturnType<StageCalls[N]>>

/** Asks the process beside this page; what it names is in stage-process.ts. */
export async function stage<N extends keyof StageCalls>(
  name: N,
  ...args: Parameters<StageCalls[N]>
): Promise<Result<N>> {
  // both ends of the channel are this file and stage-process.ts
  return (await commands.stage(name, args)) as Result<N>
}

/** A device that runs in Node. */
export interface DeviceInNode {
  readonly device: DeviceId
  readonly account: AccountId
  ask<N extends keyof StageCalls>(name: N, ...args: Rest<Parameters<StageCalls[N]>>): Promise<Result<N>>
}

type Rest<T extends readonly unknown[]> = T extends [unknown, ...infer R] ? R : []

/** Starts the first device of a new account. */
export async function startInNode(name: string, options: { lan: boolean }): Promise<DeviceInNode> {
  const { key, device, account } = await stage('start', name, options)
  return {
    device,
    account,
    ask: async (call, ...args) => (await commands.stage(call, [key, ...args])) as never,
  }
}
