import { z } from 'zod'
import { SIGNED_IN, action, query } from './define.ts'

/** A check of the log reports its progress under this job id; there is one at a time. */
export const AUDIT_JOB = 'audit'

/**
 * - `sound`: every step follows from the one before, up to a head that was recorded or signed
 * - `open`: sound as far as it goes, but nothing recorded says that the last steps are the original ones
 * - `elsewhere`: another device's steps; their chain is checked by that device and by the hub
 * - `broken`: a step is not what was recorded, or one is missing
 */
export type StreamVerdict = 'sound' | 'open' | 'elsewhere' | 'broken'

export interface AuditedStream {
  readonly author: string
  /** Text; null for this device. */
  readonly deviceName: string | null
  /** Written by the hub itself. */
  readonly isHub: boolean
  readonly stream: number
  readonly scope: string
  readonly lane: string
  readonly ops: number
  /** Steps covered by a recorded or signed head. */
  readonly sealed: number
  readonly verdict: StreamVerdict
  readonly broken: {
    readonly opId: string
    readonly seq: number
    readonly table: string
    readonly row: string
    readonly label: string
    readonly atMs: number
    readonly personName: string | null
  } | null
}

export interface AuditResult {
  readonly atMs: number
  readonly personName: string | null
  readonly ops: number
  readonly broken: number
  readonly streams: readonly AuditedStream[]
}

export const auditContract = {
  /** The last check; null when there was none. */
  'audit/last': query(z.object({}), SIGNED_IN).returns<{
    last: AuditResult | null
    earlier: readonly { readonly atMs: number; readonly ops: number; readonly broken: number }[]
    ops: number
  }>(),
  /** Recomputes every chain in a thread. Progress and cancelling go by `AUDIT_JOB`. */
  'audit/verify': action(z.object({}), SIGNED_IN).returns<AuditResult>(),
  'audit/cancel': action(z.object({}), SIGNED_IN).returns<null>(),
  'audit/export': action(z.object({}), SIGNED_IN).returns<{ handle: string; name: string }>(),
}
