import type { Contact, SecurityCode, Verification } from '@kithmesh/node'
import { type ReactNode, useEffect, useState } from 'react'
import { CopyButton } from '../parts/copy-button.tsx'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { QrCode } from '../parts/qr-code.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'
import { TheirCodeForm } from './their-code-form.tsx'
import { VerificationNotice } from './verification-notice.tsx'

/** What two people compare, once: the digits, or each the code on the other's screen (WEB-30). */
export function SecurityCodeSheet({
  contact,
  onClose,
}: {
  readonly contact: Contact
  readonly onClose: () => void
}): ReactNode {
  const { node } = useKith()
  const [code, setCode] = useState<SecurityCode>()
  const loading = useAction(async (signal) => {
    setCode(await node.contacts.code(contact.contact, { signal }))
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once for each time the sheet opens
  useEffect(() => loading.run(), [])
  return (
    <Sheet title={`Security code with ${contact.name}`} onClose={onClose}>
      <div className="stack">
        {loading.error !== undefined && (
          <ErrorNotice error={loading.error} action="Try again" onAction={() => loading.run()} />
        )}
        {code === undefined && loading.error === undefined && (
          <p role="status" className="loading">
            Working it out…
          </p>
        )}
        {code !== undefined && <Comparison contact={contact} code={code} />}
      </div>
    </Sheet>
  )
}

function Comparison({
  contact,
  code,
}: {
  readonly contact: Contact
  readonly code: SecurityCode
}): ReactNode {
  const { node } = useKith()
  const [outcome, setOutcome] = useState<Verification>()
  const verifying = useAction(async (signal, scanned: string | undefined) => {
    setOutcome(undefined)
    const how = scanned === undefined ? { signal } : { scanned, signal }
    setOutcome(await node.contacts.verify(contact.contact, how))
  })
  const unverifying = useAction(async (signal) => {
    setOutcome(undefined)
    await node.contacts.unverify(contact.contact, { signal })
  })
  const error = verifying.error ?? unverifying.error
  return (
    <>
      <p>
        Compare these digits with the ones on the screen of <bdi>{contact.name}</bdi>, side by side
        or by voice. The same on both: nobody stands between you. Once is enough; new devices change
        nothing.
      </p>
      <ol className="code-groups" aria-label="The digits, in groups of five">
        {code.groups.map((group, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: groups repeat, and never move
          <li key={at}>{group}</li>
        ))}
      </ol>
      <details>
        <summary>Show the code to scan</summary>
        <div className="stack">
          <QrCode text={code.qr} label="Security code, to scan" />
          <div className="row">
            <CopyButton text={code.qr} label="Copy it as text" />
          </div>
        </div>
      </details>
      <TheirCodeForm pending={verifying.pending} onCode={(scanned) => verifying.run(scanned)} />
      {outcome && <VerificationNotice outcome={outcome} name={contact.name} />}
      {error !== undefined && (
        <ErrorNotice error={error} action="Try again" onAction={() => verifying.clear()} />
      )}
      <div className="actions">
        {contact.verified ? (
          <>
            <span role="status">Verified, on all your devices.</span>
            <button type="button" onClick={() => unverifying.run()}>
              Take it back
            </button>
          </>
        ) : (
          <button type="button" className="main-button" onClick={() => verifying.run(undefined)}>
            The digits are the same
          </button>
        )}
      </div>
    </>
  )
}
