import { styleText } from 'node:util'

/** What each step of the story is, for a person who watches. */
const STEPS: Readonly<Record<string, readonly [who: string, what: string]>> = {
  relay: ['Relay', 'forwards sealed bytes and keeps none of them'],
  devices: ['Devices', 'Ada’s phone, a new laptop, Ben’s phone; each has its own key'],
  link: ['Ada', 'linked the laptop by its code, over the local network'],
  contact: ['Ben', 'added Ada by an invite code, over the relay'],
  rename: ['Ada', 'renamed Ben on the phone; the laptop has the new name'],
  message: ['Ada', '“Hi Ben, dinner at eight?” is on Ben’s phone, end-to-end'],
  reply: ['Ben', '“Gladly. I bring the wine.” is on both devices of Ada'],
  star: ['Ada', 'starred it on the laptop; the phone shows the star'],
}

/** The first line, printed before anything starts. */
export function printIntro(): void {
  console.log(`\n${bold('kith demo')}  everything runs on this computer, nothing leaves it\n`)
}

/** One line of the story. */
export function printStep(step: string, ms: number): void {
  const [who, what] = STEPS[step] ?? ['', step]
  const seconds = `${(ms / 1000).toFixed(1)} s`
  console.log(`  ${bold(who.padEnd(8))} ${what.padEnd(WIDTH)} ${dim(seconds.padStart(6))}`)
}

/** What can be done now. */
export function printMenu(port: number): void {
  console.log(`
  ${bold('Open')}     http://localhost:${port}/   a device of its own, in your browser
  ${bold('Try')}      ${KEYS.map(([key, what]) => `${bold(key)} ${what}`).join(' · ')}
`)
}

/** Something that happened after a key was pressed. */
export function printNews(text: string): void {
  console.log(`  ${text}`)
}

const KEYS = [
  ['1', 'unplug the relay'],
  ['2', 'Ada’s phone off'],
  ['3', 'link the page'],
  ['q', 'quit'],
] as const

/** Columns of what happened; with who and how long it took, a line fits 80. */
const WIDTH = 60

function bold(text: string): string {
  return styleText('bold', text)
}

function dim(text: string): string {
  return styleText('dim', text)
}
