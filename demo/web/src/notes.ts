/** A small text a page keeps beside its device, on this browser alone. */
export interface Notes {
  readonly read: () => string | undefined
  readonly write: (text: string) => void
  readonly forget: () => void
}

/** Notes of a home, for as long as the browser keeps them. */
export function createStoredNotes(home: string): Notes {
  const key = `kith-page-${home}`
  return {
    read: () => quietly(() => localStorage.getItem(key)) ?? undefined,
    write: (text) => quietly(() => localStorage.setItem(key, text)),
    forget: () => quietly(() => localStorage.removeItem(key)),
  }
}

/** Notes that end with the tab. */
export function createMemoryNotes(): Notes {
  let kept: string | undefined
  return {
    read: () => kept,
    write: (text) => {
      kept = text
    },
    forget: () => {
      kept = undefined
    },
  }
}

/** A page may be denied localStorage, or have it full: then it asks once more, which harms nobody. */
function quietly<T>(access: () => T): T | undefined {
  try {
    return access()
  } catch {
    return undefined
  }
}
