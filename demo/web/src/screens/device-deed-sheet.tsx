import type { Device, KithNode } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'

/** Something a person is about to do to a device. */
export interface DeviceDeed {
  readonly deed: 'unlink' | 'suspend' | 'readmit' | 'leave'
  readonly device: Device
}

/** Asks once more, by the name of the device, and says what it does (WEB-43). */
export function DeviceDeedSheet({
  deed: { deed, device },
  onDone,
  onClose,
}: {
  readonly deed: DeviceDeed
  readonly onDone: (words: ReactNode) => void
  readonly onClose: () => void
}): ReactNode {
  const { node, views } = useKith()
  const name = <bdi>{device.name}</bdi>
  const { title, means, yes, done } = WORDS[deed]
  const doing = useAction(async (signal) => {
    await perform(node, { deed, device }, { signal })
    // The person knows: they did it here.
    views.alerts.acknowledge({ kind: 'removed', device })
    onClose()
    onDone(
      <>
        {name} {done}
      </>,
    )
  })
  return (
    <Sheet
      title={
        <>
          {title} {name}?
        </>
      }
      onClose={onClose}
    >
      <ul className="stack">
        {means.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {doing.error !== undefined && (
        <ErrorNotice error={doing.error} action="Try again" onAction={() => doing.run()} />
      )}
      <div className="actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className={deed === 'readmit' ? 'main-button' : 'danger-button'}
          aria-disabled={doing.pending}
          onClick={() => doing.run()}
        >
          {yes}
        </button>
      </div>
    </Sheet>
  )
}

async function perform(
  { devices }: KithNode,
  { deed, device: { device } }: DeviceDeed,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  switch (deed) {
    case 'unlink':
      return devices.unlink(device, options)
    case 'suspend':
      await devices.suspend(device, options)
      return
    case 'readmit':
      await devices.readmit(device, options)
      return
    case 'leave':
      return devices.leave(options)
  }
}

interface Words {
  readonly title: string
  readonly means: readonly string[]
  readonly yes: string
  /** Said after the name. */
  readonly done: string
}

const WORDS: Readonly<Record<DeviceDeed['deed'], Words>> = {
  unlink: {
    title: 'Unlink',
    means: [
      'From now on it gets nothing newer, and nobody takes what it sends.',
      'What it has already stays on it: it can still be read there.',
      'It cannot come back by itself. To use it again, link it anew. Devices it linked go with it.',
    ],
    yes: 'Unlink it',
    done: 'is unlinked.',
  },
  suspend: {
    title: 'Suspend',
    means: [
      'From now on it gets nothing newer, and nobody takes what it sends. Devices it linked are out, too.',
      'It keeps what it has. Found again, it can be readmitted without linking it anew.',
    ],
    yes: 'Suspend it',
    done: 'is suspended.',
  },
  readmit: {
    title: 'Readmit',
    means: [
      'It belongs to your account again, and gets what it has missed.',
      'Do this only with the device in your hands, or when you know who has it.',
    ],
    yes: 'Readmit it',
    done: 'is back.',
  },
  leave: {
    title: 'Leave your account with',
    means: [
      'This device gets nothing newer, and devices it linked are out, too.',
      'What it has stays here until you erase it. A device above it can readmit it.',
    ],
    yes: 'Leave',
    done: 'has left.',
  },
}
