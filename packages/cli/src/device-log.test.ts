import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createNode, MEMORY_HOME, readForkProof, verifyDeviceLogFile } from '@kithmesh/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run, temporaryFolder } from '../test/terminal.ts'
import { createWorld } from '../test/world.ts'

/** The log of a real account. */
async function realLog(): Promise<Uint8Array> {
  const node = await createNode({ home: MEMORY_HOME, name: 'phone', lan: false, listen: [] })
  onTestFinished(() => node.stop())
  return node.deviceLog.export()
}

async function fileOf(bytes: Uint8Array, name = 'log.kith'): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, bytes)
  return path
}

describe('LOG-15 CLI-80: kith log verify', () => {
  test('accepts a good log, offline and without a home', async () => {
    const path = await fileOf(await realLog())
    const { code, out } = await run(['log', 'verify', path])
    expect(code).toBe(0)
    expect(out()).toMatch(/The log is good\. Its devices:\n {2}active +.* 12D3Koo\w{45}\n/)
    expect(
      Math.max(
        ...out()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80)
    const json = await run(['log', 'verify', path, '--json'])
    expect(json.events()).toEqual([
      {
        event: 'device-log',
        valid: true,
        devices: [
          {
            device: expect.stringMatching(/^12D3Koo/),
            state: 'active',
            addedAt: expect.stringMatching(/Z$/),
            takenInBy: null,
          },
        ],
        faults: [],
      },
    ])
  })

  test('names the fault of a changed one, exit 5', async () => {
    const log = await realLog()
    const changed = Uint8Array.from(log)
    const last = changed.length - 1
    changed[last] = (changed[last] ?? 0) ^ 1
    const path = await fileOf(changed)
    const { code, out } = await run(['log', 'verify', path])
    expect([code, out().split('\n')[0]]).toEqual([5, 'The log is not good:'])
    const json = await run(['log', 'verify', path, '--json'])
    expect(json.code).toBe(5)
    expect(json.events()).toEqual([
      {
        event: 'device-log',
        valid: false,
        devices: [],
        faults: [{ place: 'file', code: 'ERR_LOG_GENESIS', message: expect.any(String) }],
      },
    ])
    const noLog = await run(['log', 'verify', await fileOf(new Uint8Array([1, 2, 3]))])
    expect(noLog.code).toBe(5)
  })

  test('refuses a log of another account as the earlier one', async () => {
    const [one, other] = [await fileOf(await realLog()), await fileOf(await realLog())]
    expect((await run(['log', 'verify', one, '--since', one])).code).toBe(0)
    const { code, out } = await run(['log', 'verify', one, '--since', other])
    expect(code).toBe(5)
    expect(out()).toContain('earlier file: It is the log of another account.')
  })

  test('a file that cannot be read ends with 1', async () => {
    const missing = join(await temporaryFolder(), 'missing.kith')
    const { code, err } = await run(['log', 'verify', missing])
    expect(code).toBe(1)
    expect(err()).toContain('ERR_FILE')
  })
})

describe('LOG-15 CLI-80: kith log export', () => {
  test('writes what the device gives, and never over another file', async () => {
    const log = await realLog()
    const world = await createWorld((fake) => {
      fake.deviceLog = log
    })
    const path = join(await temporaryFolder(), 'out.kith')
    const { code, out, err } = await world.human(['log', 'export', path])
    expect([code, out(), err()]).toEqual([
      0,
      `${path}\n`,
      expect.stringContaining('kith log verify'),
    ])
    expect(new Uint8Array(await readFile(path))).toEqual(log)
    const again = await world.json(['log', 'export', path])
    expect(again.code).toBe(1)
    expect(again.events()).toMatchObject([{ event: 'error', code: 'ERR_FILE' }])
    const other = join(await temporaryFolder(), 'other.kith')
    const json = await world.json(['log', 'export', other])
    expect(json.events()).toEqual([
      { event: 'device-log-exported', path: other, bytes: log.length },
    ])
  })
})

test('LOG-6: what is exported is a log and no fork proof', async () => {
  const log = await realLog()
  expect(readForkProof(log)).toBeUndefined()
  expect(verifyDeviceLogFile(log).valid).toBe(true)
})
