/** What the router of a home does to what passes it, as rules of nftables. */

/**
 * How a router hides the machines behind it (RFC 4787, in the words of game consoles):
 *
 * - `none`: it does not; the machine has a public address and anybody may dial it.
 * - `open`: a full cone. A port that was used once is reachable from everywhere.
 * - `moderate`: endpoint-independent mapping, port-restricted. A port looks the same to everybody, and only those who were
 *   written to can answer. Most homes.
 * - `strict`: symmetric. Every destination sees another port, drawn at random. Companies and carriers.
 */
export type NatKind = 'none' | 'open' | 'moderate' | 'strict'

/** In the order of the tables. */
export const NAT_KINDS: readonly NatKind[] = ['none', 'open', 'moderate', 'strict']

/** What a router lets through none of: as a firewall, or as a line that is silent. */
export type Blocked = 'nothing' | 'udp' | 'everything'

/** Interfaces of every router: towards the internet, and towards its home. */
export const WAN = 'wan'
export const LAN = 'lan'

/** The whole ruleset of a router; what was there before is replaced, connections that stand are not cut. */
export function routerRules(nat: NatKind, inside: string, blocked: Blocked): string {
  return `flush ruleset
table ip filter {
  chain blocked {
    type filter hook forward priority -10; policy accept;
    ${BLOCKS[blocked]}
  }
  chain passing {
    type filter hook forward priority 0; policy accept;
    ct status dnat accept
    ${nat === 'none' ? '' : `iifname "${WAN}" ct state new drop`}
  }
  chain knocking {
    type filter hook input priority 0; policy accept;
    ${nat === 'none' ? '' : `iifname "${WAN}" ct state new drop`}
  }
}
table ip nat {
  chain arriving {
    type nat hook prerouting priority dstnat; policy accept;
    ${nat === 'open' ? `iifname "${WAN}" meta l4proto udp dnat to ${inside}` : ''}
  }
  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
    ${LEAVING[nat]}
  }
}
`
}

/** Dropped, never refused: nobody is told of a lost packet. */
const BLOCKS: Readonly<Record<Blocked, string>> = {
  nothing: '',
  udp: 'meta l4proto udp drop',
  everything: 'drop',
}

/** Linux keeps the port of a machine while it is free, which is a mapping that looks the same to all. */
const LEAVING: Readonly<Record<NatKind, string>> = {
  none: '',
  open: `oifname "${WAN}" masquerade`,
  moderate: `oifname "${WAN}" masquerade`,
  strict: `oifname "${WAN}" masquerade fully-random`,
}
