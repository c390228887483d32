import type { FrameStream } from '@kithmesh/net'
import type { KithNode } from '@kithmesh/node'
import {
  createInviteCode,
  createJoinCode,
  createLinkCode,
  type LinkCode,
  parseDeviceId,
  parseInviteCode,
} from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const WORDS = `${'abandon '.repeat(11)}about`
const LIMITS = { maxFrameBytes: 2 ** 20, maxStreamsPerPeer: 8 } as const
const yes = async (): Promise<boolean> => true

interface Stage extends AsyncDisposable {
  readonly world: World
  readonly laptop: KithNode
  readonly phone: KithNode
}

/** Ada's laptop, and a phone that belongs to nobody yet; Ben gives an invite. */
async function stage(): Promise<Stage> {
  const world = await createWorld({ ada: ['laptop'], ben: ['desk'] })
  return {
    world,
    laptop: world.device('ada', 'laptop'),
    phone: await world.newDevice('phone'),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

/** Somebody who takes every stream and never says a word. */
function silent(
  world: World,
  protocol: string,
): { readonly peer: string; readonly asked: Promise<void> } {
  const net = world.stranger()
  const asked = Promise.withResolvers<void>()
  net.handle({ id: protocol, ...LIMITS }, async (stream: FrameStream) => {
    asked.resolve()
    for await (const _ of stream.incoming);
  })
  return { peer: net.peer, asked: asked.promise }
}

/** A code that leads to `peer`. */
function codeAt(peer: string): Omit<LinkCode, 'kind'> {
  return { device: parseDeviceId(peer), secret: new Uint8Array(16).fill(1), addresses: [] }
}

function inviteAt(peer: string, from: string): string {
  return createInviteCode({ account: parseInviteCode(from).account, ...codeAt(peer) })
}

/** What a person asks for that asks another device: protocol, whose call, and the call. */
const CALLS = {
  'devices.link': {
    protocol: '/kith/link/1',
    by: 'laptop',
    call: (node, peer) => node.devices.link(createLinkCode(codeAt(peer)), { confirm: yes }),
  },
  'linking.join': {
    protocol: '/kith/join/1',
    by: 'phone',
    call: (node, peer) => node.linking.join(createJoinCode(codeAt(peer)), { confirm: yes }),
  },
  'contacts.add': {
    protocol: '/kith/contact/1',
    by: 'laptop',
    call: (node, peer, invite) => node.contacts.add(inviteAt(peer, invite)),
  },
  'recovery.restore': {
    protocol: '/kith/recovery/1',
    by: 'phone',
    call: (node, peer, invite) =>
      node.recovery.restore(WORDS, { from: [inviteAt(peer, invite)], confirm: yes }),
  },
} as const satisfies Readonly<Record<string, Call>>

interface Call {
  readonly protocol: string
  readonly by: 'laptop' | 'phone'
  readonly call: (node: KithNode, peer: string, invite: string) => Promise<unknown>
}

async function allOf<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

describe('NODE-13 a device that stops answers whoever waits for another device', () => {
  test.each(Object.entries(CALLS))('NODE-13 DEV-16 %s', async (_, { protocol, by, call }) => {
    await using at = await stage()
    const { code } = await at.world.device('ben', 'desk').contacts.invite()
    const { peer, asked } = silent(at.world, protocol)
    const answer = expect(call(at[by], peer, code)).rejects.toMatchObject({ code: 'ERR_STOPPED' })
    await asked
    await at.world.stop(at[by])
    await answer
  })

  test.each(['existing', 'fresh'] as const)(
    'NODE-13 LNK-19 the person at the %s device is asked no more, and the states end',
    async (side) => {
      await using at = await stage()
      const withdrawn = Promise.withResolvers<void>()
      const asked = Promise.withResolvers<void>()
      const ask = (_: unknown, { signal }: { readonly signal: AbortSignal }): Promise<boolean> => {
        asked.resolve()
        signal.addEventListener('abort', () => withdrawn.resolve())
        return new Promise(() => undefined)
      }
      const offer = await at.phone.linking.offer(side === 'fresh' ? { confirm: ask } : {})
      const states = allOf(offer.states())
      const confirm = side === 'existing' ? ask : yes
      const linking = at.laptop.devices.link(offer.code, { confirm })
      const failed = expect(linking).rejects.toMatchObject({
        code: side === 'existing' ? 'ERR_STOPPED' : 'ERR_STREAM_ENDED',
      })
      await asked.promise
      await at.world.stop(side === 'existing' ? at.laptop : at.phone)
      await Promise.all([withdrawn.promise, failed])
      if (side === 'existing') await offer.close()
      expect((await states).at(0)).toMatchObject({ state: 'waiting' })
    },
  )
})
