import type { Anchor } from '../platform.ts'

/** The anchor of a home in a page: apart from IndexedDB, so that it outlasts it. */
export async function openBrowserAnchor(home: string): Promise<Anchor> {
  const key = `kith-anchor-${home}`
  return {
    read: async () => {
      const hex = quietly(() => localStorage.getItem(key))
      return typeof hex === 'string' ? [bytesOf(hex)] : []
    },
    write: async (bytes) => {
      quietly(() => localStorage.setItem(key, hexOf(bytes)))
    },
    close: async () => {},
  }
}

/** A page may be denied localStorage, or have it full; without an anchor a lost end goes unnoticed. */
function quietly<T>(access: () => T): T | undefined {
  try {
    return access()
  } catch {
    return undefined
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
