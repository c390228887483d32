import type { RelayState } from '@kithmesh/net'
import { expect, test } from 'vitest'
import { type RelayStates, settled } from './settling.ts'

const NEVER = new AbortController().signal
const isReady = (states: readonly RelayState[]): boolean =>
  states.every(({ state }) => state === 'ready')

/** A network with one relay, whose state a test changes. */
function network(state: RelayState['state']) {
  const target = new EventTarget()
  let now: RelayState = { address: '/ip4/192.0.2.1/tcp/1', state }
  const net: RelayStates = {
    relays: () => [now],
    addEventListener: (type, listener, options) => target.addEventListener(type, listener, options),
  }
  const become = (next: RelayState['state']): void => {
    now = { ...now, state: next }
    target.dispatchEvent(new Event('relay:changed'))
  }
  return { net, become }
}

test('CLI-100 a relay that stands is waited for no longer', async () => {
  await settled(network('ready').net, isReady, { signal: NEVER })
})

test('CLI-100 one that fails at first is waited for until it stands', async () => {
  const { net, become } = network('connecting')
  let isOver = false
  const waiting = settled(net, isReady, { signal: NEVER }).then(() => {
    isOver = true
  })
  become('failed')
  await Promise.resolve()
  expect(isOver).toBe(false)
  become('ready')
  await waiting
})

test('CLI-100 whoever gives up waiting hears of it as it is', async () => {
  const { net } = network('failed')
  const given = new AbortController()
  const waiting = settled(net, isReady, { signal: given.signal })
  given.abort()
  await waiting
  await settled(net, isReady, { signal: given.signal })
})
