import { createHash } from 'node:crypto'

/**
 * The page an operator opens to see whether the relay is well: one file without anything from elsewhere.
 * It reads `/status` and shows sums, never who (rules RLY-14, RLY-16).
 */

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1d21; --soft: #5c6370; --line: #d9dde3; --back: #f6f7f9;
  --card: #fff; --good: #1a7f4b; --bad: #b3261e; --doubt: #8a5a00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a0a7b4; --line: #353a43; --back: #16181c;
  --card: #1f2228; --good: #5fd08f; --bad: #ff8a80; --doubt: #e6b455 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 3rem }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1rem; margin: 2rem 0 .5rem }
p { margin: .25rem 0; overflow-wrap: anywhere } .soft { color: var(--soft) }
.grid { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(11.5rem, 1fr)); margin: 1.25rem 0 0; padding: 0 }
.grid > div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem .9rem }
dt { color: var(--soft); font-size: .85rem } dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums }
dd small { font-size: .8rem; color: var(--soft); display: block }
.good { color: var(--good) } .bad { color: var(--bad) } .doubt { color: var(--doubt) }
ul { list-style: none; margin: 0; padding: 0 }
#addresses li { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .6rem;
  margin: .35rem 0; font: .8rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
#notices li { border-left: 3px solid var(--doubt); padding: .2rem .7rem; margin: .5rem 0 }`

const SCRIPT = `
const $ = (id) => document.getElementById(id)
const count = (n) => n.toLocaleString('en')
const size = (n) => { const units = ['B', 'kB', 'MB', 'GB', 'TB']; let at = 0
  while (n >= 1000 && at < 4) { n /= 1000; at += 1 } return (at === 0 ? n : n.toFixed(n < 10 ? 1 : 0)) + ' ' + units[at] }
const time = (ms) => { const s = Math.floor(ms / 1000), d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60
  return d > 0 ? d + ' d ' + h + ' h' : h > 0 ? h + ' h ' + m + ' min' : m > 0 ? m + ' min' : s + ' s' }
const tell = (id, text, tone) => { $(id).textContent = text; if (tone !== undefined) $(id).className = tone }
const list = (id, items, make) => $(id).replaceChildren(...items.map((item) => { const li = document.createElement('li'); make(li, item); return li }))
const ACCESS = { open: ['everybody who knows it', 'doubt'], owned: ['your devices, and who dials them', 'good'], unclaimed: ['nobody yet', 'bad'] }
let before
const show = (s) => {
  tell('state', s.ready ? 'serving' : 'not ready', s.ready ? 'good' : 'bad')
  tell('access', ...(ACCESS[s.access] || [s.access, '']))
  tell('how', s.access === 'unclaimed' ? 'Claim it: kith-relay claim-code shows the code.' : '')
  tell('reachable', s.reachable, s.reachable === 'yes' ? 'good' : s.reachable === 'no' ? 'bad' : 'doubt')
  tell('reason', s.reachableReason)
  tell('devices', count(s.reservations)); tell('of', 'of ' + count(s.limits.maxReservations))
  tell('circuits', count(s.circuits)); tell('connections', count(s.connections) + ' connections')
  tell('bytes', size(s.bytes)); const now = performance.now()
  tell('rate', before ? size(Math.max(0, (s.bytes - before.bytes) / ((now - before.at) / 1000))) + ' per second' : '')
  before = { bytes: s.bytes, at: now }
  tell('month', size(s.monthBytes)); tell('monthly', s.limits.maxMonthly > 0 ? 'of ' + size(s.limits.maxMonthly) : 'no limit')
  tell('away', count(s.turnedAway)); tell('floods', count(s.floods) + ' cut off for flooding')
  tell('uptime', 'for ' + time(s.uptime)); tell('version', 'version ' + s.version)
  tell('held', count(s.messagesHeld)); tell('relay', s.relay)
  tell('stun', s.stun === null ? 'STUN is off' : s.stun)
  list('addresses', s.addresses, (li, text) => { li.textContent = text })
  list('notices', s.notices, (li, n) => { li.textContent = n.message + ' ' + n.hint })
  $('noticed').hidden = s.notices.length === 0
}
const look = async () => {
  try { show(await (await fetch('status')).json()) } catch { tell('state', 'does not answer', 'bad') }
  setTimeout(look, 2000)
}
look()`

const TILES: readonly (readonly [string, string, string])[] = [
  ['State', 'state', 'uptime'],
  ['Who may use it', 'access', 'how'],
  ['Reachable from outside', 'reachable', 'reason'],
  ['Devices', 'devices', 'of'],
  ['Circuits', 'circuits', 'connections'],
  ['Forwarded', 'bytes', 'rate'],
  ['This month', 'month', 'monthly'],
  ['Turned away', 'away', 'floods'],
]

const tiles = TILES.map(
  ([name, id, more]) =>
    `<div><dt>${name}</dt><dd><span id="${id}">…</span><small id="${more}"></small></dd></div>`,
).join('\n')

/** The page, the same for every relay: what differs it asks for. */
export const DASHBOARD: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>kith-relay</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>kith-relay</h1>
<p class="soft">It forwards sealed bytes. Messages held: <span id="held">0</span>; it cannot read or keep any.</p>
<noscript><p class="bad">This page reads /status with a script. Without one, open <a href="status">/status</a>.</p></noscript>
<dl class="grid">
${tiles}
</dl>
<section id="noticed" hidden><h2>To look at</h2><ul id="notices"></ul></section>
<h2>Addresses</h2>
<ul id="addresses"></ul>
<p class="soft"><span id="stun"></span> · <span id="version"></span></p>
<p class="soft" id="relay"></p>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Nothing but this very script and style runs, and it talks to nobody but the relay. */
export const DASHBOARD_POLICY: string = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
