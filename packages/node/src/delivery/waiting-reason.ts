import type { Waiting } from '../api/messages.ts'

/** What is known of a message that some device of its recipient lacks. */
export interface WaitingFacts {
  /** What the recipient is called here. */
  readonly name: string
  /** Devices of the recipient, those of them that have it, and those that lack it and are connected. */
  readonly of: number
  readonly reached: number
  readonly connected: number
  /** Whether one of the connected can be sealed for now. */
  readonly canSeal: boolean
  /** Nothing is sent to the account until a person accepts it (DEL-17). */
  readonly held: boolean
  /** Its time is over (DEL-43). */
  readonly ended: boolean
}

/** The first thing that stands in the way, and in words what that is (DEL-42). */
export function waitingReason(facts: WaitingFacts): Omit<Waiting, 'until'> {
  const { name, of, reached, connected } = facts
  if (facts.ended) return { reason: 'ended', text: endedText(facts) }
  if (facts.held) {
    return { reason: 'held', text: `${name} has a new account, which you have not accepted yet` }
  }
  if (of === 0) {
    return { reason: 'no-device-log', text: `${ownerOf(name)} devices are not known here yet` }
  }
  if (connected > 0) return underWay(facts)
  if (reached === 0) return { reason: 'away', text: allAway(name, of) }
  return { reason: 'some-away', text: someAway(name, { of, away: of - reached }) }
}

function endedText({ name, of, reached }: WaitingFacts): string {
  if (reached === 0) return `No device of ${name} came in time; it is not tried any more`
  const rest = of - reached
  return `${devices(rest)} of ${name} did not come in time; it is not tried any more`
}

function underWay({ name, canSeal }: WaitingFacts): Omit<Waiting, 'until'> {
  if (canSeal) return { reason: 'sending', text: 'It is being sent' }
  const text = `A device of ${name} has yet to say how to seal for it; or a clock here or there is wrong`
  return { reason: 'no-card', text }
}

function allAway(name: string, of: number): string {
  return of === 1 ? `${ownerOf(name)} device is away` : `${ownerOf(name)} devices are all away`
}

function someAway(name: string, { of, away }: { of: number; away: number }): string {
  return `${away} of ${ownerOf(name)} ${of} devices ${away === 1 ? 'is' : 'are'} away`
}

function devices(count: number): string {
  return count === 1 ? '1 device' : `${count} devices`
}

function ownerOf(name: string): string {
  return name.endsWith('s') ? `${name}'` : `${name}'s`
}
