import { createSolver, type Plan, type Problem } from '../../../shared/scheduler/index.ts'
import type { Actor } from '../context.ts'
import type { OpenBelt, Services } from '../services.ts'
import { loadProblem, type LoadedProblem } from './solve-job.ts'

export interface StandingPlan extends LoadedProblem {
  readonly plan: Pick<Plan, 'assign'>
}

interface Kept {
  readonly standing: StandingPlan
  /** The belt's present when it was read, ms. */
  readonly readMs: number
}

/** The present moves on in the problem too: it is read again when it is older than the grid of a promise can show. */
const KEPT_MS = 60_000

const kept = new WeakMap<OpenBelt, Kept>()

/** The plan that stands, with open work it does not know of yet placed behind it. */
function completePlan(problem: Problem): Pick<Plan, 'assign'> {
  const assign = [...(problem.stability?.baseline.assign ?? [])]
  const placed = new Set(assign.map((item) => item.task))
  if (problem.tasks.every((task) => placed.has(task.id) || task.optional === true)) return { assign }
  return createSolver(problem, { seed: 1, iterations: 0, initial: { assign } }).plan()
}

/**
 * The belt as a problem, and its plan; read once for all who ask until something changes.
 * @throws Refusal as `loadProblem`
 */
export function readStanding(services: Services, actor: Actor): StandingPlan {
  const belt = services.belt()
  const known = kept.get(belt)
  const nowMs = belt.nowMs()
  const ageMs = nowMs - (known?.readMs ?? 0)
  if (known && ageMs >= 0 && ageMs < KEPT_MS) return known.standing
  const loaded = loadProblem(services, actor)
  const standing = { ...loaded, plan: completePlan(loaded.built.problem) }
  kept.set(belt, { standing, readMs: nowMs })
  return standing
}

/** Called after every commit: what was read may be out of date. */
export function forgetStanding(services: Services): void {
  const belt = services.openBelt()
  if (belt) kept.delete(belt)
}
