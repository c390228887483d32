/** Enough for every transport of a few relays; a list beyond is not ours. */
const MAX_ADDRESSES = 64
const MAX_ADDRESS_LENGTH = 512

/** The relays the server of this page knows, as far as a page can dial them. */
export async function fetchRelays({
  signal,
}: {
  signal?: AbortSignal
} = {}): Promise<readonly string[]> {
  const response = await fetch('/relays.json', signal ? { signal } : {})
  if (!response.ok) throw new Error(`the server of this page answered ${response.status}`)
  return relaysOf(await response.json())
}

/** What of a relay list a page can use (WEB-3). @throws when it is not a list of addresses */
export function relaysOf(list: unknown): readonly string[] {
  if (!Array.isArray(list) || list.length > MAX_ADDRESSES || !list.every(isAddress)) {
    throw new Error('the server of this page sent no list of relays')
  }
  return list.filter((address) => DIALLED_BY_PAGES.test(address))
}

/** A page has no sockets: only WebSocket and WebRTC. */
const DIALLED_BY_PAGES = /\/(ws|wss|webrtc-direct)(\/|$)/

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('/') && value.length <= MAX_ADDRESS_LENGTH
}
