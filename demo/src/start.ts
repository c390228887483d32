/**
 * The demonstration: a relay, Ada's phone and laptop, Ben's phone, each a process of its own, and a web
 * page that can be one more device. Everything runs on this machine.
 *
 * `--once` ends after the story; `--json` prints one object per line.
 */

import { parseArgs } from 'node:util'
import { startKeys } from './keys.ts'
import { playStory } from './story.ts'
import { printIntro, printMenu, printStep } from './text.ts'
import { startWebServer } from './web-server.ts'

const { values } = parseArgs({
  options: { once: { type: 'boolean' }, json: { type: 'boolean' } },
})
const printJson = (event: object): void => console.log(JSON.stringify(event))

if (!values.json) printIntro()
const scene = await playStory((step, ms) => {
  if (values.json) printJson({ step, ms })
  else printStep(step, ms)
})
if (values.once) {
  await scene.end()
  if (values.json) printJson({ event: 'done' })
} else {
  const web = await startWebServer(() => scene.relay.addresses)
  if (values.json) printJson({ event: 'ready', web: `http://localhost:${web.port}/` })
  else printMenu(web.port)
  await startKeys(scene)
  await web.close()
  await scene.end()
}
