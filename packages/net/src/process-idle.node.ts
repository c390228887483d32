/**
 * Whether nothing that Node knows of keeps this process running. Native add-ons it does not know: a
 * process that only they keep running counts as idle.
 */
export function isProcessIdle(): boolean {
  const handles = activeHandles()
  // requests and timers stand besides the handles
  return process.getActiveResourcesInfo().length === handles.length && handles.every(isRestingStdio)
}

/** Undocumented, but the only way to tell standard output from any other pipe. */
function activeHandles(): readonly unknown[] {
  const list: unknown = Reflect.get(process, '_getActiveHandles')
  const handles: unknown = typeof list === 'function' ? list.call(process) : []
  return Array.isArray(handles) ? handles : []
}

/** Node lists pipes and terminals of standard streams for ever; only one that is read keeps it running. */
function isRestingStdio(handle: unknown): boolean {
  if (handle === process.stdout || handle === process.stderr) return true
  // not `process.stdin`, which opens standard input when it is looked at
  return (
    isStdin(handle) && handle.readableFlowing !== true && handle.listenerCount('readable') === 0
  )
}

function isStdin(handle: unknown): handle is NodeJS.ReadStream {
  return typeof handle === 'object' && handle !== null && Reflect.get(handle, 'fd') === 0
}
