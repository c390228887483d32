import type { CallInput } from '../local/calls.ts'
import { requireAccount, type Serving } from './served.ts'

export async function tellRecovery(
  _: CallInput<'recovery'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  await emit({ event: 'recovery', state: await node.recovery.state({ signal }) })
}

export async function showWords(
  _: CallInput<'recovery show'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  await emit({ event: 'recovery-words', words: await node.recovery.show({ signal }) })
}

export async function askForWords(
  _: CallInput<'recovery challenge'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  await emit({ event: 'recovery-challenge', places: await node.recovery.challenge({ signal }) })
}

export async function confirmWords(
  { answers }: CallInput<'recovery confirm'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  await node.recovery.confirm(answers, { signal })
  await emit({ event: 'recovery', state: await node.recovery.state({ signal }) })
}

/** Whether contacts are given sealed copies; says so, and sets it when asked to. */
export async function setCopies(
  { on }: CallInput<'recovery copies'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  await emit({ event: 'recovery-copies', on: await node.recovery.copies(on, { signal }) })
}
