import type { RequestSpec } from '../../shared/contract/define.ts'
import { CONTRACT } from '../../shared/contract/index.ts'

const specs: Readonly<Record<string, RequestSpec>> = CONTRACT

/** The contract's entry; null for a name nobody answers. */
export function specOf(name: string): RequestSpec | null {
  return Object.hasOwn(specs, name) ? specs[name]! : null
}

/** Queries about the core itself rather than the belt's tables: its own thread answers them, readers do not. */
export const CORE_QUERY_NAMES = [
  'app/state',
  'app/syncBar',
  'app/belts',
  'backup/list',
  'backup/plan',
  'stick/state',
  'backup/identity',
  'plan/running',
  'sync/link',
] as const

export const isCoreQuery = (name: string): boolean => (CORE_QUERY_NAMES as readonly string[]).includes(name)
