/**
 * The JSON events of `kith`, one object per line: the contract of scripts (CLI-1, CLI-2). Fields may
 * be added, none may change or go. Times are ISO 8601 UTC; what does not apply is `null`.
 */

import { CONTACTS_SHAPES, type ContactsEvent } from './events/contacts.ts'
import {
  DEVICES_SHAPES,
  type DevicesEvent,
  type StatusEvent,
  type StoreEvent,
} from './events/devices.ts'
import { LINKING_SHAPES, type LinkingEvent } from './events/linking.ts'
import { MESSAGES_SHAPES, type MessagesEvent } from './events/messages.ts'
import { PREFERENCE_SHAPES, type PreferenceEvent } from './events/preferences.ts'
import {
  type ProbeEvent,
  RELAY_SHAPES,
  type RelayEvent,
  type RelayUsageEvent,
} from './events/relay.ts'
import { type RecoveryPlanEvent, SAFETY_SHAPES, type SafetyEvent } from './events/safety.ts'
import { oneOf, type Shape } from './shape.ts'

/** An event the running device answers a command with. */
export type AnswerEvent =
  | DevicesEvent
  | ContactsEvent
  | MessagesEvent
  | PreferenceEvent
  | LinkingEvent
  | SafetyEvent
  | RelayEvent
  | RelayUsageEvent

/** An event that `kith up` and the commands without a running device print themselves. */
export type OwnEvent =
  | StoreEvent
  | { readonly event: 'linked'; readonly account: string; readonly device: string }
  | {
      readonly event: 'ready'
      readonly account: string
      readonly device: string
      readonly name: string
      readonly addresses: readonly string[]
      /** Address of the local page; `null` while there is none. */
      readonly ui: string | null
    }
  | RecoveryPlanEvent
  | ProbeEvent
  | {
      readonly event: 'recovered'
      readonly account: string
      readonly device: string
      readonly kept: readonly string[]
    }
  /** The device is out of its account: it goes on only to hear whether it is readmitted. */
  | {
      readonly event: 'account-left'
      readonly account: string
      readonly device: string
      readonly reason: NonNullable<StatusEvent['left']>['reason']
      readonly hint: string
    }
  /** Another device came into the account; `far`: not from the network of the one that linked it. */
  | {
      readonly event: 'device-linked'
      readonly device: string
      readonly name: string
      readonly kind: string
      readonly linkedBy: string | null
      readonly far: boolean
    }
  /** The device waits for `kith unlock`. */
  | { readonly event: 'locked' }
  | {
      readonly event: 'device-log'
      readonly valid: boolean
      readonly devices: readonly {
        readonly device: string
        readonly state: 'active' | 'held' | 'suspended' | 'unlinked'
        readonly addedAt: string
        readonly takenInBy: string | null
      }[]
      readonly faults: readonly {
        readonly place: string
        readonly code: string
        readonly message: string
      }[]
    }
  | {
      readonly event: 'fork-proof'
      readonly valid: boolean
      readonly account: string
      readonly device: string
    }
  | { readonly event: 'device-log-exported'; readonly path: string; readonly bytes: number }
  | { readonly event: 'paths'; readonly home: string; readonly socket: string }
  | { readonly event: 'version'; readonly version: string; readonly node: string }
  | { readonly event: 'help'; readonly text: string }

const SHAPES: {
  readonly [N in AnswerEvent['event']]: Shape<Extract<AnswerEvent, { readonly event: N }>>
} = {
  ...DEVICES_SHAPES,
  ...CONTACTS_SHAPES,
  ...MESSAGES_SHAPES,
  ...PREFERENCE_SHAPES,
  ...LINKING_SHAPES,
  ...SAFETY_SHAPES,
  ...RELAY_SHAPES,
}
const shapes: ReadonlyMap<string, Shape<AnswerEvent>> = new Map(Object.entries(SHAPES))
const anyOfThem = oneOf(...shapes.keys())

/** Reads an event as the running device sends it. @throws ERR_LOCAL_MALFORMED */
export const answerEvent: Shape<AnswerEvent> = {
  parse: (value, path = 'event') => {
    const given = typeof value === 'object' && value !== null && 'event' in value && value.event
    return knownShape(anyOfThem.parse(given, `${path}.event`)).parse(value, path)
  },
}

function knownShape(event: string): Shape<AnswerEvent> {
  return shapes.get(event) ?? SHAPES.stopped
}
