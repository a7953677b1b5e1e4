import { Refusal } from '../../../../shared/contract/result.ts'
import type { settingsContract } from '../../../../shared/contract/settings.ts'
import type { QueryHandlers } from '../../context.ts'
import { beltSettings, fairSlotPolicy } from './repo.ts'

export const settingsQueries: QueryHandlers<typeof settingsContract> = {
  'belt/settings': (_, { db }) => {
    const belt = beltSettings(db)
    if (!belt) throw new Refusal('no-belt')
    return { belt, policy: fairSlotPolicy(db) }
  },
}
