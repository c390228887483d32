import type { KithNode } from '@kithmesh/node'
import { type ReactNode, type SyntheticEvent, useId, useState } from 'react'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { Icon } from '../parts/icons.tsx'
import { Front } from './before-screens.tsx'
import { LinkOfferScreen } from './link-offer-screen.tsx'

/** A device without an account: it joins the one the person has, or makes one. */
export function StartScreen({
  node,
  onCreate,
}: {
  readonly node: KithNode
  readonly onCreate: (name: string) => Promise<void>
}): ReactNode {
  const [way, setWay] = useState<'link' | 'new' | 'back' | undefined>()
  const back = (): void => setWay('back')
  switch (way) {
    case 'link':
      return <LinkOfferScreen node={node} onBack={back} />
    case 'new':
      return <NewAccountScreen onCreate={onCreate} onBack={back} />
    case 'back':
    case undefined:
      return <ChooseScreen isNext={way === 'back'} onChoose={setWay} />
  }
}

function ChooseScreen({
  isNext,
  onChoose,
}: {
  readonly isNext: boolean
  readonly onChoose: (way: 'link' | 'new') => void
}): ReactNode {
  return (
    <Front title="Kithmesh" isNext={isNext}>
      <p className="lead">Your devices talk to each other. No server keeps your messages.</p>
      <div className="ways">
        <button type="button" className="way" onClick={() => onChoose('link')}>
          <Icon shape="devices" />
          <strong>I have a device</strong>
          <span>Link this browser to your account by a code</span>
        </button>
        <button type="button" className="way" onClick={() => onChoose('new')}>
          <Icon shape="person" />
          <strong>I’m new here</strong>
          <span>Make an account; this browser is its first device</span>
        </button>
      </div>
      <p className="quiet">
        This tab is a device of its own: its key never leaves this browser, and while the tab is
        closed, the device is away.
      </p>
    </Front>
  )
}

function NewAccountScreen({
  onCreate,
  onBack,
}: {
  readonly onCreate: (name: string) => Promise<void>
  readonly onBack: () => void
}): ReactNode {
  const [name, setName] = useState('')
  const hintId = useId()
  const field = useFocusOnArrival<HTMLInputElement>()
  const create = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (name.trim() !== '') void onCreate(name.trim())
  }
  return (
    <Front title="I’m new here">
      <form className="stack" onSubmit={create}>
        <label className="field">
          <span>Your name</span>
          <input
            ref={field}
            aria-describedby={hintId}
            dir="auto"
            autoComplete="nickname"
            maxLength={128}
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <p id={hintId} className="quiet">
          People you add see it. There is no password and no phone number.
        </p>
        <div className="actions">
          <button type="button" className="plain" onClick={onBack}>
            Back
          </button>
          <button type="submit" className="main-button">
            Create my account
          </button>
        </div>
      </form>
    </Front>
  )
}
