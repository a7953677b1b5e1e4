import type { Explanation, ScoreTier, Sentence } from '../../../shared/contract/planning.ts'
import { MINUTE_MS } from '../../../shared/domain/time.ts'
import {
  compareScores,
  comparePlans,
  createMoveScorer,
  releaseStuck,
  type ManualMove,
  type MoveScore,
  type Plan,
  type Problem,
  type Task,
} from '../../../shared/scheduler/index.ts'
import type { Names } from './names.ts'
import { modeOn } from './problem-tasks.ts'
import { scoreTiers } from './result.ts'

/** A plan that moves are tried on, with the problem it answers. */
export interface MoveBasis {
  readonly problem: Problem
  readonly plan: Pick<Plan, 'assign'>
  readonly names: Names
}

export type Alternative = Explanation['alternatives'][number]

const GRID_MIN = 30
const MOST = 3
/** Shifts tried around the present or wished start, minutes. */
const SHIFTS_MIN = [0, -30, 30, -60, 60, -90, 90, -120, 120, 180, 240, 360, 720, -1440, 1440, 2880]

const epochOf = (problem: Problem) => Date.parse(problem.epoch)
const toMin = (problem: Problem, ms: number) => Math.floor((ms - epochOf(problem)) / MINUTE_MS)
const toMs = (problem: Problem, minute: number) => epochOf(problem) + minute * MINUTE_MS

/** Dropping a task on a lane: a line task takes the line; a broadcast takes the studio, or keeps it and changes its streamer. */
export function moveTo(
  basis: MoveBasis,
  taskKey: string,
  laneId: string,
  startMs: number,
): ManualMove | null {
  const task = basis.problem.tasks.find((candidate) => candidate.id === taskKey)
  if (!task) return null
  const start = toMin(basis.problem, startMs)
  if (!task.session) return { task: taskKey, resource: laneId, start }
  const resource = basis.problem.resources.find((candidate) => candidate.id === laneId)
  return resource?.kind === 'studio'
    ? { task: taskKey, studio: laneId, start }
    : { task: taskKey, streamers: [laneId], start }
}

/** A drop with the start it comes to: on a line no sooner than it can, after a break or what comes before it. @returns null where it cannot go */
export function land({ problem, plan }: MoveBasis, move: ManualMove): ManualMove | null {
  const scorer = createMoveScorer(problem, plan)
  const after = scorer.score(move).possible ? scorer.apply(move) : null
  const placed = after?.assign.find((assign) => assign.task === move.task)
  return placed ? { ...move, start: placed.start } : null
}

/** The problem with a task held where it has landed. Work that this leaves no room for is not frozen any more. */
export function holdAt(
  problem: Problem,
  { task: id, resource, start, studio, streamers }: ManualMove,
): Problem {
  const tasks = problem.tasks.map((task): Task => {
    if (task.id !== id) return task
    const place = task.session ? { studio, streamers } : { mode: modeOn(task, resource ?? '') }
    return { ...task, lock: { ...place, start, strength: 'hard' } }
  })
  return releaseStuck({ ...problem, tasks })
}

export const tierDeltas = (score: MoveScore): ScoreTier[] =>
  scoreTiers(score.difference as unknown as Parameters<typeof scoreTiers>[0])

/** Places worth trying for a task: everything able to do it, at starts around `aroundMin`. */
function candidates(problem: Problem, task: Task, aroundMin: number): ManualMove[] {
  const first = problem.now ?? 0
  const starts = [...new Set(SHIFTS_MIN.map((shift) => Math.max(first, aroundMin + shift)))]
  if (task.session) {
    const studios =
      task.session.studios ?? problem.resources.filter(({ kind }) => kind === 'studio').map(({ id }) => id)
    const onGrid = [...new Set(starts.map((start) => Math.ceil(start / GRID_MIN) * GRID_MIN))]
    return studios.flatMap((studio) => onGrid.map((start) => ({ task: task.id, studio, start })))
  }
  const lines = [...new Set((task.modes ?? []).flatMap((mode) => mode.needs.map((need) => need.res)))]
  return lines.flatMap((resource) => [first, ...starts].map((start) => ({ task: task.id, resource, start })))
}

/**
 * The best other places for a task, at most three, each somewhere else, best score first.
 * @param onlyBetter leave out what would not improve the plan
 */
export function alternativesFor(
  basis: MoveBasis,
  taskKey: string,
  aroundMs: number | null,
  onlyBetter: boolean,
): Alternative[] {
  const { problem, plan, names } = basis
  const task = problem.tasks.find((candidate) => candidate.id === taskKey)
  const present = plan.assign.find((assign) => assign.task === taskKey)
  if (!task || (!present && aroundMs === null)) return []
  const scorer = createMoveScorer(problem, plan)
  const around = aroundMs === null ? present!.start : toMin(problem, aroundMs)
  const scored = candidates(problem, task, around)
    .map((move) => ({ move, score: scorer.score(move) }))
    .filter(({ score }) => score.possible)
    .filter(({ score }) => !onlyBetter || compareScores(score.after, score.before, problem.objective) < 0)
    .sort(
      (a, b) =>
        compareScores(a.score.after, b.score.after, problem.objective) ||
        Math.abs(a.move.start! - around) - Math.abs(b.move.start! - around),
    )
  const found: Alternative[] = []
  const seen = new Set<string>()
  for (const { move, score } of scored) {
    if (found.length === MOST) break
    const after = scorer.apply(move)
    const placed = after?.assign.find((assign) => assign.task === taskKey)
    if (!after || !placed) continue
    const laneId = placed.res[0]!
    const place = `${laneId} ${placed.start}`
    const isSame = present !== undefined && present.start === placed.start && present.res[0] === laneId
    if (seen.has(place) || isSame) continue
    seen.add(place)
    const changes = comparePlans(problem, plan, after)
    const moved = new Set([...changes.lines, ...changes.streamers, ...changes.shifted, ...changes.dropped])
    found.push({
      no: found.length + 1,
      title: names.sentence({ key: 'plan.place.chosen', params: { startMin: placed.start, studio: laneId } }),
      effect: effectOf(problem, task, placed.end),
      laneId,
      startMs: toMs(problem, placed.start),
      deltas: tierDeltas(score),
      movedOrders: moved.size,
    })
  }
  return found
}

/** What a place means for the promise: minutes to spare, or minutes late. */
function effectOf(problem: Problem, task: Task, end: number): Sentence {
  const job = problem.jobs.find((candidate) => candidate.id === task.job)
  if (job?.due == null || job.tasks.at(-1) !== task.id) return { key: 'plan.opening.onTime', params: {} }
  return end <= job.due
    ? { key: 'plan.opening.slack', params: { slackMin: job.due - end } }
    : { key: 'plan.opening.late', params: { lateMin: end - job.due } }
}
