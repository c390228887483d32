import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemdUnit } from './systemd-unit.ts'

const UNIT = {
  node: '/usr/local/lib/kith-relay/node',
  program: '/usr/local/lib/kith-relay/dist/kith-relay.js',
}

/** Exit code of `systemd-analyze security` with a threshold (tenths); undefined where there is none. */
function exposureIsAtMost(tenths: number, unit: string): boolean | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'kith-unit-'))
  const file = join(folder, 'kith-relay.service')
  try {
    writeFileSync(file, unit)
    execFileSync('systemd-analyze', ['security', '--offline=true', `--threshold=${tenths}`, file])
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? undefined : false
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('RLY-86 systemd rates the unit 1.5 or better', ({ skip }) => {
  const isGood = exposureIsAtMost(15, systemdUnit({ ...UNIT, run: [] }))
  skip(isGood === undefined, 'there is no systemd-analyze here')
  expect(isGood).toBe(true)
  expect(exposureIsAtMost(5, systemdUnit({ ...UNIT, run: [] }))).toBe(false)
})

test('RLY-86 flags stand in it as they were given, and no claim code reaches the journal', () => {
  const run = ['--public-host', 'relay.example', '--home', '/srv/a "b"/100%']
  const line = systemdUnit({ ...UNIT, run })
    .split('\n')
    .find((one) => one.startsWith('ExecStart='))
  expect(line).toBe(
    'ExecStart=/usr/local/lib/kith-relay/node /usr/local/lib/kith-relay/dist/kith-relay.js run --log ' +
      '--public-host relay.example --home "/srv/a \\"b\\"/100%%"',
  )
})

test('RLY-86 a flag cannot add a line to the unit', () => {
  const run = ['--home', '/srv\nExecStartPre=/bin/evil']
  expect(() => systemdUnit({ ...UNIT, run })).toThrow(/line break/)
})
