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
