/** The state is a function of the set: whatever the order, the pieces, the way. */

import { agreementsOf } from '../history.ts'
import { decided, gist, merge, reduce } from '../model-log.ts'
import { shuffled } from '../random.ts'
import type { Check } from './case.ts'

/** LOG-9: any order, any repetition, all at once. */
export const converges: Check = (given) => {
  const { account, entries, random, look } = given
  const expected = gist(look.state)
  for (let order = 0; order < 3; order++) {
    const again = entries.filter(() => random(3) === 0)
    const state = reduce(account, shuffled(random, [...entries, ...again]))
    given.check('converges', gist(state) === expected)
  }
}

/** LOG-9: three devices merge piece by piece, each in its own order, and drop what they refuse. */
export const mergesInPieces: Check = (given) => {
  const { account, genesis, entries, random, look } = given
  const devices = [0, 1, 2].map(() => {
    let state = reduce(account, [genesis])
    const rest = [...shuffled(random, [...entries, ...entries.filter(() => random(5) === 0)])]
    while (rest.length > 0) {
      const piece = rest.splice(0, 1 + random(12))
      // Whoever passes on a recovery passes on what makes its kept devices (LOG-13).
      state = merge(state, [...piece, ...piece.flatMap((entry) => agreementsOf(given, entry))])
    }
    return state
  })
  for (const state of devices) given.check('mergesInPieces', gist(state) === gist(look.state))
}

/** LOG-9: whoever gossips on comes to one state, and then knows nothing that others do not. */
export const gossipConverges: Check = (given) => {
  const states = [...given.views.values()]
  const held = states.flatMap((state) => [...state.genuine.values()])
  const [one, ...others] = states.map((state) => gist(merge(state, held)))
  given.check(
    'gossipConverges',
    others.every((other) => other === one),
  )
}

/** LOG-9: devices with equal heads say the same. */
export const headsDecide: Check = (given) => {
  const saidByHead = new Map<string, string>()
  for (const state of [...given.views.values(), given.look.state]) {
    const head = Buffer.from(state.head).toString('hex')
    const said = saidByHead.get(head) ?? decided(state)
    saidByHead.set(head, said)
    given.check('headsDecide', said === decided(state))
  }
}
