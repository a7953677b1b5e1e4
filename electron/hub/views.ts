import type { CanonicalOp, Scope } from '../../shared/ops/types.ts'
import type { DeviceRow } from './schema.ts'

/** A scope as a device may read it. */
export interface View {
  readonly name: string
  readonly scope: Scope
  shows(op: Pick<CanonicalOp, 'table' | 'fields'>): boolean
}

/** What officials read of a belt: who and where, the rules, and daily aggregates of whole bases. No claim, plan or merchant. */
const OFFICIAL_TABLES = new Set([
  'belt',
  'fairSlotPolicy',
  'holidayYear',
  'factor',
  'liveBase',
  'person',
  'device',
  'studio',
])
const OFFICIAL = 'official'

const officialView: View = {
  name: OFFICIAL,
  scope: 'belt',
  shows: ({ table, fields }) =>
    table === 'dayAggregate' ? (fields.merchantId ?? null) === null : OFFICIAL_TABLES.has(table),
}

export const wholeView = (scope: Scope): View => ({ name: scope, scope, shows: () => true })

/** Null when the device may not read the scope at all. */
export function viewOf(device: Pick<DeviceRow, 'role' | 'baseId'>, scope: Scope): View | null {
  if (device.role === 'official') return scope === 'belt' ? officialView : null
  if (scope === 'belt') return wholeView(scope)
  if (!scope.startsWith('base:')) return null
  return device.baseId === null || scope === `base:${device.baseId}` ? wholeView(scope) : null
}
