import type { Chat, Contact, Label } from '@kithmesh/node'
import { type ReactNode, type SyntheticEvent, useState } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { Icon } from '../parts/icons.tsx'
import { DateAndTime } from '../parts/moment.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { type Action, useAction } from '../views/action.ts'
import { useChats, useKith, useLabels } from '../views/hooks.ts'

/** Opens what a person can set for a chat. */
export function ChatSettingsButton({ contact }: { readonly contact: Contact }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label="Chat settings"
        title="Chat settings"
        onClick={() => setOpen(true)}
      >
        <Icon shape="chatSettings" />
      </button>
      {isOpen && <ChatSettingsSheet contact={contact} onClose={() => setOpen(false)} />}
    </>
  )
}

/** Pin, archive, mute and labels of one chat; the same on every own device (WEB-66). */
function ChatSettingsSheet({
  contact,
  onClose,
}: {
  readonly contact: Contact
  readonly onClose: () => void
}): ReactNode {
  const chat = useChats().get(contact.contact)
  return (
    <Sheet
      title={
        <>
          Chat with <bdi>{contact.name}</bdi>
        </>
      }
      onClose={onClose}
    >
      {chat && <ChatFlags chat={chat} />}
      {chat && <Muting chat={chat} />}
      {chat && <ChatLabels chat={chat} />}
      <p className="quiet">This holds on all your devices. Nobody else sees it.</p>
    </Sheet>
  )
}

const FLAGS = [
  ['pinned', 'Keep it on top'],
  ['favourite', 'A favourite: heard in quiet hours, too'],
  ['archived', 'Archived: out of the list, and silent'],
] as const

function ChatFlags({ chat }: { readonly chat: Chat }): ReactNode {
  const { node } = useKith()
  const setting = useAction(async (signal, change: Partial<Record<FlagName, boolean>>) => {
    await node.chats.edit(chat.contact, change, { signal })
  })
  const { favourite, archived } = chat
  const flags = { pinned: chat.pinnedAt !== undefined, favourite, archived }
  return (
    <section>
      {FLAGS.map(([name, words]) => (
        <label key={name} className="check">
          <input
            type="checkbox"
            checked={flags[name]}
            onChange={({ target }) => setting.run({ [name]: target.checked })}
          />
          {words}
        </label>
      ))}
      <ActionError action={setting} />
    </section>
  )
}

type FlagName = (typeof FLAGS)[number][0]

const HOUR_MS = 3_600_000
const MUTES = [
  ['8 hours', 8 * HOUR_MS],
  ['1 week', 168 * HOUR_MS],
] as const

function Muting({ chat: { contact, mutedUntil } }: { readonly chat: Chat }): ReactNode {
  const { node } = useKith()
  const muting = useAction(async (signal, until: Chat['mutedUntil']) => {
    await node.chats.edit(contact, { mutedUntil: until }, { signal })
  })
  return (
    <section className="stack">
      <h3>Mute</h3>
      <p>{mutedUntil === undefined ? 'You hear of it.' : <MutedWords until={mutedUntil} />}</p>
      <div className="row">
        {mutedUntil === undefined ? (
          <>
            {MUTES.map(([words, ms]) => (
              <button key={words} type="button" onClick={() => muting.run(Date.now() + ms)}>
                {words}
              </button>
            ))}
            <button type="button" onClick={() => muting.run('always')}>
              Always
            </button>
          </>
        ) : (
          <button type="button" onClick={() => muting.run(undefined)}>
            Unmute
          </button>
        )}
      </div>
      <ActionError action={muting} />
    </section>
  )
}

function MutedWords({ until }: { readonly until: NonNullable<Chat['mutedUntil']> }): ReactNode {
  if (until === 'always') return 'Muted until you unmute it.'
  return (
    <>
      Muted until <DateAndTime at={until} />.
    </>
  )
}

function ChatLabels({ chat }: { readonly chat: Chat }): ReactNode {
  const { node } = useKith()
  const labels = useLabels()
  const place = { contact: chat.contact }
  const putting = useAction(async (signal, label: string, isOn: boolean) => {
    if (isOn) await node.labels.put(label, place, { signal })
    else await node.labels.take(label, place, { signal })
  })
  const all: readonly Label[] = labels.state === 'ready' ? labels.value : []
  return (
    <section className="stack">
      <h3>Labels</h3>
      <div>
        {all.map(({ label, name }) => (
          <label key={label} className="check">
            <input
              type="checkbox"
              checked={chat.labels.some((one) => one.label === label)}
              onChange={({ target }) => putting.run(label, target.checked)}
            />
            <bdi>{name}</bdi>
          </label>
        ))}
      </div>
      <ActionError action={putting} />
      <NewLabel chat={chat} />
    </section>
  )
}

function NewLabel({ chat: { contact } }: { readonly chat: Chat }): ReactNode {
  const { node } = useKith()
  const [name, setName] = useState('')
  const adding = useAction(async (signal) => {
    const { label } = await node.labels.create(name.trim(), { signal })
    await node.labels.put(label, { contact }, { signal })
    setName('')
  })
  const add = (event: SyntheticEvent): void => {
    event.preventDefault()
    adding.run()
  }
  return (
    <form className="field" onSubmit={add}>
      <label htmlFor="new-label">New label</label>
      <div className="with-button">
        <input
          id="new-label"
          dir="auto"
          autoComplete="off"
          maxLength={128}
          required
          value={name}
          onChange={({ target }) => setName(target.value)}
        />
        <button type="submit" aria-disabled={adding.pending}>
          Add label
        </button>
      </div>
      <ActionError action={adding} />
    </form>
  )
}

function ActionError({
  action,
}: {
  readonly action: Pick<Action<never>, 'error' | 'clear'>
}): ReactNode {
  if (action.error === undefined) return null
  return <ErrorNotice error={action.error} action="All right" onAction={action.clear} />
}
