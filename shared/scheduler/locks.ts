import type { Assignment, Problem, Task } from './problem.ts'

/** What of a task is fixed, after merging its own lock, its status, the frozen zone and announcements. */
export interface EffectiveLock {
  cause: 'lock' | 'running' | 'frozen' | 'announced'
  mode: number | null
  start: number | null
  studio: string | null
  streamers: readonly string[] | null
}

/** Wish of a soft lock or of the baseline: charged in the stability tier when not met. */
export interface Wish {
  start: number | null
  res: readonly string[] | null
  announced: boolean
}

export function indexBaseline(problem: Problem): Map<string, Assignment> {
  return new Map((problem.stability?.baseline.assign ?? []).map((item) => [item.task, item]))
}

/** Announced air tasks, whether named by task or by the slot they hold in the baseline session list. */
export function listAnnounced(problem: Problem): Set<string> {
  const named = new Set(problem.stability?.announced ?? [])
  if (named.size === 0) return named
  const starts = new Map(
    problem.slots.filter((slot) => named.has(slot.id)).map((slot) => [slot.start, slot.id]),
  )
  const announced = new Set<string>()
  const baseline = indexBaseline(problem)
  for (const task of problem.tasks) {
    if (!task.session) continue
    const before = baseline.get(task.id)
    if (named.has(task.id)) announced.add(task.id)
    else if (before && starts.has(before.start) && offersSlot(task, starts.get(before.start)!, problem))
      announced.add(task.id)
  }
  return announced
}

function offersSlot(task: Task, slotId: string, problem: Problem): boolean {
  if (task.session?.slots) return task.session.slots.includes(slotId)
  return problem.slots.some((slot) => slot.id === slotId && (slot.jobs?.includes(task.job) ?? false))
}

/** Hard fixings by task id. `stability.released` lifts the freeze; an announced start stays. */
export function resolveLocks(problem: Problem): Map<string, EffectiveLock> {
  const locks = new Map<string, EffectiveLock>()
  const baseline = indexBaseline(problem)
  const released = new Set(problem.stability?.released ?? [])
  const announced = listAnnounced(problem)
  const streamers = new Set(problem.resources.filter((r) => r.kind === 'streamer').map((r) => r.id))
  const freezeUntil = problem.stability?.freezeUntil ?? 0
  const frozen = new Set(problem.stability?.frozen ?? [])
  for (const task of problem.tasks) {
    const before = baseline.get(task.id)
    if (task.status === 'running' && task.actual) {
      const { mode, start, studio = null } = task.actual
      locks.set(task.id, { cause: 'running', mode, start, studio, streamers: task.actual.streamers ?? null })
    } else if (task.lock?.strength === 'hard') {
      const { mode = null, start = null, studio = null } = task.lock
      locks.set(task.id, { cause: 'lock', mode, start, studio, streamers: task.lock.streamers ?? null })
    } else if (before && (before.start < freezeUntil || frozen.has(task.id)) && !released.has(task.id)) {
      locks.set(task.id, {
        cause: 'frozen',
        mode: before.mode,
        start: before.start,
        studio: task.session ? (before.res[0] ?? null) : null,
        streamers: task.session ? before.res.filter((id) => streamers.has(id)) : null,
      })
    } else if (announced.has(task.id) && before) {
      locks.set(task.id, {
        cause: 'announced',
        mode: null,
        start: before.start,
        studio: null,
        streamers: null,
      })
    }
  }
  return locks
}
