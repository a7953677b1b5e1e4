import { ITEM_STATES, type ItemState } from '../../../shared/contract/sync-centre.ts'
import type { SyncState } from '../../ui/states.ts'

const tags: Record<ItemState, SyncState> = {
  local: 'local',
  pending: 'pending',
  canonical: 'confirmed',
  rejected: 'refused',
  quarantined: 'refused',
}

/** How a step's place in the log is shown to people. */
export const tagOf = (state: ItemState): SyncState => tags[state]

/** The step state behind a cell of the sync bar (`?show=confirmed`); null for anything else. */
export function asItemState(show: unknown): ItemState | null {
  return ITEM_STATES.find((state) => tags[state] === show) ?? null
}
