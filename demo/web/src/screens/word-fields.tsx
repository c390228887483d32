import type { ClipboardEvent, ReactNode } from 'react'

/** Twelve fields for the words; a paste of several fills the fields from there on. */
export function WordFields({
  words,
  onChange,
}: {
  readonly words: readonly string[]
  readonly onChange: (words: readonly string[]) => void
}): ReactNode {
  const paste = (event: ClipboardEvent, from: number): void => {
    const pasted = wordsIn(event.clipboardData.getData('text'))
    if (pasted.length < 2) return
    event.preventDefault()
    onChange(words.map((word, at) => pasted[at - from] ?? word))
  }
  return (
    <fieldset className="word-list">
      <legend>Your 12 words</legend>
      {words.map((word, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the fields are their places
        <label key={at} className="word">
          <span>
            <span className="heard">Word </span>
            {at + 1}
          </span>
          <input
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            required
            maxLength={16}
            value={word}
            onPaste={(event) => paste(event, at)}
            onChange={(event) => onChange(words.with(at, event.target.value))}
          />
        </label>
      ))}
    </fieldset>
  )
}

/** Words with or without numbers before them, as on a paper or from the terminal. */
function wordsIn(text: string): readonly string[] {
  return text.split(/[\s,;]+/).filter((part) => /^\p{L}+$/u.test(part))
}
