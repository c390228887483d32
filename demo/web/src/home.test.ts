import { describe, expect, test } from 'vitest'
import { homeOf } from './home.ts'

describe('the home of a page', () => {
  test.each([
    ['', 'kithmesh'],
    ['?home=', 'kithmesh'],
    ['?home=%20', 'kithmesh'],
    ['?home=ben', 'ben'],
    ['?other=1&home=ada%20phone', 'ada phone'],
  ])('WEB-1 %j names %j', (search, home) => {
    expect(homeOf(search)).toBe(home)
  })
})
