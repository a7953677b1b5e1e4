import type { syncContract, SyncLink } from '../../../shared/contract/sync.ts'
import type { Actor, ActionHandlers } from '../context.ts'
import type { Services } from '../services.ts'

export const syncActions: ActionHandlers<typeof syncContract> = {
  'sync/join': (input, { services }) => services.sync.join(input),
  'sync/handOver': async (input, { services }) => {
    await services.sync.handOver(input)
    return null
  },
  'sync/tryNow': (_, { services }) => services.sync.tryNow(),
  'sync/setOptions': (input, { services }) => {
    services.sync.setOptions(input)
    return Promise.resolve(null)
  },
}

export const syncCoreQueries = {
  'sync/link': (_: never, { services }: { actor: Actor; services: Services }): SyncLink =>
    services.sync.link(),
}
