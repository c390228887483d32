/** Wakes one sleeper. A ring while nobody sleeps is kept for the next. */
export interface Bell {
  ring(): void
  heard(): Promise<void>
}

/** A silent bell. */
export function createBell(): Bell {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring: () => {
      if (wake === undefined) rung = true
      else wake()
      wake = undefined
    },
    heard: () =>
      new Promise((resolve) => {
        if (rung) resolve()
        else wake = resolve
        rung = false
      }),
  }
}
