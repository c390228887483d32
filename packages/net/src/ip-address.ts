/** RFC 1918, RFC 3927 and loopback. Not 100.64/10 (RFC 6598): a carrier's network is not near. */
export function isPrivateIp4(ip: string): boolean {
  const [a, b] = ip.split('.').map(Number)
  if (a === undefined || b === undefined) return false
  return (
    a === 10 ||
    a === 127 ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168)
  )
}

/** RFC 4193 (fc00::/7), RFC 4291 (fe80::/10, ::1) and private IPv4 written as IPv6. */
export function isPrivateIp6(ip: string): boolean {
  const mapped = mappedIp4(ip)
  if (mapped !== undefined) return isPrivateIp4(mapped)
  const [first = 0, ...others] = ip6Groups(ip)
  const isLoopback = first === 0 && others.join() === '0,0,0,0,0,0,1'
  return isLoopback || (first & 0xfe00) === 0xfc00 || isLinkLocalIp6(ip)
}

/** RFC 4291 §2.5.6: an IPv6 address that means something on one link alone. */
export function isLinkLocalIp6(ip: string): boolean {
  const [first = 0] = ip6Groups(ip)
  return (first & 0xffc0) === 0xfe80
}

/** Whether a host, as an IP address or a name, is this machine itself. */
export function isLoopbackHost(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost'
}

/**
 * The eight groups of an IPv6 address in text (RFC 4291 §2.2), without a zone; the caller knows
 * that it is one.
 */
export function ip6Groups(ip: string): readonly number[] {
  const bare = withoutDots(ip.split('%')[0] ?? '')
  const [head = '', tail = ''] = bare.split('::')
  const before = groups(head)
  const after = groups(tail)
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => 0)
  return [...before, ...zeros, ...after]
}

/** The IPv4 address inside an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`), if it is one. */
export function mappedIp4(ip: string): string | undefined {
  const [a, b, c, d, e, mark, high = 0, low = 0] = ip6Groups(ip)
  if (mark !== 0xffff || [a, b, c, d, e].some((group) => group !== 0)) return undefined
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

function groups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

/** The last two groups may be written as an IPv4 address. */
function withoutDots(ip: string): string {
  return ip.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_whole, ...parts: readonly string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
}
