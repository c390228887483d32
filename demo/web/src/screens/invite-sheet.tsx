import { type ReactNode, useEffect, useState } from 'react'
import { CopyButton } from '../parts/copy-button.tsx'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { QrCode } from '../parts/qr-code.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'

/** Makes an invite code when the sheet opens. */
export function InviteSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { node } = useKith()
  const [code, setCode] = useState<string>()
  const { run, error } = useAction(async (signal) => {
    const invite = await node.contacts.invite({ signal })
    setCode(invite.code)
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: one code for each time the sheet opens
  useEffect(() => run(), [])
  return (
    <Sheet title="Invite somebody" onClose={onClose}>
      <div className="stack">
        <p>
          Give this code to one person. Whoever adds it is your contact, and you are theirs. It
          works once, for 10 days, while a device of yours can be reached.
        </p>
        {error !== undefined && (
          <ErrorNotice error={error} action="Try again" onAction={() => run()} />
        )}
        {code === undefined && error === undefined && (
          <p role="status" className="loading">
            Making a code…
          </p>
        )}
        {code !== undefined && (
          <>
            <QrCode text={code} label="Invite code, to scan" />
            <code className="code-text">{code}</code>
            <div className="row">
              <CopyButton text={code} label="Copy the code" />
            </div>
          </>
        )}
      </div>
    </Sheet>
  )
}
