/** What lockboxes are made of in a simulated world: the cheap halves that the devices' cards hold, too. */

export { cheapKem as ml_kem768, cheapX25519 as x25519 } from '../ground/cheap-keys.ts'
