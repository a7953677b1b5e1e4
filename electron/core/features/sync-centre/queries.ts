import type { syncCentreContract } from '../../../../shared/contract/sync-centre.ts'
import type { QueryHandlers } from '../../context.ts'
import { arrivedBookings, refusedSteps } from '../../news.ts'
import { refusedBookings, syncConflicts, waitingItems, waitingRows } from './repo.ts'

export const syncCentreQueries: QueryHandlers<typeof syncCentreContract> = {
  'sync/centre': (_, { db, nowMs }) => ({
    waiting: waitingRows(db),
    refused: [...refusedBookings(db, nowMs), ...refusedSteps(db)],
    arrived: arrivedBookings(db, nowMs),
    conflicts: syncConflicts(db),
  }),
  'sync/items': (filter, { db }) => waitingItems(db, filter),
}
