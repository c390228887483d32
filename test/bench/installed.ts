import { execFile } from 'node:child_process'
import type { ContenderName } from './contenders/contenders.ts'

/** Peers that a run starts where the machine has them, by their program and their package in Debian. */
const PROGRAMS: ReadonlyMap<ContenderName, { readonly program: string; readonly debian: string }> =
  new Map([
    ['syncthing, two', { program: 'syncthing', debian: 'syncthing' }],
    ['syncthing', { program: 'syncthing', debian: 'syncthing' }],
    ['syncthing-relaysrv', { program: 'strelaysrv', debian: 'syncthing-relaysrv' }],
    ['coturn', { program: 'turnserver', debian: 'coturn' }],
  ])

/** What would have to be installed first; undefined when a contender can run. */
export async function missingProgram(contender: ContenderName): Promise<string | undefined> {
  const needed = PROGRAMS.get(contender)
  if (needed === undefined || (await isInstalled(needed.program))) return undefined
  return `apt-get install ${needed.debian}`
}

function isInstalled(program: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('which', [program], (error) => resolve(error === null))
  })
}
