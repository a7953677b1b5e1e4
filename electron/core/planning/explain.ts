import { Refusal } from '../../../shared/contract/result.ts'
import type { ChainStep, Explanation, Sentence, TaskKind } from '../../../shared/contract/planning.ts'
import { HOUR_MS, MINUTE_MS } from '../../../shared/domain/time.ts'
import type { QueryContext } from '../context.ts'
import { beadsOf } from './board.ts'
import { alternativesFor } from './moves.ts'
import { parseTaskKey, planState, type PlanItem } from './items.ts'
import { namesOf } from './names.ts'
import { explainLate, explainPlacement, type Plan, type Problem } from '../../../shared/scheduler/index.ts'
import { readPublishedProposal, readProposal } from './repo.ts'
import { exposureFen } from './result.ts'
import { readSnapshot } from './snapshot.ts'

const STEPS: readonly TaskKind[] = ['sample', 'qc', 'broadcast', 'production', 'ship']
const DAY_MS = 24 * HOUR_MS
const MOST_STARTS = 6

/** What the panel says of one item: its chain with the slack between steps, and why it is late when it is. */
export function explainTask(ctx: QueryContext, taskKey: string, proposalId: string | null): Explanation {
  const name = parseTaskKey(taskKey)
  if (!name) throw new Refusal('not-found', { table: 'task', id: taskKey })
  const snapshot = readSnapshot(ctx.db, ctx.belt.timeZone, ctx.nowMs - 7 * DAY_MS, ctx.nowMs + 31 * DAY_MS)
  const proposal = proposalId === null ? null : readProposal(ctx.db, proposalId)
  const items: readonly PlanItem[] = proposal?.items ?? snapshot.current
  const names = namesOf(snapshot, { epoch: new Date(0).toISOString() })
  const self = items.find((item) => item.taskKey === taskKey)
  const sessionId = name.subject === 'session' ? name.id : (self?.sessionId ?? null)
  const session = snapshot.sessions.find((candidate) => candidate.id === sessionId)
  const chainItems = items.filter(
    (item) => item.taskKey === taskKey || (sessionId !== null && item.sessionId === sessionId),
  )
  const beads = session ? beadsOf(session, chainItems, null) : null
  const production = chainItems.find((item) => item.kind === 'production')
  const late = chainItems.find((item) => item.lateMin > 0)
  const source = proposal ?? readPublishedProposal(ctx.db)
  const reason =
    source && late ? explainLate(source.problem, source.plan, [`order:${late.orderId}`])[0] : undefined
  const sourceNames = source ? namesOf(snapshot, source.problem) : names
  const chain = STEPS.map((step, index): ChainStep => {
    const item = chainItems.find((candidate) => candidate.kind === step)
    const bead = beads?.[index] ?? 'ring'
    if (step === 'ship') {
      const dueMs = production
        ? production.endMs +
          (production.slackMin ?? 0) * MINUTE_MS -
          (production.lateMin > 0 && production.slackMin === null ? production.lateMin * MINUTE_MS : 0)
        : null
      return {
        step,
        taskKey: null,
        laneId: null,
        laneName: '',
        startMs: null,
        endMs: dueMs,
        bead,
        slackMin: production?.slackMin ?? null,
        status: shipStatus(production),
      }
    }
    return {
      step,
      taskKey: item?.taskKey ?? null,
      laneId: item?.lanes[0] ?? null,
      laneName: item ? names.lane(item.lanes[0] ?? '') : '',
      startMs: item?.startMs ?? null,
      endMs: item?.endMs ?? null,
      bead,
      slackMin: item?.slackMin ?? null,
      status: stepStatus(item, bead),
    }
  })
  return {
    taskKey,
    title: names.task(taskKey),
    plan: self ? planState(self) : late ? 'late' : 'on-time',
    record: 'confirmed',
    opening: [openingOf(self, late)],
    chain,
    causes: (reason?.chain ?? []).flatMap((step) => {
      const minutes = step.params['minutes']
      return typeof minutes === 'number' && minutes > 0
        ? [{ cause: sourceNames.sentence(step), minutes }]
        : []
    }),
    alternatives:
      source && late
        ? alternativesFor(
            { problem: source.problem, plan: source.plan, names: sourceNames },
            late.taskKey,
            null,
            true,
          )
        : [],
    whyNotThere:
      source && name.subject === 'session'
        ? whyNotThere(source, taskKey, ctx.nowMs).map((reason) => sourceNames.sentence(reason))
        : [],
    doNothingFen: late?.orderId ? exposureFen(snapshot, late.orderId) : 0,
    pinned: snapshot.pins.some((pin) => pin.taskKey === taskKey),
  }
}

/** What keeps a broadcast from other starts that are still to come; a plan may have been made a while ago. */
function whyNotThere({ problem, plan }: { problem: Problem; plan: Plan }, taskKey: string, nowMs: number) {
  const nowMin = (nowMs - Date.parse(problem.epoch)) / MINUTE_MS
  return explainPlacement(problem, plan, taskKey)
    .slice(1)
    .filter(({ params }) => Number(params['startMin'] ?? Infinity) > nowMin)
    .slice(0, MOST_STARTS)
}

function openingOf(self: PlanItem | undefined, late: PlanItem | undefined): Sentence {
  if (late) return { key: 'plan.opening.late', params: { lateMin: late.lateMin } }
  if (!self) return { key: 'plan.opening.notPlanned', params: {} }
  if (self.slackMin !== null) return { key: 'plan.opening.slack', params: { slackMin: self.slackMin } }
  return { key: 'plan.opening.onTime', params: {} }
}

function stepStatus(item: PlanItem | undefined, bead: ChainStep['bead']): Sentence {
  if (!item) return { key: bead === 'done' ? 'plan.step.done' : 'plan.step.none', params: {} }
  if (item.lateMin > 0) return { key: 'plan.step.late', params: { minutes: item.lateMin } }
  if (item.slackMin !== null) return { key: 'plan.step.slack', params: { minutes: item.slackMin } }
  return { key: 'plan.step.planned', params: {} }
}

function shipStatus(production: PlanItem | undefined): Sentence {
  if (!production) return { key: 'plan.step.none', params: {} }
  return production.lateMin > 0
    ? { key: 'plan.step.late', params: { minutes: production.lateMin } }
    : { key: 'plan.step.slack', params: { minutes: production.slackMin ?? 0 } }
}
