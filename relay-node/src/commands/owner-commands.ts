import { RelayError } from '../errors.ts'
import { allowLines, changeAllowed } from '../home/home.ts'
import { askHome } from '../home/home-socket.ts'
import { isAllowable } from '../ownership/allow-list.ts'
import { createOutput, type Output } from './output.ts'
import { showClaim } from './run-command.ts'
import type { HomeFlags } from './status-command.ts'

/** Prints the code of the running relay. @throws ERR_OWNED, ERR_RELAY_NOT_RUNNING */
export async function showClaimCode(
  flags: HomeFlags & { readonly replace?: boolean },
): Promise<void> {
  const output = createOutput(flags.json === true ? 'json' : 'text')
  const path = flags.replace === true ? '/claim-code/another' : '/claim-code'
  const { code, expiresInMs } = await askHome(flags.home, { method: 'POST', path })
  if (typeof code !== 'string' || typeof expiresInMs !== 'number') {
    throw new RelayError('ERR_OWNED', 'There is nothing to claim: it has an owner, or is open', {
      hint: 'To hand it to another account: kith-relay claim-code --replace',
    })
  }
  output.event({ event: 'claim-code', code, expiresInMs })
  showClaim({ code, expiresInMs }, output)
}

/** Changes the allow list of a home, and has a running relay read it. @throws ERR_USAGE */
export async function allow(
  ids: readonly string[],
  flags: HomeFlags & { readonly remove?: boolean },
): Promise<void> {
  const wrong = ids.find((id) => !isAllowable(id))
  if (wrong !== undefined) {
    throw new RelayError('ERR_USAGE', `Neither a device nor an account: ${wrong}`, {
      hint: 'Give ids of devices (12D3KooW…) or of accounts (a…).',
    })
  }
  const output = createOutput(flags.json === true ? 'json' : 'text')
  const change = flags.remove === true ? { add: [], remove: ids } : { add: ids, remove: [] }
  const isQuestion = ids.length === 0
  const allowed = isQuestion
    ? await allowLines(flags.home)
    : await changeAllowed(flags.home, change)
  if (isQuestion) return tellAllowed(allowed, output)
  const isRunning = await reloads(flags.home)
  output.event({ event: 'allowed', allowed, running: isRunning })
  output.text(
    [...allowed, isRunning ? 'The running relay knows.' : 'No relay runs now.'].join('\n'),
  )
}

function tellAllowed(allowed: readonly string[], output: Output): void {
  output.event({ event: 'allowed', allowed })
  output.text(allowed.length === 0 ? 'Nobody but its owner.' : allowed.join('\n'))
}

async function reloads(home: string): Promise<boolean> {
  try {
    await askHome(home, { method: 'POST', path: '/reload' })
    return true
  } catch (error) {
    if (error instanceof RelayError && error.code === 'ERR_RELAY_NOT_RUNNING') return false
    throw error
  }
}
