import type { TaskKind } from '../../../shared/contract/planning.ts'

/** One piece of placed work as a plan version stores it. */
export interface PlanItem {
  /** `order:<id>:sample|qc|production` or `session:<id>`. */
  readonly taskKey: string
  readonly kind: TaskKind
  /** Row ids of what it occupies: the line; or the studio, then the streamers. */
  readonly lanes: readonly string[]
  readonly startMs: number
  readonly endMs: number
  /** Minutes of set-up directly before the start. */
  readonly setupMin: number
  readonly sessionId: string | null
  readonly orderId: string | null
  /** Minutes past the order's due instant; 0 when in time or without one. */
  readonly lateMin: number
  /** Minutes between the end and what must not be missed (due instant, or the next step); null when nothing follows. */
  readonly slackMin: number | null
}

export const orderTaskKey = (orderId: string, step: 'sample' | 'qc' | 'production'): string =>
  `order:${orderId}:${step}`
export const sessionTaskKey = (sessionId: string): string => `session:${sessionId}`

export interface TaskName {
  readonly subject: 'order' | 'session'
  readonly id: string
  readonly kind: TaskKind
}

/** What a task key names; null for text that is none. */
export function parseTaskKey(key: string): TaskName | null {
  const [subject, id, step] = key.split(':')
  if (subject === 'session' && id && step === undefined) return { subject, id, kind: 'broadcast' }
  if (subject === 'order' && id && (step === 'sample' || step === 'qc' || step === 'production'))
    return { subject, id, kind: step }
  return null
}

/** At risk: less than this left before the due instant or the next step. */
export const RISK_MIN = 120

export function planState(item: Pick<PlanItem, 'lateMin' | 'slackMin'>): 'on-time' | 'at-risk' | 'late' {
  if (item.lateMin > 0) return 'late'
  return item.slackMin !== null && item.slackMin < RISK_MIN ? 'at-risk' : 'on-time'
}
