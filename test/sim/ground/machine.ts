/** The machine under a simulated device: its keys, its disk, its algorithms; all of it without threads. */

import type { Signer } from '@kithmesh/protocol'
import type { HomeLockChanges } from '../../../packages/node/src/lock/home-lock-changes.ts'
import { nodePlatform } from '../../../packages/node/src/platform.node.ts'
import type { HomeKeys, Platform } from '../../../packages/node/src/platform.ts'
import { MEMORY_HOME } from '../../../packages/node/src/platform.ts'
import { simPrimitives, simStoreKey } from './algorithms.ts'
import { cheapPublicKey, cheapSignature } from './cheap-signature.ts'
import type { Disk, OpenDisk } from './disk.ts'

/** What a device has from the factory on: two seeds of 32 bytes. */
export interface DeviceSecrets {
  readonly identity: Uint8Array
  readonly store: Uint8Array
}

/** The platform of one run of a device. */
export async function machineOf(parts: {
  readonly secrets: DeviceSecrets
  readonly disk: Disk
  readonly open: OpenDisk
  readonly isOn: () => boolean
}): Promise<Platform> {
  const { secrets, disk, open, isOn } = parts
  // Of the real platform only what nobody here asks for: what opens and locks homes of files.
  const noLock = await nodePlatform.openKeys(MEMORY_HOME, {})
  return {
    ...nodePlatform,
    primitives: simPrimitives,
    defaultName: () => 'device',
    limitations: async () => [],
    lock: async () => ({ release: async () => {} }),
    hasHome: async () => true,
    openKeys: async () => keysOf(secrets, noLock.lock),
    openAnchor: async () => ({
      read: async () => disk.anchors,
      write: async (bytes) => {
        if (isOn()) disk.anchors = [...disk.anchors.slice(-1), bytes.slice()]
      },
      close: async () => {},
    }),
    openBackend: async () => open.backend,
  }
}

async function keysOf(secrets: DeviceSecrets, lock: HomeLockChanges): Promise<HomeKeys> {
  return {
    openIdentity: async () => signerOf(secrets.identity),
    openStoreKey: async () => simStoreKey(secrets.store),
    loadOrCreate: async (_name, create) => create(),
    lock,
    drop: () => undefined,
  }
}

/** The signer of a seed: the same bytes give the same signature. */
export function signerOf(seed: Uint8Array): Signer {
  const publicKey = cheapPublicKey(seed)
  return { publicKey, sign: async (bytes) => cheapSignature(publicKey, bytes) }
}
