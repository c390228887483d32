import { accountLogStoreCases } from '@kithmesh/sync'
import { test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { createAccountLogStore } from './account-log-store.ts'

test.each(accountLogStoreCases)('$name', async ({ run }) => {
  const context = await openContext()
  await run(createAccountLogStore(context))
  await context.store.close()
})
