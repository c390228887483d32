import { createCast, createSides, START } from '../../../packages/protocol/test/session-cast.ts'
import {
  account,
  chat,
  device,
  entry,
  filled,
  message,
  otherAccount,
  otherDevice,
  otherEntry,
  otherMessage,
  otherParty,
  party,
  type Samples,
} from './parts.ts'

const chained = { account, author: device, prev: entry, at: 300 }
const bodies = [
  { kind: 'genesis', root: filled(32, 6), recoveryKey: filled(1216, 7), device, at: 1 },
  {
    kind: 'add',
    ...chained,
    device: otherDevice,
    rights: { link: true },
    historyAt: 70_000,
    expiresAt: 1,
  },
  { kind: 'revoke', ...chained, target: otherEntry },
  { kind: 'suspend', ...chained, target: otherEntry, reason: 'idle' },
  { kind: 'leave', ...chained },
  { kind: 'readmit', ...chained, target: otherEntry, answers: [entry, otherEntry] },
  {
    kind: 'recover',
    account,
    prev: entry,
    number: 2,
    device,
    keep: [{ device: otherDevice, rights: { link: false } }],
    at: 4,
  },
]
const signed = { body: filled(120, 10), signature: filled(64, 4) }
const countersigned = { ...signed, countersignature: filled(64, 5) }
const copyHead = { account, device, number: 3, madeAt: 1_000 }
const unopened = { suite: 1, by: party, to: otherParty, message, ratchetKey: filled(32, 11) }

/** Samples of packages/protocol; those of sessions from devices that really talk. */
export async function protocolSamples(): Promise<Samples> {
  return {
    ...(await sessionSamples()),
    'protocol/session/cannot-open.ts bodyCodec': [unopened],
    'protocol/session/cannot-open.ts cannotOpenCodec': [{ ...unopened, signature: filled(64, 12) }],
    'protocol/content.ts contentCodec': [
      contentOf([], { kind: 'text', text: 'hello, Lärche' }),
      contentOf([message, otherMessage], { kind: 'read', messages: [message] }),
    ],
    'protocol/identity/log-entry.ts entryBodyCodec': bodies,
    'protocol/identity/log-entry.ts signedEntryCodec': [signed, countersigned],
    'protocol/identity/log-entry.ts deviceLogCodec': [[signed, countersigned]],
    'protocol/identity/log-file.ts deviceLogFileCodec': [
      { account, head: filled(32, 4), entries: [signed, countersigned] },
    ],
    'protocol/identity/fork-proof.ts forkProofCodec': [
      { account, device, prev: entry, one: signed, other: countersigned },
    ],
    'protocol/link/frame.ts frameCodec': [
      { kind: 'hello', opening: filled(90, 1), proof: filled(32, 2) },
      { kind: 'answer', opening: filled(70, 3), proof: filled(32, 4) },
      { kind: 'sealed', nonce: filled(24, 5), sealed: filled(40, 6) },
      { kind: 'refused', code: 'ERR_LINK_ORDER' },
    ],
    'protocol/link/sealed-channel.ts saidCodec': [
      { kind: 'content', content: filled(30, 7) },
      { kind: 'refused', code: 'ERR_LINK_SEAL' },
    ],
    'protocol/link/channel.ts helloCodec': [
      { keyId: filled(16, 8), nonce: filled(32, 9), ephemeral: filled(32, 10) },
    ],
    'protocol/link/channel.ts answerCodec': [
      { nonce: filled(32, 9), ephemeral: filled(32, 10), greeting: filled(20, 11) },
    ],
    'protocol/link/meeting.ts revealCodec': [
      { share: filled(32, 12), description: filled(20, 13) },
    ],
    'protocol/link/link-messages.ts descriptionCodec': [{ name: 'Lärche', kind: 'cli' }],
    'protocol/link/link-messages.ts proposalCodec': [
      { account, log: filled(90, 14), add: filled(80, 15) },
    ],
    'protocol/link/link-messages.ts agreementCodec': [
      { countersignature: filled(64, 7), card: filled(60, 8) },
    ],
    'protocol/link/link-messages.ts grantCodec': [
      { signature: filled(64, 8), epochKeys: filled(9, 9), snapshot: filled(20, 10) },
    ],
    'protocol/link/relay-talk.ts relayQuestionCodec': [
      { kind: 'show', tag: filled(32, 70) },
      { kind: 'claim', account, secret: filled(16, 71) },
      { kind: 'entries', log: filled(300, 72) },
    ],
    'protocol/link/relay-talk.ts relayAnswerCodec': [
      { kind: 'want', proof: filled(32, 73) },
      { kind: 'served', addresses: ['/ip4/192.0.2.1/tcp/4001'] },
      { kind: 'refused', reason: 'not-in' },
    ],
    'protocol/link/introduction.ts introductionCodec': [
      {
        account,
        name: 'Ada',
        log: filled(50, 10),
        cards: [filled(30, 11)],
        peers: [{ device, addresses: [filled(8, 12)] }],
      },
    ],
    'protocol/lockbox.ts lockboxCodec': [filled(1200, 13)],
    'protocol/recovery/recovery-copy.ts headCodec': [copyHead],
    'protocol/recovery/recovery-copy.ts recoveryCopyCodec': [
      { ...copyHead, box: filled(40, 13), signature: filled(64, 14) },
    ],
    'protocol/recovery/recovery-copy.ts recoveryContentsCodec': [
      {
        log: filled(30, 14),
        epochs: filled(20, 15),
        data: filled(20, 16),
        people: [{ account: otherAccount, log: filled(9, 17) }],
        places: [{ device, addresses: ['/ip4/192.0.2.1/tcp/1'] }],
      },
    ],
  }
}

function contentOf(parents: readonly string[], body: object): object {
  return { chat, author: party, seq: 7, parents, at: START, salt: filled(16, 18), body }
}

/** Envelopes of both kinds, with and without what the post-quantum ratchet puts in; sets in the middle of a talk. */
async function sessionSamples(): Promise<Samples> {
  const cast = await createCast()
  const { ada, ben } = createSides(cast)
  const initial = await ada.say('hello')
  await ben.hear(initial)
  await ada.say('skipped')
  await ben.hear(await ada.say('after it'))
  await ada.hear(await ben.say('hi'))
  const ratchet = await ada.say('and so on')
  await ben.hear(ratchet)
  cast.environment.clock.advance(25 * 3_600_000)
  await ada.hear(await ben.say('a day later'))
  const offer = await ada.say('with an offer')
  const offering = ada.set
  await ben.hear(offer)
  const answer = await ben.say('with its answer')
  const { message: _, suite, ...head } = initial
  const { signature, ...body } = cast.ada.card
  return {
    'protocol/envelope.ts envelopeCodec': [initial, ratchet, offer, answer],
    'protocol/envelope.ts headCodec': [[suite, head]],
    'protocol/session/device-card.ts bodyCodec': [body],
    'protocol/session/device-card.ts deviceCardCodec': [{ ...body, signature }],
    'protocol/session/device-card.ts prekeySecretsCodec': cast.ben.prekeys,
    'protocol/session/device-card.ts keyPairCodec': [cast.ada.own.identityKey],
    'protocol/session/session-codec.ts sessionSetCodec': [offering, ben.set],
  }
}
