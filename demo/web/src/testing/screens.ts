import axe from 'axe-core'
import { afterEach, describe, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import type { ShownPage } from './show.ts'

/** A screen as a test comes to it. */
export interface Screen {
  readonly name: string
  /** Shown by this; the steps lead on from there. */
  readonly show: () => Promise<ShownPage>
  readonly steps?: readonly (() => Promise<unknown>)[]
  /** Stands there when the screen is complete. */
  readonly complete: string | RegExp
}

/** Tests that every screen is accessible: each in both themes, narrow and wide (WEB-10). */
export function checkScreens(screens: readonly Screen[]): void {
  let shown: ShownPage | undefined
  afterEach(() => {
    shown?.leave()
    document.documentElement.style.colorScheme = ''
  })

  describe.each(['light', 'dark'])('%s', (theme) => {
    describe.each(['narrow', 'wide'] as const)('%s', (size) => {
      test.each(screens)('WEB-10 axe finds nothing on: $name', async (screen) => {
        await page.viewport(SIZES[size], 800)
        document.documentElement.style.colorScheme = theme
        shown = await screen.show()
        for (const step of screen.steps ?? []) await step()
        await expect.element(page.getByText(screen.complete).first()).toBeVisible()
        const { violations } = await axe.run(document)
        expect(violations.map(described)).toEqual([])
        expect(sidewaysOverflow()).toBe(0)
      })
    })
  })
}

const SIZES = { narrow: 320, wide: 1280 } as const

function described({ id, nodes }: axe.Result): string {
  return `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`
}

/** Nothing sticks out of a narrow page (WCAG 1.4.10). */
function sidewaysOverflow(): number {
  return document.documentElement.scrollWidth - document.documentElement.clientWidth
}
