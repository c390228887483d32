import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import type { Clock, Rng } from '@kithmesh/protocol'
import { nobleRecordCrypto, type RecordCrypto } from '../log/record-crypto.ts'
import type { Scheduler } from '../scheduler.ts'

/** A clock and its timers, moved by hand. */
export interface ManualTime extends Clock, Scheduler {
  /** Moves the time on and runs what falls due, in order. */
  pass(ms: number): void
}

/** Time that stands still. `at`: ms since 1970 UTC. */
export function createManualTime(at = 1_000_000): ManualTime {
  const timers = new Set<{ readonly due: number; readonly run: () => void }>()
  let now = at
  const nextDue = (until: number) =>
    [...timers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0]
  return {
    now: () => now,
    monotonic: () => now,
    schedule: (ms, run) => {
      const timer = { due: now + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    pass: (ms) => {
      const until = now + ms
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.due)
        timer.run()
      }
      now = until
    },
  }
}

/** Reproducible bytes (mulberry32): a test that fails, fails again. */
export function createSeededRng(seed: number): Rng {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) & 0xff
  }
  return { bytes: (length) => Uint8Array.from({ length }, next) }
}

/** Native AES and SHA, as a Node host hands in. Signatures stay with noble: the same rules in every test. */
export const nativeRecordCrypto: RecordCrypto = {
  ...nobleRecordCrypto,
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  aes256Gcm: {
    seal: ({ key, nonce, bytes, associatedData }) => {
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(associatedData)
      return new Uint8Array(
        Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]),
      )
    },
    open: ({ key, nonce, bytes, associatedData }) => {
      if (bytes.length < 16) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, nonce)
      decipher.setAAD(associatedData)
      decipher.setAuthTag(bytes.subarray(-16))
      try {
        const opened = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()])
        return new Uint8Array(opened)
      } catch {
        return undefined
      }
    },
  },
}
