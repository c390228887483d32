/** Moments as people and programs read them. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** ISO 8601 in UTC. `at`: ms since 1970 UTC. */
export function isoTime(at: number): string {
  return new Date(at).toISOString()
}

/** How long ago, roughly: `now`, `12 s ago`, `3 d ago`. `then`: ISO 8601; `now`: ms since 1970 UTC. */
export function ago(then: string, now: number): string {
  const passed = now - Date.parse(then)
  if (passed < 5 * SECOND) return 'now'
  if (passed < MINUTE) return `${Math.floor(passed / SECOND)} s ago`
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min ago`
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h ago`
  return `${Math.floor(passed / DAY)} d ago`
}

/** Day and minute in the time zone of this computer: `2026-11-22 10:02`. `at`: ISO 8601. */
export function localMinute(at: string): string {
  const date = new Date(at)
  const [month, day, hours, minutes] = [
    date.getMonth() + 1,
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
  ].map((part) => String(part).padStart(2, '0'))
  return `${date.getFullYear()}-${month}-${day} ${hours}:${minutes}`
}
