import type { LockState } from '@kithmesh/node'
import type { LockEvent } from '../events/safety.ts'
import type { CallInput } from '../local/calls.ts'
import type { Serving } from './served.ts'

/** Answers when the device has locked; the socket stays. */
export async function lockNow(_: CallInput<'lock'>, { node, emit }: Serving): Promise<void> {
  const before = await node.lock.state()
  await node.lock.now()
  await emit(lockEvent({ ...before, locked: true }))
}

export async function setPassphrase(
  { passphrase }: CallInput<'lock set'>,
  serving: Serving,
): Promise<void> {
  const { node, signal } = serving
  await node.lock.set(passphrase, { signal })
  await tellLock(serving, serving.passphraseWarning(passphrase))
}

export async function changePassphrase(
  { old, passphrase }: CallInput<'lock change'>,
  serving: Serving,
): Promise<void> {
  const { node, signal } = serving
  await node.lock.change(old, passphrase, { signal })
  await tellLock(serving, serving.passphraseWarning(passphrase))
}

export async function removePassphrase(
  { passphrase }: CallInput<'lock remove'>,
  serving: Serving,
): Promise<void> {
  const { node, signal } = serving
  await node.lock.remove(passphrase, { signal })
  await tellLock(serving)
}

export async function setAutoLock(
  { minutes }: CallInput<'lock auto'>,
  serving: Serving,
): Promise<void> {
  const { node, signal } = serving
  await node.lock.autoLock.set(minutes === 0 ? undefined : minutes, { signal })
  await tellLock(serving)
}

/** With a passphrase puts the device into the keyring, without one takes it out. */
export async function setKeyring(
  { passphrase }: CallInput<'lock keyring'>,
  serving: Serving,
): Promise<void> {
  const { node, signal } = serving
  if (passphrase === undefined) await node.lock.keyring.remove({ signal })
  else await node.lock.keyring.add(passphrase, { signal })
  await tellLock(serving)
}

/** A device that runs is unlocked already, whatever passphrase was given. */
export async function tellUnlocked(_: CallInput<'unlock'>, serving: Serving): Promise<void> {
  await tellLock(serving)
}

async function tellLock({ node, emit }: Serving, warning?: string): Promise<void> {
  await emit(lockEvent(await node.lock.state(), warning))
}

export function lockEvent(
  { locked, passphrase, keyring, autoLockMinutes }: LockState,
  warning?: string,
): LockEvent {
  return {
    event: 'lock',
    locked,
    passphrase,
    keyring,
    autoLockMinutes: autoLockMinutes ?? null,
    warning: warning ?? null,
  }
}
