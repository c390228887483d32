import type { ConnectionEncrypter, SecuredConnection } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'
import { Uint8ArrayList } from 'uint8arraylist'
import { methodOf } from './method-of.ts'

/** What makes the encryption of a host. */
type EncrypterFactory = NonNullable<Libp2pOptions['connectionEncrypters']>[number]

const NOISE = '@chainsafe/libp2p-noise'

/**
 * Noise that opens a large record where it lies. @chainsafe/libp2p-noise 17.0.0 first makes a copy of each record that
 * came in more than one piece, for ciphers that write over what they read; the cipher it uses for these makes memory of
 * its own, so the copy is thrown away unread: 64 KiB of it for each 64 KiB that come.
 */
export function sparedCopies(create: EncrypterFactory): EncrypterFactory {
  return (components) => {
    const encrypter: ConnectionEncrypter = create(components)
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    const secureOutbound = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureInbound = async (...given) => sparing(await secureInbound(...given))
    encrypter.secureOutbound = async (...given) => sparing(await secureOutbound(...given))
    return encrypter
  }
}

/** Below this its cipher does write over what it reads. */
const LARGE_BYTES = 1_200
/** Longer than a record there is nothing (https://noiseprotocol.org/noise.html#message-format). */
const MAX_RECORD_BYTES = 65_535

function sparing(secured: SecuredConnection): SecuredConnection {
  const stream = secured.connection
  const decrypt = methodOf(stream, 'decrypt', NOISE)
  const handshake: unknown = Reflect.get(stream, 'handshake')
  if (typeof handshake !== 'object' || handshake === null)
    throw new TypeError(`${NOISE} has no handshake`)
  const open = methodOf(handshake, 'decrypt', NOISE)
  Reflect.set(stream, 'decrypt', (record: Uint8Array | Uint8ArrayList) => {
    const { byteLength } = record
    const isOne = byteLength >= LARGE_BYTES && byteLength <= MAX_RECORD_BYTES
    if (!isOne || record instanceof Uint8Array) return Reflect.apply(decrypt, stream, [record])
    return new Uint8ArrayList(Reflect.apply(open, handshake, [record]))
  })
  return secured
}
