import { join } from 'node:path'
import { findSocketPath } from '../local/socket-path.ts'
import { oneLine, table } from '../terminal-text.ts'
import type { CommandContext } from './context.ts'

/** Where the device keeps its things; needs no running device. */
export async function showPaths({ report, home }: CommandContext): Promise<void> {
  const socket = (await findSocketPath(home)) ?? join(home, 'socket')
  report.event({ event: 'paths', home, socket })
  report.print(
    ...table([
      ['home', oneLine(home)],
      ['socket', oneLine(socket)],
    ]),
  )
}
