import { Refusal } from '../../../../shared/contract/result.ts'
import type { settingsContract } from '../../../../shared/contract/settings.ts'
import type { CommandHandlers } from '../../context.ts'
import { beltSettings, fairSlotPolicy } from './repo.ts'

export const settingsCommands: CommandHandlers<typeof settingsContract> = {
  'belt/save': (input, { db, write }) => {
    const belt = beltSettings(db)
    if (!belt) throw new Refusal('no-belt')
    write.set('belt', belt.id, input)
    return null
  },
  'belt/savePolicy': (input, { db, write }) => {
    const policy = fairSlotPolicy(db)
    if (policy) write.set('fairSlotPolicy', policy.id, input)
    else write.create('fairSlotPolicy', input)
    return null
  },
}
