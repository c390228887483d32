import type { LeftReason } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import type { NewWay } from '../opening.ts'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { useAction } from '../views/action.ts'
import { Front } from './before-screens.tsx'

/** This device is out of its account: why, what is still here, and how to go on (WEB-45). */
export function LeftScreen({
  reason,
  temporary,
  onErase,
}: {
  readonly reason: LeftReason
  readonly temporary: boolean
  readonly onErase: (way?: NewWay) => Promise<void>
}): ReactNode {
  const [going, setGoing] = useState<'erase' | 'anew'>()
  const erasing = useAction(async () =>
    onErase(going === 'anew' ? (temporary ? 'temporary' : 'link') : undefined),
  )
  const { title, sentence, next } = temporary && reason === 'left' ? ENDED : WORDS[reason]
  if (erasing.error !== undefined) {
    return (
      <Front title={title}>
        <ErrorNotice error={erasing.error} action="Try again" onAction={() => erasing.run()} />
      </Front>
    )
  }
  return (
    <Front title={title} isNext>
      <p role="alert" className="lead">
        {sentence}
      </p>
      <p>{temporary ? (next ? IN_THIS_TAB : GONE) : STILL_HERE}</p>
      {next && <p>{next}</p>}
      {going && !temporary ? (
        <ConfirmErase
          isAnew={going === 'anew'}
          pending={erasing.pending}
          onYes={() => erasing.run()}
          onNo={() => setGoing(undefined)}
        />
      ) : (
        <div className="actions">
          <button type="button" onClick={() => choose('erase')}>
            {temporary ? 'Close this session' : 'Erase this device'}
          </button>
          <button type="button" className="main-button" onClick={() => choose('anew')}>
            Link anew
          </button>
        </div>
      )}
    </Front>
  )

  function choose(what: 'erase' | 'anew'): void {
    setGoing(what)
    if (temporary) void onErase(what === 'anew' ? 'temporary' : undefined)
  }
}

/** What is erased does not come back: asked once more, on the same screen. */
function ConfirmErase({
  isAnew,
  pending,
  onYes,
  onNo,
}: {
  readonly isAnew: boolean
  readonly pending: boolean
  readonly onYes: () => void
  readonly onNo: () => void
}): ReactNode {
  const question = useFocusOnArrival<HTMLParagraphElement>()
  return (
    <div className="warning">
      <p ref={question} tabIndex={-1} className="notice-text">
        {isAnew
          ? 'To be linked anew this browser becomes a new device. Its key and everything it still holds are deleted first; your other devices hand it your account again.'
          : 'Its key, its contacts and its messages are deleted from this browser. What only this device had is gone then.'}
      </p>
      <div className="row">
        <button type="button" onClick={onNo}>
          Keep it
        </button>
        <button type="button" className="danger-button" aria-disabled={pending} onClick={onYes}>
          {isAnew ? 'Erase and link anew' : 'Erase it'}
        </button>
      </div>
    </div>
  )
}

const STILL_HERE =
  'What it had until then is still stored in this browser, sealed. It gets nothing newer, and nobody takes what it would send.'
const IN_THIS_TAB =
  'What it had until then stays in this tab until you close it. It gets nothing newer.'
const GONE = 'It was a temporary session: nothing of it is stored in this browser.'

interface Words {
  readonly title: string
  readonly sentence: string
  /** How it may come back. */
  readonly next?: string
}

const ENDED: Words = {
  title: 'This session is over',
  sentence: 'You have ended it: this browser belongs to your account no more.',
}

const WORDS: Readonly<Record<LeftReason, Words>> = {
  unlinked: {
    title: 'This device was unlinked',
    sentence: 'Another device of your account has unlinked this one for good.',
  },
  suspended: {
    title: 'This device is suspended',
    sentence: 'Another device of your account has suspended this one, as lost or long unused.',
    next: 'If you have it in your hands: choose Readmit in the list of devices on a device above it. This page then goes on by itself.',
  },
  left: {
    title: 'This device has left',
    sentence: 'This device has left your account, as you asked here.',
    next: 'A device above it can readmit it from its list of devices. This page then goes on by itself.',
  },
  expired: {
    title: 'The time of this device is over',
    sentence: 'It was linked for a while only, and that while is over.',
  },
  recovered: {
    title: 'The account began anew',
    sentence: 'Somebody began your account anew with its recovery words, without this device.',
  },
  held: {
    title: 'This device has to wait',
    sentence: 'Your account has as many devices as it may have, and this one is one too many.',
    next: 'Unlink one that you no longer use, and this page goes on by itself.',
  },
}
