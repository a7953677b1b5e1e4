import type { IconName } from './icons.ts'

/** Where a record is on its way to the cluster. */
export const syncStates = ['local', 'pending', 'tentative', 'confirmed', 'refused'] as const
/** How the work is doing, and how it is held. */
export const planStates = ['onTime', 'atRisk', 'late', 'frozen', 'pinned'] as const
export type SyncState = (typeof syncStates)[number]
export type PlanState = (typeof planStates)[number]
export type StateName = SyncState | PlanState | 'offline'

export const stateIcon: Record<StateName, IconName> = {
  local: 'local',
  pending: 'pending',
  tentative: 'tentative',
  confirmed: 'confirmed',
  refused: 'refused',
  onTime: 'onTime',
  atRisk: 'atRisk',
  late: 'late',
  frozen: 'frozen',
  pinned: 'pinned',
  offline: 'offline',
}

/** The five steps of a session, always in this order. */
export const chainSteps = ['sample', 'inspection', 'broadcast', 'production', 'pickup'] as const
export type ChainStep = (typeof chainSteps)[number]
export type BeadState = 'done' | 'half' | 'ring' | 'tentative' | 'risk' | 'late'
export type Chain = readonly [BeadState, BeadState, BeadState, BeadState, BeadState]
