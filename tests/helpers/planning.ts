import { expect, vi } from 'vitest'
import type { BoardView, ProposalDetail } from '../../shared/contract/planning.ts'
import type { PlanEventView } from '../../shared/contract/replanning.ts'
import type { TestCore } from './core.ts'

const DAY_MS = 86_400_000

/** Waits until a job of the planner is over. */
export async function ended(
  core: TestCore,
  jobId: string,
  { outcome = 'done', waitMs = 30_000 } = {},
): Promise<void> {
  await vi.waitFor(
    () =>
      expect(core.events.find((event) => event.kind === 'finished' && event.jobId === jobId)).toMatchObject({
        outcome,
      }),
    { timeout: waitMs },
  )
}

/** Plans the belt. @returns the proposal that comes of it */
export async function solvePlan(
  core: TestCore,
  input: { timeLimitMs: number; seed?: number },
  waitMs?: number,
): Promise<ProposalDetail> {
  const { jobId } = await core.call('plan/start', { ...input, reason: 'test' })
  await ended(core, jobId, { waitMs })
  const [head] = await core.call('plan/proposals', {})
  return core.call('plan/proposal', { proposalId: head!.id })
}

/** The board from yesterday until eight days ahead. */
export async function boardOf(core: TestCore, proposalId: string | null = null): Promise<BoardView> {
  const { nowMs } = await core.call('app/state', {})
  return core.call('board/view', { fromMs: nowMs - DAY_MS, toMs: nowMs + 8 * DAY_MS, proposalId })
}

/** The event's row once it has been answered one way or another. */
export async function answerTo(core: TestCore, eventId: string): Promise<PlanEventView> {
  const find = async () => (await core.call('plan/events', {})).find(({ id }) => id === eventId)
  await expect
    .poll(async () => ['open', 'working'].includes((await find())?.state ?? 'open'), { timeout: 20_000 })
    .toBe(false)
  return (await find())!
}

export const hardOf = (proposal: ProposalDetail): number | undefined =>
  proposal.score.find(({ tier }) => tier === 'hard')?.value
