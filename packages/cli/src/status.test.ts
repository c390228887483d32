import { describe, expect, test } from 'vitest'
import { BEN, LAPTOP, PHONE } from '../test/fake-device.ts'
import { createWorld } from '../test/world.ts'

describe('CLI-103 status', () => {
  test('CLI-103 the status says by which way each device of a contact is reached', async () => {
    const seen = Date.parse('2026-11-21T09:00:00Z')
    const { json, human } = await createWorld((own) => {
      own.relays = [
        {
          address: `/ip4/192.0.2.9/udp/4001/webrtc-direct/certhash/uEiA/p2p/12D3KooW${'R'.repeat(44)}`,
          state: 'ready',
        },
      ]
      own.ways = [
        {
          contact: BEN,
          name: 'Ben',
          devices: [
            { device: PHONE, path: 'away', reason: 'It does not answer', lastSeen: seen },
            { device: LAPTOP, path: 'relayed', over: 'splice', reason: 'Through the relay at r' },
          ],
        },
      ]
    })
    const { events } = await json(['status'])
    expect(events()).toMatchObject([
      {
        contacts: [
          {
            contact: BEN,
            name: 'Ben',
            devices: [
              {
                device: PHONE,
                path: 'away',
                over: null,
                reason: 'It does not answer',
                lastSeen: '2026-11-21T09:00:00.000Z',
              },
              { device: LAPTOP, path: 'relayed', over: 'splice', lastSeen: null },
            ],
          },
        ],
      },
    ])
    const text = (await human(['status'])).out()
    expect(text).toMatch(/CONTACT +PATH +LAST SEEN\n +Ben +via relay, spliced +now\n +Ben +—/)
    expect((await human(['status'])).out()).toContain(
      '  relay ready  /ip4/192.0.2.9/udp/4001/webrtc-direct/p2p/12D3…RRRR\n',
    )
    expect(text).toContain('  from outside: yes. Through the relay at 192.0.2.1')
  })
})
