// A process of its own for the store's tests, which kill it. Arguments: what to do, the home, how often.
// Plain JavaScript: it is no part of the package, and Node runs it without a build.
import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'

// The packages' sources instead of what is built of them, as in vitest.config.ts.
registerHooks({
  resolve: (specifier, context, next) => {
    const name = /^@kithmesh\/(\w+)$/.exec(specifier)?.[1]
    if (name === undefined) return next(specifier, context)
    return next(new URL(`../../../${name}/src/index.ts`, import.meta.url).href, context)
  },
})

const { codec, uint } = await import('@kithmesh/protocol')
const { nodePlatform } = await import('../platform.node.ts')
const { singleKey, uintPart } = await import('./key-codec.ts')
const { openStore } = await import('./store.ts')

const [task, home, times = '1'] = process.argv.slice(2)
let last = 0
const say = (line) => writeSync(1, `${line}\n`)

for (let time = 0; time < Number(times); time++) {
  try {
    await perform()
  } catch (error) {
    say(error.code ?? error.message)
  }
}

async function perform() {
  const { clock, rng } = nodePlatform
  const store = await openStore({ home, platform: nodePlatform }, { clock, rng })
  say('open')
  if (task === 'hold') process.stdin.resume()
  if (task === 'commit') await Promise.all(Array.from({ length: 8 }, () => commitForEver(store)))
}

/** Each commit writes its number in two tables: both are there, or neither. */
async function commitForEver(store) {
  const codecs = {
    key: singleKey(uintPart()),
    value: codec(uint({ max: Number.MAX_SAFE_INTEGER }), { maxBytes: 9 }),
  }
  const [left, right] = ['left', 'right'].map((name) => store.table(name, codecs))
  for (;;) {
    const number = nextNumber()
    await store.commit([left.put(number, number), right.put(number, number)])
    say(number)
  }
}

/** Numbers no earlier process of the same home used: the wall clock goes on between them. */
function nextNumber() {
  last = Math.max(last + 1, nodePlatform.clock.now() * 1000)
  return last
}
