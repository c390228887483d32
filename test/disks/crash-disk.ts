/**
 * A disk whose power can be cut. An ext4 lies on an image, and the image on a btrfs, which can copy it in one
 * instant: what that copy holds is what a machine would find again. Needs root, loop devices and mkfs.btrfs.
 */

import { execFile } from 'node:child_process'
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A disk in use. */
export interface CrashDisk {
  /** Where it is mounted; empty at first. */
  readonly folder: string
  /** What would be on it if the power went now, mounted somewhere else. */
  cut(): Promise<CutDisk>
  /** Unmounts everything and deletes it. */
  release(): Promise<void>
}

/** A disk after a power cut. */
export interface CutDisk {
  readonly folder: string
  release(): Promise<void>
}

const call = promisify(execFile)
/** mkfs.btrfs takes no less than 109 MiB; the images are sparse. */
const HOST_BYTES = 2 * 1024 ** 3
const DISK_BYTES = 512 * 1024 ** 2

/** Makes a disk in a new folder `at`. Rejects where this machine does not let it be made. */
export async function makeCrashDisk(at: string): Promise<CrashDisk> {
  const host = join(at, 'host')
  const image = join(host, 'disk.img')
  const folder = join(at, 'disk')
  await mkdir(at)
  await makeImage(join(at, 'host.img'), HOST_BYTES, ['mkfs.btrfs', '-q'])
  await mount(join(at, 'host.img'), host)
  try {
    await makeImage(image, DISK_BYTES, ['mkfs.ext4', '-q', '-F'])
    await mount(image, folder)
  } catch (error) {
    await unmount(host)
    throw error
  }
  let cuts = 0
  return {
    folder,
    cut: async () => {
      cuts += 1
      const copy = join(host, `cut-${cuts}.img`)
      await call('cp', ['--reflink=always', image, copy])
      const cut = join(at, `cut-${cuts}`)
      await mount(copy, cut)
      return {
        folder: cut,
        release: async () => {
          await unmount(cut)
          await rm(copy)
        },
      }
    },
    release: async () => {
      await unmount(folder)
      await unmount(host)
      await rm(at, { recursive: true })
    },
  }
}

async function makeImage(path: string, bytes: number, [make, ...options]: string[]): Promise<void> {
  await writeFile(path, '')
  await truncate(path, bytes)
  await call(make ?? '', [...options, path], { env: { ...process.env, PATH: WITH_SBIN } })
}

/** Where the tools of the superuser are, which the path of others leaves out. */
const WITH_SBIN = `${process.env['PATH']}:/usr/sbin:/sbin`

async function mount(image: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await call('mount', ['-o', 'loop', image, folder], { env: { ...process.env, PATH: WITH_SBIN } })
}

/**
 * Processes of a browser that was killed hold their files for a moment. A mount namespace that somebody else makes
 * meanwhile holds a copy of every mount for as long as it stands: then it is taken out of sight, and goes with it.
 */
async function unmount(folder: string): Promise<void> {
  for (let attempt = 1; attempt < MAX_UNMOUNTS; attempt++) {
    const isOut = await call('umount', [folder]).then(
      () => true,
      () => false,
    )
    if (isOut) return
    await new Promise((settle) => setTimeout(settle, UNMOUNT_PAUSE_MS))
  }
  await call('umount', ['--lazy', folder])
}

const MAX_UNMOUNTS = 100
const UNMOUNT_PAUSE_MS = 50
