import { useEffect } from 'react'
import { useSettings } from './hooks.ts'

/** Colours as the person wants them on all devices; `system` leaves them to the browser (WEB-64). */
export function useTheme(): void {
  const viewed = useSettings()
  const all = viewed.state === 'ready' ? viewed.value.settings : []
  const theme = all.find(({ key }) => key === 'appearance.theme')?.value
  useEffect(() => {
    if (theme !== 'light' && theme !== 'dark') return
    const { style } = document.documentElement
    const before = style.colorScheme
    style.colorScheme = theme
    return () => {
      style.colorScheme = before
    }
  }, [theme])
}
