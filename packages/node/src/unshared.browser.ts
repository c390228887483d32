/**
 * The bytes as WebCrypto takes them: not in memory that another thread may write to, which the type of a
 * plain Uint8Array allows. WebCrypto copies what it is given before it returns.
 */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isUnshared(bytes) ? bytes : new Uint8Array(bytes)
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
}
