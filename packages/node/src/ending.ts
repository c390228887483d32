/** Ending what belongs together: a part that does not end well keeps no other from ending (NODE-6). */

/** Ends all parts, one after another. @throws what the first of them that failed threw, once all have ended */
export async function endAll(...parts: readonly (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = []
  for (const end of parts) {
    try {
      await end()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
