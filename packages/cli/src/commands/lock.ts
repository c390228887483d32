/** `kith lock` and `kith unlock` (CLI-40 to CLI-44). */

import type { LockEvent } from '../events/safety.ts'
import type { CallInput } from '../local/calls.ts'
import { wrapWords } from '../terminal-text.ts'
import { type CommandContext, collect } from './context.ts'
import { readPassphrase } from './passphrase.ts'

/** What a person wants of the lock. */
export interface LockChoice {
  readonly what:
    | { readonly kind: 'now' | 'set' | 'change' | 'remove' }
    /** 0: never */
    | { readonly kind: 'auto'; readonly minutes: number }
    | { readonly kind: 'keyring'; readonly on: boolean }
  readonly file: string | undefined
  readonly newFile: string | undefined
}

type LockCall = 'lock' | 'lock set' | 'lock change' | 'lock remove' | 'lock auto' | 'lock keyring'

const NEXT = '  Next  kith lock · kith lock --auto MINUTES · kith lock --keyring'

/** Locks the running device, or changes what locks it. */
export async function lockDevice(context: CommandContext, choice: LockChoice): Promise<void> {
  const { what, file, newFile } = choice
  const current = (): Promise<string> =>
    readPassphrase({ file, question: 'The passphrase of this device: ' }, context)
  switch (what.kind) {
    case 'now':
      return tell(context, 'lock', {})
    case 'set': {
      const passphrase = await newPassphrase(context, file)
      return tell(context, 'lock set', { passphrase })
    }
    case 'change': {
      const old = await current()
      return tell(context, 'lock change', {
        old,
        passphrase: await newPassphrase(context, newFile),
      })
    }
    case 'remove':
      return tell(context, 'lock remove', { passphrase: await current() })
    case 'auto':
      return tell(context, 'lock auto', { minutes: what.minutes })
    case 'keyring':
      return tell(context, 'lock keyring', what.on ? { passphrase: await current() } : {})
  }
}

/** Opens the running device with its passphrase. */
export async function unlockDevice(
  context: CommandContext,
  { file }: { readonly file: string | undefined },
): Promise<void> {
  const passphrase = await readPassphrase({ file, question: 'Passphrase: ' }, context)
  await collect(context, { call: 'unlock', input: { passphrase }, event: 'lock' })
  context.report.print('The device is unlocked.')
}

function newPassphrase(context: CommandContext, file: string | undefined): Promise<string> {
  return readPassphrase({ file, question: 'New passphrase: ', twice: true }, context)
}

async function tell<N extends LockCall>(
  context: CommandContext,
  call: N,
  input: CallInput<N>,
): Promise<void> {
  const [state] = await collect(context, { call, input, event: 'lock' })
  if (state === undefined) return
  const { report, io } = context
  report.print(...SENTENCES[call](state))
  if (state.warning !== null) report.talk(...wrapWords(state.warning, io.stderr.columns))
}

const SENTENCES: Readonly<Record<LockCall, (state: LockEvent) => readonly string[]>> = {
  lock: () => [
    'The device is locked: it receives nothing until you unlock it.',
    'Your other devices go on.',
    '  Next  kith unlock',
  ],
  'lock set': () => [
    'The passphrase is set. Without it nobody opens this device: keep it well.',
    NEXT,
  ],
  'lock change': () => ['The passphrase is changed.'],
  'lock remove': () => ['The passphrase is gone: this device opens by itself.'],
  'lock auto': ({ autoLockMinutes }) => [
    autoLockMinutes === null
      ? 'The device does not lock by itself.'
      : `The device locks after ${autoLockMinutes} min without use.`,
  ],
  'lock keyring': ({ keyring }) => [
    keyring
      ? 'The keyring of this computer unlocks it when it starts; the passphrase does as before.'
      : 'The keyring does not unlock it any more.',
  ],
}
