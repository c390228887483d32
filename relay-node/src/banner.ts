import type { RelayStatus } from './status.ts'

/** What an operator reads when the relay is up. */
export function bannerOf(
  { addresses, limits, stun }: RelayStatus,
  { admin, open }: { readonly admin: string | null; readonly open: boolean },
): string {
  const [first = '', ...others] = addresses
  return [
    'Relay ready. It forwards sealed bytes; it cannot read or keep messages.',
    '',
    row('Address', first),
    ...others.map((address) => row('', address)),
    row('Who may use it', accessText({ open })),
    row('Limits', limitsText(limits)),
    ...(stun === null ? [] : [row('STUN', stun)]),
    row('Status', admin ?? 'kith-relay status'),
    row('Stop', 'Ctrl-C'),
  ].join('\n')
}

/** Until a relay can be claimed by its owner, open is the only mode: said plainly (rule RLY-17). */
function accessText({ open }: { readonly open: boolean }): string {
  if (open) return 'anyone who knows an address of it, within the limits'
  return 'for now anyone who knows an address of it, within the limits: this version cannot be claimed'
}

function limitsText(limits: RelayStatus['limits']): string {
  const { maxReservations, maxReservationsPerAddress, maxCircuits, maxRate } = limits
  const devices = `${maxReservations} devices (${maxReservationsPerAddress} of one address)`
  const rate = maxRate === 0 ? [] : [`${maxRate} bytes/s`]
  return [devices, `${maxCircuits} circuits`, ...rate].join(' · ')
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(16)}${text}`
}
