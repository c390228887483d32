import type { Platform } from './platform.ts'

/**
 * Erases the device of a home that nobody has open.
 *
 * @throws ERR_HOME_IN_USE, ERR_STORE_WRITE
 */
export async function eraseHomeOn(platform: Platform, home: string): Promise<void> {
  const lock = await platform.lock(home)
  try {
    await platform.eraseHome(home)
  } finally {
    await lock.release()
  }
}
