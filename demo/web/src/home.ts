const DEFAULT_HOME = 'kithmesh'

/** The database a page keeps its device in: `?home=`, so that one browser can be several devices (WEB-1). */
export function homeOf(search: string): string {
  return new URLSearchParams(search).get('home')?.trim() || DEFAULT_HOME
}
