import type { NetComplianceCase } from './case.ts'
import { peerCases } from './peers.ts'
import { streamCases } from './streams.ts'

/** The rules of `Net`, for every implementation; run each case in a world of its own. */
export const netCompliance: readonly NetComplianceCase[] = [...streamCases, ...peerCases]
