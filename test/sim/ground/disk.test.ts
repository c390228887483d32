import { expect, test } from 'vitest'
import { createDisk, openDisk } from './disk.ts'
import { randomOf } from './random.ts'
import { createVirtualTime } from './time.ts'

const KEY = Uint8Array.of(1)

function opened({ seed = 0, isFull = (): boolean => false } = {}) {
  const time = createVirtualTime()
  const disk = createDisk()
  let isOn = true
  const open = openDisk(disk, {
    time,
    random: randomOf('disk', seed),
    isOn: () => isOn,
    isFull,
    writeMs: 10,
    slowReads: 0,
    written: () => undefined,
  })
  return {
    time,
    disk,
    open,
    cut: () => {
      isOn = false
      open.cut()
    },
  }
}

test('SIM-4 what was acknowledged is on the disk when the power goes', async () => {
  const { time, disk, open, cut } = opened()
  await time.settle(open.backend.write([{ key: KEY, value: Uint8Array.of(7) }]), 100)
  cut()
  expect(disk.entries).toEqual([[KEY, Uint8Array.of(7)]])
})

test('SIM-4 what was not acknowledged is there or not, and nobody is told', async () => {
  const outcomes = new Set<number>()
  for (let seed = 0; seed < 20; seed++) {
    const { time, disk, open, cut } = opened({ seed })
    let isTold = false
    void open.backend.write([{ key: KEY, value: KEY }]).then(() => {
      isTold = true
    })
    cut()
    await time.run(1_000)
    expect(isTold).toBe(false)
    outcomes.add(disk.entries.length)
  }
  expect([...outcomes].sort()).toEqual([0, 1])
})

test('SIM-4 a full disk refuses a write and keeps what it has', async () => {
  const { time, disk, open } = opened({ isFull: () => true })
  const writing = open.backend.write([{ key: KEY, value: KEY }])
  await expect(time.settle(writing, 100)).rejects.toThrow('no space')
  expect(disk.entries).toEqual([])
})
