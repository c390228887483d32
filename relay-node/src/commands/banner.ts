import type { RelayStatus } from '../admin/status.ts'

/** What an operator reads when the relay is up. */
export function bannerOf(
  { access, addresses, limits, stun, reachable }: RelayStatus,
  { admin }: { readonly admin: string | null },
): string {
  const [first = '', ...others] = addresses
  return [
    'Relay ready. It forwards sealed bytes; it cannot read or keep messages.',
    '',
    row('Address', first),
    ...others.map((address) => row('', address)),
    row('Who may use it', ACCESS[access]),
    row('Limits', limitsText(limits)),
    ...(reachable === 'no' ? [row('Reachable', 'from this machine alone')] : []),
    ...(stun === null ? [] : [row('STUN', stun)]),
    row('Dashboard', admin ?? 'off; "kith-relay status" tells the same'),
    row('Keep it running', 'kith-relay install --systemd'),
    row('Stop', 'Ctrl-C'),
  ].join('\n')
}

const ACCESS: Readonly<Record<RelayStatus['access'], string>> = {
  open: 'everybody who knows an address of it, within the limits',
  owned: 'the devices of its owner, and who dials them',
  unclaimed: 'nobody yet: the first device that shows its code owns it',
}

/** How to become the owner: the text to copy; a QR code of it follows. */
export function claimText({ code, expiresInMs }: { code: string; expiresInMs: number }): string {
  const minutes = Math.max(1, Math.round(expiresInMs / 60_000))
  return [
    '',
    `Claim it with your device (this code ends in ${minutes} min, then there is a new one):`,
    `  kith relay claim ${code}`,
    '',
  ].join('\n')
}

function limitsText(limits: RelayStatus['limits']): string {
  const { maxReservations, maxReservationsPerAddress, maxCircuits, maxRate, maxMonthly } = limits
  const devices = `${maxReservations} devices (${maxReservationsPerAddress} of one address)`
  const rate = maxRate === 0 ? [] : [`${maxRate} bytes/s`]
  const month = maxMonthly === 0 ? [] : [`${maxMonthly} bytes a month`]
  return [devices, `${maxCircuits} circuits`, ...rate, ...month].join(' · ')
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(17)}${text}`
}
