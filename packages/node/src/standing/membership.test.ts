import { KithError } from '@kithmesh/protocol'
import { createEvents } from '@kithmesh/sync'
import { expect, onTestFinished, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { writeNewAccount } from '../account/account.ts'
import type { NodeEvents } from '../api/events.ts'
import type { Store } from '../store/store-types.ts'
import { createMembership } from './membership.ts'

/** A store that cannot be counted as often as `fails` says: so long no account opens on it. */
function failing(store: Store, fails: () => boolean): Store {
  return new Proxy(store, {
    get: (target, key) => {
      if (key === 'countOf' && fails()) {
        return () => Promise.reject(new KithError('ERR_STORE_CORRUPT', 'not now'))
      }
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('STO-55 an account that does not open anew is tried again until it does', async () => {
  let failures = 0
  const warned: string[] = []
  const logger = { debug: () => undefined, warn: (line: string) => void warned.push(line) }
  const context = await openContext({ logger })
  const store = failing(context.store, () => failures > 0 && failures-- > 0)
  const membership = createMembership({ ...context, store }, createEvents<NodeEvents>())
  onTestFinished(async () => {
    context.stop()
    await membership.close()
    await context.store.close()
  })
  const account = await writeNewAccount(context)
  await membership.enter(account)
  warned.length = 0
  failures = 2
  await membership.mend()
  expect(warned).toEqual(['the account did not open', 'the account did not open'])
  expect(membership.require().account).toBe(account)
})
