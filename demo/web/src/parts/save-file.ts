/** Hands a file to the person, as a download; it comes from this page and goes to nobody else. */
export function saveFile({
  name,
  bytes,
}: {
  readonly name: string
  readonly bytes: Uint8Array
}): void {
  const url = URL.createObjectURL(new Blob([new Uint8Array(bytes)]))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
