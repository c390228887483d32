/** The protocol as pure functions. Every export stands here by name, grouped by the file it is from. */

export { compareBytes, equalBytes, equalSecrets } from './codec/bytes.ts'
export { type Codec, codec } from './codec/codec.ts'
export { decoded } from './codec/decoded.ts'
export { accountId, chatId, deviceId, entryId, messageId } from './codec/id-shapes.ts'
export {
  bool,
  bytes,
  type Infer,
  list,
  mapped,
  type OptionalShape,
  optional,
  type RecordOf,
  record,
  type Shape,
  suite,
  suited,
  text,
  uint,
  type VariantsOf,
  variants,
} from './codec/shape.ts'
export {
  type Content,
  type ContentBody,
  contentCodec,
  MAX_PARENTS,
  MAX_RECEIPT_MESSAGES,
  MAX_TEXT_BYTES,
  messageIdOf,
} from './content.ts'
export { type Envelope, type EnvelopeHead, envelopeCodec, MAX_ENVELOPE_BYTES } from './envelope.ts'
export type { Clock, Environment, Rng } from './environment.ts'
export { type ErrorCode, isKithError, KithError, type KithErrorOptions } from './errors.ts'
export {
  type AccountRoot,
  deriveAccountRoot,
  ENTROPY_BYTES,
  entropyFromWords,
  recoveryWords,
} from './identity/account-root.ts'
export {
  type DeviceLogState,
  devicesIn,
  lastEntryOf,
  mergeDeviceLogs,
  type RefusedEntry,
  reduceDeviceLog,
  restoreDeviceLog,
} from './identity/device-log.ts'
export { domainBytes, joinBytes, type Purpose } from './identity/domain.ts'
export {
  type ForkProof,
  forkProofCodec,
  readForkProof,
  verifyForkProof,
} from './identity/fork-proof.ts'
export {
  isEnrollableKey,
  type Signer,
  signerFromSeed,
  verifySignature,
} from './identity/keys.ts'
export {
  countersignAdd,
  createGenesis,
  createLeave,
  createReadmit,
  createRecover,
  createRevoke,
  createSuspend,
  draftAdd,
  type GenesisDraft,
  type RecoverDraft,
  signAdd,
} from './identity/log-authoring.ts'
export type { ReadEntry } from './identity/log-check.ts'
export {
  type AddBody,
  accountIdOfGenesis,
  type DeviceRights,
  deviceLogCodec,
  type EntryBody,
  entryBodyCodec,
  entryIdOfBody,
  type GenesisBody,
  type KeptDevice,
  keptPlaceId,
  type LeaveBody,
  MAX_ANSWERS,
  MAX_LOG_BYTES,
  type ReadmitBody,
  type RecoverBody,
  type RevokeBody,
  type SignedEntry,
  type SuspendBody,
  signedEntryCodec,
  signedEntryShape,
} from './identity/log-entry.ts'
export {
  type DeviceLogFile,
  type DeviceLogReport,
  deviceLogFileCodec,
  exportDeviceLog,
  type LogFileFault,
  verifyDeviceLogFile,
} from './identity/log-file.ts'
export { mayReadmit, maySuspend, mayUnlink } from './identity/log-rights.ts'
export {
  type DeviceStanding,
  type DeviceSuspension,
  MAX_DEVICES_IN,
} from './identity/log-standing.ts'
export { accountFingerprint, digitGroups, securityDigits } from './identity/security-code.ts'
export {
  type AccountId,
  accountIdFromBytes,
  accountIdToBytes,
  type ChatId,
  chatIdFromBytes,
  chatIdToBytes,
  type DeviceId,
  deviceIdFromPublicKey,
  directChatId,
  type EntryId,
  entryIdFromBytes,
  entryIdToBytes,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
  parseAccountId,
  parseChatId,
  parseDeviceId,
  parseEntryId,
  parseMessageId,
  publicKeyOfDevice,
} from './ids.ts'
export {
  CODE_LIFE_MS,
  type CodeEnd,
  type CodeLife,
  codeExpiresInMs,
  currentCodeLife,
  endCode,
  MAX_BAD_PROOFS,
  openCodeLife,
} from './link/code-life.ts'
export {
  answerCode,
  type CodeAnswering,
  type CodeDialling,
  dialCode,
} from './link/code-meeting.ts'
export { MAX_LINK_FRAME_BYTES } from './link/frame.ts'
export {
  type IntroducedPeer,
  type Introduction,
  introductionCodec,
  MAX_ACCOUNT_NAME_BYTES,
} from './link/introduction.ts'
export { createInvite, INVITE_LIFE_MS, type InviteRecord } from './link/invite.ts'
export { createInviteCode, type InviteCode, parseInviteCode } from './link/invite-code.ts'
export {
  answerInvite,
  dialInvite,
  type Introduced,
  type InviteAnswered,
  type InviteAnswering,
  type InviteDialled,
  type InviteDialling,
  type Invited,
  type InviteIntroduced,
  type KnownInvite,
  readInviteAnswer,
  readInvitedIntroduction,
  readInviterIntroduction,
} from './link/inviting.ts'
export {
  type Agreeing,
  agreeToLink,
  type LinkCountersigned,
  type Linked,
  readLinkGrant,
} from './link/joining.ts'
export {
  createJoinCode,
  createLinkCode,
  type JoinCode,
  type LinkCode,
  parseJoinCode,
  parseLinkCode,
} from './link/link-code.ts'
export {
  type DeviceDescription,
  descriptionCodec,
  type LinkGrant,
  MAX_DEVICE_NAME_BYTES,
  MAX_SNAPSHOT_BYTES,
} from './link/link-messages.ts'
export { mayTakeIn } from './link/may-take-in.ts'
export {
  answerMeeting,
  declineLink,
  dialMeeting,
  type LinkAnswered,
  type LinkAnswering,
  type LinkAnswerRead,
  type LinkDialled,
  type LinkDialling,
  type LinkMet,
  type LinkWay,
  nearbyKey,
  nearbyKeyOf,
  readLinkAnswer,
  readReady,
  readReveal,
  refusalIn,
  refuseOpening,
  revealShare,
  sayReady,
} from './link/meeting.ts'
export type { RefusalCode, Refused } from './link/refusal.ts'
export { createRelayCode, parseRelayCode, type RelayCode } from './link/relay-code.ts'
export {
  entriesInFrames,
  MAX_RELAY_FRAME_BYTES,
  type RelayAnswer,
  type RelayQuestion,
  type RelayRefusal,
  type RelayTalkers,
  relayAnswerCodec,
  relayProof,
  relayQuestionCodec,
  relayTag,
} from './link/relay-talk.ts'
export {
  compareSecurityQr,
  createSecurityQr,
  isSameHead,
  type LogAge,
  type LogMark,
  parseSecurityQr,
  type SecurityComparison,
  type SecuritySide,
  type SecurityView,
} from './link/security-qr.ts'
export {
  type Agreed,
  confirmLink,
  grantLink,
  type LinkAgreed,
  type LinkGranted,
  type LinkProposed,
  type LinkTerms,
  readLinkAgreement,
  readLinkDone,
} from './link/taking-in.ts'
export type { XWingSecret } from './lockbox/xwing.ts'
export {
  LOCKBOX_OVERHEAD_BYTES,
  type LockboxInput,
  type LockboxOpening,
  type LockboxSecret,
  lockboxKeyOf,
  lockboxSecretOf,
  MAX_LOCKBOX_PLAINTEXT_BYTES,
  openLockbox,
  sealLockbox,
} from './lockbox.ts'
export {
  type CopiedPerson,
  type CopiedPlace,
  createRecoveryCopy,
  MAX_COPY_BYTES,
  MAX_COPY_CONTENTS_BYTES,
  openRecoveryCopy,
  type RecoveryContents,
  type RecoveryCopy,
  readRecoveryCopy,
  recoveryContentsCodec,
} from './recovery/recovery-copy.ts'
export {
  proveRecovery,
  RECOVERY_NONCE_BYTES,
  type RecoveryTalk,
  verifyRecoveryProof,
} from './recovery/recovery-proof.ts'
export { checkAeadInput } from './session/aead-input.ts'
export type { Agreement, OwnIdentity } from './session/agreement.ts'
export {
  type CannotOpen,
  cannotOpenCodec,
  isCannotOpenOf,
  signCannotOpen,
  type Unopened,
} from './session/cannot-open.ts'
export {
  CARD_LIFE_MS,
  CARD_ROTATION_MS,
  type CardWithSecrets,
  createDeviceCard,
  createOneTimeCard,
  type DeviceCard,
  deviceCardCodec,
  isCardDue,
  isCardInTime,
  isOneTimeCard,
  keyPairCodec,
  MAX_CARD_BYTES,
  ONE_TIME_CARD_LIFE_MS,
  PREKEY_KEPT_MS,
  type PrekeySecrets,
  prekeySecretsCodec,
  prekeysToKeep,
  proveCardSignature,
  verifyDeviceCard,
} from './session/device-card.ts'
export { expandedOnce } from './session/expanded-keys.ts'
export { MAX_PLAINTEXT_BYTES } from './session/message-seal.ts'
export { noblePrimitives } from './session/noble-primitives.ts'
export {
  createKeyPair,
  type Freshness,
  isSameParty,
  type Pair,
  type Party,
  type Scope,
  type SessionEnvironment,
} from './session/party.ts'
export {
  AEAD_TAG_BYTES,
  type Aead,
  type AeadInput,
  CHACHA_NONCE_BYTES,
  type Encapsulated,
  GCM_NONCE_BYTES,
  type HkdfInput,
  KEM_SEED_BYTES,
  type KeyPair,
  type MaybePromise,
  type MlKem768,
  type Primitives,
  type SignedBytes,
  type X25519,
  X25519_KEY_BYTES,
} from './session/primitives.ts'
export { checkPrimitives } from './session/primitives-check.ts'
export type { OwnDevice, SealInput, Session } from './session/session.ts'
export {
  createSessionCipher,
  type OpenedMessage,
  type OpenInput,
  type Opening,
  type Sealing,
  type SessionCipher,
  type Step,
} from './session/session-cipher.ts'
export { sessionSetCodec } from './session/session-codec.ts'
export { createSessionSet, MAX_SESSIONS, type SessionSet } from './session/session-set.ts'
export { xchachaOver } from './session/xchacha.ts'
