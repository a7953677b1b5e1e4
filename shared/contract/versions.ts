import { z } from 'zod'
import { PLANNERS, SIGNED_IN, action, query } from './define.ts'
import type { PlanHead, TaskKind } from './planning.ts'

export interface VersionDetail extends PlanHead {
  readonly lateOrders: readonly {
    readonly taskKey: string
    readonly label: string
    readonly endMs: number
    readonly lateMin: number
  }[]
}

export interface VersionDifference {
  readonly taskKey: string
  readonly kind: TaskKind
  readonly label: string
  readonly change: 'moved' | 'added' | 'removed'
  readonly fromLane: string | null
  readonly fromStartMs: number | null
  readonly toLane: string | null
  readonly toStartMs: number | null
  readonly fromLateMin: number
  readonly toLateMin: number
}

export const versionsContract = {
  'plan/version': query(z.object({ planId: z.string() }), SIGNED_IN).returns<VersionDetail>(),
  'plan/compare': query(z.object({ fromId: z.string(), toId: z.string() }), SIGNED_IN).returns<{
    from: PlanHead
    to: PlanHead
    differences: VersionDifference[]
  }>(),
  /** An earlier version, as far as today allows, as a proposal like any other. */
  'plan/restore': action(z.object({ planId: z.string() }), PLANNERS).returns<{ proposalId: string }>(),
}
