/** What can break a plan that stands. */
export const PLAN_EVENT_KINDS = [
  'line-down',
  'dropout',
  'demand-spike',
  'slot-cancelled',
  'gate-failed',
  'urgent-order',
  'streamer-ill',
  'studio-closed',
  'session-moved',
  'manual-move',
] as const
export type PlanEventKind = (typeof PLAN_EVENT_KINDS)[number]
