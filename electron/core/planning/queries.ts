import { Refusal } from '../../../shared/contract/result.ts'
import type { planningContract } from '../../../shared/contract/planning.ts'
import type { QueryHandlers } from '../context.ts'
import type { Services } from '../services.ts'
import { boardView } from './board.ts'
import { detailOf, headOf, openProposalIds, planHeads, readProposal } from './repo.ts'

const LONGEST_VIEW_MS = 31 * 86_400_000

type PlanningQueries = Omit<QueryHandlers<typeof planningContract>, 'plan/running'>

export const planningQueries: PlanningQueries = {
  'board/view': (input, ctx) => {
    if (input.toMs <= input.fromMs || input.toMs - input.fromMs > LONGEST_VIEW_MS)
      throw new Refusal('bad-input', { field: 'toMs', problem: 'range' })
    return boardView(input, ctx)
  },
  'plan/history': ({ limit }, { db }) => planHeads(db, limit),
  'plan/proposals': (_, { db }) => openProposalIds(db).map((id) => headOf(db, readProposal(db, id))),
  'plan/proposal': ({ proposalId }, { db }) => detailOf(db, readProposal(db, proposalId)),
}

export const planningCoreQueries = {
  'plan/running': (_: unknown, { services }: { services: Services }) => ({
    jobId: services.jobs('plan')[0]?.id ?? null,
  }),
}
