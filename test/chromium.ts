import { existsSync } from 'node:fs'

/** Quiet and alone: no GPU, no first-run page, no traffic of its own; as root there is no sandbox. */
export const chromiumFlags: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The Chromium of this machine: `KITH_CHROMIUM`, else the first of the usual places that exists. */
export function findChromium(): string | undefined {
  const named = process.env['KITH_CHROMIUM']
  return named === undefined ? places.find((place) => existsSync(place)) : existing(named)
}

/** What to type where {@link findChromium} found nothing. */
export const chromiumMissing =
  'The browser tests need Chromium: `sudo apt-get install -y chromium`, ' +
  'or set KITH_CHROMIUM to the path of a Chromium or Chrome.'

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined
}
