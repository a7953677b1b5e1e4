import type { Role } from '../../shared/contract/define.ts'

/** Rows of the hub's tables; the same in SQLite and PostgreSQL (resources/migrations/hub-*). */
export interface HubSchema {
  belt: BeltRow
  epochStart: { belt: string; epoch: number; fromSeq: number; startedMs: number }
  device: DeviceRow
  enrolCode: EnrolCodeRow
  stream: StreamRow
  op: OpRow
  cell: CellRow
  booking: BookingRow
  liveGrant: LiveGrantRow
  /** Hours that the device `holder` may give away by itself, until `untilMs` by hub time. */
  lease: { belt: string; leaseId: string; holder: string; untilMs: number }
  /** The last word on whether a refused booking waits, and where in the belt's order it was said. */
  claimWait: { belt: string; bookingId: string; hubSeq: number; waits: number; atMs: number }
  upload: UploadRow
  hubName: { belt: string; author: string }
  snapshot: SnapshotRow
  snapshotChunk: { belt: string; hash: string; bytes: Uint8Array }
  /** Rows that no snapshot tells of any more, not even that they were deleted. */
  forgottenRow: { belt: string; row: string }
  truncation: { belt: string; seq: number; atMs: number }
  truncatedStream: { belt: string; author: string; stream: number; seq: number; head: Uint8Array }
}

export interface SnapshotRow {
  belt: string
  view: string
  coding: string
  seq: number
  epoch: number
  day: string
  madeMs: number
  manifest: string
  facts: string
}

export interface BeltRow {
  belt: string
  rootKey: string
  term: number
  epoch: number
  nextSeq: number
  nextFence: number
  lastTimeMs: number
  backupWatermark: number
  recoveringUntilMs: number | null
  createdMs: number
}

export interface DeviceRow {
  belt: string
  author: string
  publicKey: string
  name: string
  role: Role
  baseId: string | null
  status: 'active' | 'revoked'
  certificate: string
  validUntilMs: number
  previousAuthor: string | null
  arbiterUpTo: string
  lastCounter: number
  recentCounters: string
  lastSeenMs: number
  pulledSeq: number
  revokedMs: number | null
  refilledEpoch: number
}

export interface EnrolCodeRow {
  codeHash: string
  belt: string | null
  role: Role
  baseId: string | null
  expiresMs: number
  usedMs: number | null
  usedBy: string | null
}

export interface StreamRow {
  belt: string
  author: string
  stream: number
  scope: string
  lane: string
  seq: number
  head: Uint8Array
  stampMs: number
  stampCtr: number
}

export const OP_STATE = { applied: 0, rejected: 1, quarantined: 2 } as const
/** The reason under which an op stands that an administrator has let in: its author is told by the next pull. */
export const RELEASED = 'released'
export type OpState = (typeof OP_STATE)[keyof typeof OP_STATE]

export interface OpRow {
  belt: string
  hubSeq: number
  author: string
  stream: number
  seq: number
  scope: string
  lane: string
  state: number
  reason: string | null
  stampMs: number
  stampCtr: number
  /** Chain hash of the author's stream after this op. */
  hash: Uint8Array
  /** Canonical op bytes. */
  payload: Uint8Array
}

export interface CellRow {
  belt: string
  tbl: string
  row: string
  grp: string
  stampMs: number
  stampCtr: number
  stampBy: string
  fields: string
}

export interface BookingRow {
  belt: string
  bookingId: string
  hubSeq: number
  fields: string
  outcome: 'waiting' | 'granted' | 'refused' | 'released' | 'expired' | 'revoked'
  /** Hub time of its arrival. */
  sinceMs: number
  /** When the standing answer was given: a later one counts. */
  answerMs: number
  expiresMs: number | null
}

export interface LiveGrantRow {
  belt: string
  grantId: string
  bookingId: string
  resourceKey: string
  unit: number
  startMs: number
  endMs: number
  fence: number
  /** The lease out of which it was given. */
  leaseId: string | null
}

export interface UploadRow {
  belt: string
  author: string
  id: string
  size: number
  body: Uint8Array
  atMs: number
}
