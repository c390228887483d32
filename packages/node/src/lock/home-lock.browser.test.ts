import { codec, text } from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { cdp } from 'vitest/browser'
import { createBrowserPlatform } from '../platform.browser.ts'
import type { HomeKeys } from '../platform.ts'
import { singleKey, textPart } from '../store/key-codec.ts'
import { readAllKeys } from '../store/key-database.browser.ts'
import { openStore } from '../store/store.ts'
import type { Store, Table } from '../store/store-types.ts'
import type { Unlock } from './home-key.ts'

const platform = await createBrowserPlatform()
const { clock, rng } = platform
const PASSPHRASE = 'kite lamp orbit stone river'

function freshHome(): string {
  return `lock-${rng.bytes(8).join('-')}`
}

const failing = (code: string): unknown => expect.objectContaining({ code })

/** Opens the home as a page that loads does. */
async function open(home: string, unlock: Unlock = {}): Promise<{ store: Store; keys: HomeKeys }> {
  const opened = Promise.withResolvers<HomeKeys>()
  const openKey = async (): ReturnType<HomeKeys['openStoreKey']> => {
    const keys = await platform.openKeys(home, unlock)
    opened.resolve(keys)
    return keys.openStoreKey()
  }
  const store = await openStore({ home, platform, openKey }, { clock, rng })
  return { store, keys: await opened.promise }
}

function textsOf(store: Store): Table<string, string> {
  const value = codec(text({ max: 100 }), { maxBytes: 410 })
  return store.table('texts', { key: singleKey(textPart()), value })
}

/** A home with one text in it and a passphrase around it. */
async function lockedHome(): Promise<string> {
  const home = freshHome()
  const { store, keys } = await open(home)
  await store.commit([textsOf(store).put('a', 'one')])
  await keys.openIdentity()
  await keys.lock.set(PASSPHRASE)
  await store.close()
  return home
}

async function textOf(home: string, unlock: Unlock): Promise<string | undefined> {
  const { store } = await open(home, unlock)
  const found = await textsOf(store).get('a')
  await store.close()
  return found
}

/** A finger that is on the sensor whenever it is asked for; `forget` deletes its passkeys. */
async function authenticator({
  hasPrf = true,
} = {}): Promise<{ readonly forget: () => Promise<void> }> {
  const session = cdp()
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      hasPrf,
    },
  })
  onTestFinished(async () => {
    await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
  })
  return {
    forget: async () => {
      await session.send('WebAuthn.clearCredentials', { authenticatorId })
    },
  }
}

test('LOCK-9 with a passphrase the home opens by it, and without it by nothing', async () => {
  const home = await lockedHome()
  await expect(open(home)).rejects.toEqual(failing('ERR_LOCKED'))
  await expect(open(home, { passphrase: 'wrong' })).rejects.toEqual(failing('ERR_PASSPHRASE'))
  expect(await platform.lockState(home)).toMatchObject({ passphrase: true, wrongTries: 1 })
  expect(await textOf(home, { passphrase: PASSPHRASE })).toBe('one')
  expect(await platform.lockState(home)).toMatchObject({ wrongTries: 0 })
})

test('LOCK-9 no key that opens the store stands in the database of a locked home', async () => {
  const home = await lockedHome()
  const stored = await readAllKeys(home)
  const cryptoKeys = [...stored].filter(([, value]) => holdsCryptoKey(value)).map(([name]) => name)
  // The identity stays a key of WebCrypto, whatever the lock (LOCK-9 says what that means).
  expect(cryptoKeys).toEqual(['identity.key'])
  expect(stored.get('home.key')).toEqual({ wraps: expect.any(Uint8Array) })
  expect(stored.get('store.key')).toEqual({ sealed: expect.any(Uint8Array) })
})

test('LOCK-9 removing the passphrase opens the home again', async () => {
  const home = await lockedHome()
  const { store, keys } = await open(home, { passphrase: PASSPHRASE })
  await keys.lock.remove(PASSPHRASE, undefined)
  await store.close()
  expect(await textOf(home, {})).toBe('one')
})

test('LOCK-11 a passkey opens it too; deleting the passkey loses nothing', async () => {
  const { forget } = await authenticator()
  const home = await lockedHome()
  const { store, keys } = await open(home, { passphrase: PASSPHRASE })
  await expect(keys.lock.addPasskey('wrong', 'Ada')).rejects.toEqual(failing('ERR_PASSPHRASE'))
  await keys.lock.addPasskey(PASSPHRASE, 'Ada')
  expect(await keys.lock.state()).toMatchObject({ passkeys: 1, passphrase: true })
  await store.close()
  expect(await textOf(home, { passkey: true })).toBe('one')
  await expect(open(home)).rejects.toEqual(failing('ERR_LOCKED'))
  await forget()
  await expect(open(home, { passkey: true })).rejects.toEqual(failing('ERR_PASSKEY'))
  expect(await textOf(home, { passphrase: PASSPHRASE })).toBe('one')
})

test('LOCK-11 another passkey of this browser opens nothing', async () => {
  await authenticator()
  const [one, other] = [await lockedHome(), await lockedHome()]
  const { store, keys } = await open(one, { passphrase: PASSPHRASE })
  await keys.lock.addPasskey(PASSPHRASE, 'Ada')
  await store.close()
  await expect(open(other, { passkey: true })).rejects.toEqual(failing('ERR_PASSKEY'))
})

test('LOCK-11 a passkey without PRF is refused, and nothing is changed', async () => {
  await authenticator({ hasPrf: false })
  const home = await lockedHome()
  const { store, keys } = await open(home, { passphrase: PASSPHRASE })
  await expect(keys.lock.addPasskey(PASSPHRASE, 'Ada')).rejects.toEqual(failing('ERR_PASSKEY'))
  expect(await keys.lock.state()).toMatchObject({ passkeys: 0 })
  await store.close()
})

test('LOCK-11 a passkey is never the only way in', async () => {
  await authenticator()
  const home = freshHome()
  const { store, keys } = await open(home)
  await expect(keys.lock.addPasskey(PASSPHRASE, 'Ada')).rejects.toEqual(failing('ERR_LOCK_NONE'))
  await keys.lock.set(PASSPHRASE)
  await keys.lock.addPasskey(PASSPHRASE, 'Ada')
  await keys.lock.addPasskey(PASSPHRASE, 'Ada')
  // Taking the passphrase away takes the passkeys along: the home then opens by itself.
  await keys.lock.remove(PASSPHRASE, undefined)
  expect(await keys.lock.state()).toMatchObject({ passkeys: 0, passphrase: false })
  await store.close()
  await (await open(home)).store.close()
})

function holdsCryptoKey(value: unknown): boolean {
  if (value instanceof CryptoKey) return true
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return false
  return Object.values(value).some(holdsCryptoKey)
}
