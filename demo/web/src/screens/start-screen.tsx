import { type ReactNode, type SyntheticEvent, useEffect, useId, useState } from 'react'
import type { NewWay, Opening, Stage } from '../opening.ts'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { Icon } from '../parts/icons.tsx'
import { Front, OpeningScreen } from './before-screens.tsx'
import { LinkHereScreen } from './link-here-screen.tsx'
import { RestoreScreen } from './restore-screen.tsx'

type Way = NewWay | 'new' | 'words'

/**
 * A browser without an account: it joins the one the person has, for good or for a while, or makes one.
 * What a way needs is made when it is chosen, and not before (WEB-40).
 */
export function StartScreen({
  way: chosen,
  made,
  opening,
}: {
  /** Chosen already, on the screen before. */
  readonly way?: NewWay | undefined
  /** The device that waits to be linked, once there is one. */
  readonly made?: Extract<Stage, { stage: 'unlinked' }>
  readonly opening: Opening
}): ReactNode {
  const [way, setWay] = useState<Way | 'back' | undefined>(chosen)
  const back = (): void => setWay('back')
  const temporary = way === 'temporary'
  const node = made?.temporary === temporary ? made.node : undefined
  const isMade = way === 'link' || way === 'temporary' || way === 'words'
  const { openNew } = opening
  useEffect(() => {
    if (isMade) openNew({ temporary })
  }, [isMade, temporary, openNew])
  switch (way) {
    case 'link':
    case 'temporary':
      return <LinkHereScreen key={way} node={node} temporary={temporary} onBack={back} />
    case 'new':
      return <NewAccountScreen onCreate={opening.createAccount} onBack={back} />
    case 'words':
      return node ? <RestoreScreen node={node} onBack={back} /> : <OpeningScreen />
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
  readonly onChoose: (way: Way) => void
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
        <button type="button" className="way" onClick={() => onChoose('temporary')}>
          <Icon shape="clock" />
          <strong>Use this browser for a while only</strong>
          <span>Link it for hours; closing the tab wipes everything</span>
        </button>
        <button type="button" className="way" onClick={() => onChoose('new')}>
          <Icon shape="person" />
          <strong>I’m new here</strong>
          <span>Make an account; this browser is its first device</span>
        </button>
        <button type="button" className="way" onClick={() => onChoose('words')}>
          <Icon shape="words" />
          <strong>I have my recovery words</strong>
          <span>Every device is lost: begin again with the 12 words</span>
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
