import { type ReactNode, useId } from 'react'

/** Two or three ways to the same thing, one of them open. */
export function WaySwitch<W extends string>({
  legend,
  ways,
  way,
  onChange,
}: {
  readonly legend: string
  readonly ways: readonly (readonly [way: W, label: string])[]
  readonly way: W
  readonly onChange: (way: W) => void
}): ReactNode {
  const name = useId()
  return (
    <fieldset className="switch">
      <legend className="heard">{legend}</legend>
      {ways.map(([one, label]) => (
        <label key={one}>
          <input type="radio" name={name} checked={one === way} onChange={() => onChange(one)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}
