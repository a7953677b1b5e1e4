import { MINUTE_MS } from '../../../shared/domain/time.ts'
import type { Assignment, SlotUse } from '../../../shared/scheduler/index.ts'
import type { Actor } from '../context.ts'
import type { Services } from '../services.ts'
import { causeOf, engineEvents, isAboutAir, type RecordedEvent } from './events.ts'
import type { PlanItem } from './items.ts'
import type { BuiltProblem } from './problem.ts'
import { liftedPins } from './pins.ts'
import { storeProposal, type NewProposal } from './proposals.ts'
import { itemsOf, movedTasks } from './result.ts'
import { namesOf } from './names.ts'
import type { RepairAnswer, RepairRequest } from './run-repair.ts'
import { loadProblem, type LoadedProblem } from './solve-job.ts'

/** Time of the first answer; with the thread's start and the checks it stays inside a second. */
const MEND_MS = 600
/** When that left something without a place, or nobody is waiting for a line to move. */
const PATIENT_MS = 2000

/** Items as the engine's assignments on a problem; what ended before the problem begins is history. */
export function assignmentsOf(
  items: readonly PlanItem[],
  built: Pick<BuiltProblem, 'problem' | 'epochMs'>,
): { assign: Assignment[]; slots: SlotUse[] } {
  const { problem, epochMs } = built
  const toMin = (ms: number) => Math.floor((ms - epochMs) / MINUTE_MS)
  const tasks = new Map(problem.tasks.map((task) => [task.id, task]))
  const kinds = new Map(problem.resources.map((resource) => [resource.id, resource.kind]))
  const assign = items.flatMap((item): Assignment[] => {
    const task = tasks.get(item.taskKey)
    if (!task || toMin(item.endMs) <= 0) return []
    const mode = task.modes
      ? task.modes.findIndex((candidate) => candidate.needs.some(({ res }) => res === item.lanes[0]))
      : 0
    if (mode < 0) return []
    return [
      {
        task: item.taskKey,
        mode,
        res: [...item.lanes],
        start: Math.max(0, toMin(item.startMs)),
        end: toMin(item.endMs),
        setupBefore: item.setupMin,
      },
    ]
  })
  const slots = assign.flatMap((item): SlotUse[] => {
    if (!tasks.get(item.task)?.session) return []
    return [
      {
        slot: null,
        task: item.task,
        studio: item.res[0] ?? '',
        streamers: item.res.filter((id) => kinds.get(id) === 'streamer'),
      },
    ]
  })
  return { assign, slots }
}

export interface Mended {
  readonly answer: RepairAnswer
  readonly made: NewProposal
  readonly moved: number
  readonly added: number
  readonly dropped: number
  /** Minutes by which orders are later than they were, together. */
  readonly laterMin: number
  readonly movesBroadcast: boolean
  /** Pins that cannot be kept. */
  readonly lifted: number
}

async function mend(
  services: Services,
  { snapshot, built }: LoadedProblem,
  items: readonly PlanItem[],
  what: Pick<RepairRequest, 'events' | 'bringAir'>,
  timeLimitMs: number,
): Promise<RepairAnswer> {
  const request: RepairRequest = {
    kind: 'repair',
    problem: built.problem,
    plan: assignmentsOf(items, built),
    ...what,
    nowMin: built.problem.now ?? 0,
    freezeMin: snapshot.planning.frozenMin,
    timeLimitMs,
    seed: 1,
  }
  const run = services.startWorker('scheduler', request, () => undefined)
  services.track('mend', { stop: () => run.stop(), cancel: () => run.cancel() }, run.result)
  return (await run.result) as RepairAnswer
}

function mended(
  { snapshot, built, basis }: LoadedProblem,
  answer: RepairAnswer,
  made: Pick<NewProposal, 'kind' | 'cause' | 'effects'>,
): Mended {
  const solved = { ...built, problem: answer.problem }
  const items = itemsOf(solved, answer.plan, snapshot)
  const { moved, added } = movedTasks(snapshot.current, items, namesOf(snapshot, answer.problem))
  const placed = new Set(items.map((item) => item.taskKey))
  const lateMin = new Map(snapshot.current.map((item) => [item.taskKey, item.lateMin]))
  const open = new Set(answer.problem.tasks.filter((task) => task.status !== 'done').map((task) => task.id))
  return {
    answer,
    made: {
      reason: '',
      seed: 1,
      snapshot,
      built: solved,
      basis,
      plan: answer.plan,
      why: answer.why,
      baseScore: answer.baseScore,
      ...made,
    },
    moved: moved.length,
    added: added.length,
    dropped: snapshot.current.filter((item) => open.has(item.taskKey) && !placed.has(item.taskKey)).length,
    laterMin: items.reduce(
      (sum, item) => sum + Math.max(0, item.lateMin - (lateMin.get(item.taskKey) ?? 0)),
      0,
    ),
    movesBroadcast: [...moved, ...added].some((task) => task.kind === 'broadcast'),
    lifted: liftedPins(snapshot.pins, answer.problem).length,
  }
}

/** Mends the plan that stands for what has been recorded, moving as little as pays. */
export async function mendFor(
  services: Services,
  actor: Actor,
  recorded: readonly RecordedEvent[],
): Promise<Mended> {
  const loaded = loadProblem(services, actor)
  const { snapshot, built } = loaded
  const { events, effects } = engineEvents(recorded, snapshot, built.problem, built.epochMs)
  const what = { events, bringAir: isAboutAir(recorded) }
  const cause = services.read(actor, ({ db }) => causeOf(db, recorded))
  const answerWithin = async (timeLimitMs: number, on = loaded) =>
    mended(on, await mend(services, on, snapshot.current, what, timeLimitMs), {
      kind: 'repair',
      cause,
      effects,
    })
  const { replanMode, autoBroadcasts } = snapshot.planning
  // What the machine may do by itself is looked for first; a person is asked when that costs a promise.
  const own =
    replanMode === 'apply' && !autoBroadcasts
      ? await answerWithin(MEND_MS, { ...loaded, built: withBroadcastsHeld(built) })
      : null
  if (own && own.dropped === 0 && own.laterMin === 0) return own
  const quick = await answerWithin(MEND_MS)
  if (own && own.dropped <= quick.dropped && own.laterMin <= quick.laterMin) return own
  if (quick.dropped === 0) return quick
  const patient = await answerWithin(PATIENT_MS)
  return patient.dropped < quick.dropped ? patient : quick
}

/** The same problem with every broadcast of the plan that stands kept where it is, unless it cannot be. */
function withBroadcastsHeld(built: BuiltProblem): BuiltProblem {
  const { problem } = built
  if (!problem.stability) return built
  const frozen = problem.tasks.filter((task) => task.session).map((task) => task.id)
  return { ...built, problem: { ...problem, stability: { ...problem.stability, frozen } } }
}

/**
 * An earlier plan for what has not begun, the present one for what has: what the earlier plan would have begun by now did
 * not happen that way.
 */
function stillAhead(
  earlier: readonly PlanItem[],
  current: readonly PlanItem[],
  { problem, epochMs }: BuiltProblem,
): PlanItem[] {
  const nowMs = epochMs + (problem.now ?? 0) * MINUTE_MS
  const begun = current.filter((item) => item.startMs < nowMs)
  const keys = new Set(begun.map((item) => item.taskKey))
  return [...begun, ...earlier.filter((item) => item.startMs >= nowMs && !keys.has(item.taskKey))]
}

/** Brings the items of an earlier plan back as far as today allows. @returns the proposal's id */
export async function mendTowards(
  services: Services,
  actor: Actor,
  items: readonly PlanItem[],
  made: Pick<NewProposal, 'cause'>,
): Promise<string> {
  const loaded = loadProblem(services, actor)
  const ahead = stillAhead(items, loaded.snapshot.current, loaded.built)
  const answer = await mend(services, loaded, ahead, { events: [], bringAir: true }, PATIENT_MS)
  return storeProposal(services, actor, mended(loaded, answer, { kind: 'restore', ...made }).made)
}
