import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

/** One release a package must not be older than, and the published reason. */
interface Minimum {
  readonly package: string
  readonly version: string
  readonly advisory: string
}

interface Advisories {
  readonly minimum: readonly Minimum[]
  readonly forbidden: readonly { readonly package: string; readonly reason: string }[]
}

interface Locked {
  readonly name?: string
  readonly version?: string
  readonly resolved?: string
  readonly link?: boolean
}

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const advisories: Advisories = JSON.parse(read('security/advisories.json'))
const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  read('package-lock.json'),
)

describe('package-lock.json against security/advisories.json', () => {
  test.each(advisories.minimum)('$package is at least $version ($advisory)', (minimum) => {
    const versions = lockedVersions(minimum.package)
    expect(versions, `${minimum.package} is not in the lock: drop its row`).not.toEqual([])
    expect(versions.filter((version) => isOlder(version, minimum.version))).toEqual([])
  })

  test.each(advisories.forbidden)('$package stays out ($reason)', (forbidden) => {
    expect(lockedVersions(forbidden.package)).toEqual([])
  })

  test('no package is bound to the address of a registry', () => {
    const addresses = Object.values(lock.packages)
      .filter((locked) => locked.link !== true)
      .flatMap((locked) => locked.resolved ?? [])
    expect(addresses).toEqual([])
  })

  test('every package from outside is held by its hash', () => {
    const loose = Object.entries(lock.packages)
      .filter(([place]) => place.includes('node_modules/'))
      .filter(([, locked]) => locked.link !== true && !('integrity' in locked))
    expect(loose.map(([place]) => place)).toEqual([])
  })
})

describe('the comparison itself', () => {
  test.each([
    ['5.1.21', '5.1.22', true],
    ['5.1.22', '5.1.22', false],
    ['5.2.0', '5.1.22', false],
    ['10.0.0', '9.9.9', false],
    ['6.0.28-rc.1', '6.0.28', true],
  ])('%s is older than %s: %s', (version, minimum, older) => {
    expect(isOlder(version, minimum)).toBe(older)
  })
})

/** All versions of a package in the lock; an alias (`npm:other@1`) counts under its own name. */
function lockedVersions(name: string): string[] {
  return Object.entries(lock.packages)
    .filter(([place, locked]) => (locked.name ?? lastName(place)) === name)
    .flatMap(([, locked]) => locked.version ?? [])
}

function lastName(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

/** By the three numbers; a pre-release comes before its release. */
function isOlder(version: string, minimum: string): boolean {
  const [left, right] = [numbers(version), numbers(minimum)]
  for (const [at, number] of right.entries()) {
    const other = left[at] ?? 0
    if (other !== number) return other < number
  }
  return version.includes('-') && !minimum.includes('-')
}

function numbers(version: string): number[] {
  return (version.split('-')[0] ?? '').split('.').map(Number)
}
