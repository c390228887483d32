import { expect, test } from 'vitest'
import { chromiumMissing, findChromium } from './chromium.ts'

test('a Chromium is installed for the browser tests', () => {
  expect(findChromium(), chromiumMissing).toBeDefined()
})
