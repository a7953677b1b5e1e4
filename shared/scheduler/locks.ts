import type { Assignment, Problem, Slot, Task } from './problem.ts'

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
  const slots = problem.slots.filter((slot) => named.has(slot.id))
  const announced = new Set<string>()
  const baseline = indexBaseline(problem)
  for (const task of problem.tasks) {
    if (!task.session) continue
    const before = baseline.get(task.id)
    if (named.has(task.id)) announced.add(task.id)
    else if (before && slots.some((slot) => slot.start === before.start && offersSlot(task, slot)))
      announced.add(task.id)
  }
  return announced
}

function offersSlot({ session, job }: Task, { id, jobs }: Slot): boolean {
  return session?.slots ? session.slots.includes(id) : (jobs?.includes(job) ?? false)
}

/**
 * Hard fixings by task id. `stability.released` lifts the freeze; an announced start stays. What a hard lock leaves open,
 * the freeze or the announcement says.
 */
export function resolveLocks(problem: Problem): Map<string, EffectiveLock> {
  const locks = new Map<string, EffectiveLock>()
  const baseline = indexBaseline(problem)
  const released = new Set(problem.stability?.released ?? [])
  const announced = listAnnounced(problem)
  const streamers = new Set(problem.resources.filter((r) => r.kind === 'streamer').map((r) => r.id))
  const freezeUntil = problem.stability?.freezeUntil ?? 0
  const frozen = new Set(problem.stability?.frozen ?? [])
  const heldBy = (task: Task, before: Assignment | undefined): EffectiveLock | null => {
    if (before && (before.start < freezeUntil || frozen.has(task.id)) && !released.has(task.id))
      return {
        cause: 'frozen',
        mode: before.mode,
        start: before.start,
        studio: task.session ? (before.res[0] ?? null) : null,
        streamers: task.session ? before.res.filter((id) => streamers.has(id)) : null,
      }
    return before && announced.has(task.id)
      ? { cause: 'announced', mode: null, start: before.start, studio: null, streamers: null }
      : null
  }
  for (const task of problem.tasks) {
    const held = heldBy(task, baseline.get(task.id))
    if (task.status === 'running' && task.actual) {
      const { mode, start, studio = null } = task.actual
      locks.set(task.id, { cause: 'running', mode, start, studio, streamers: task.actual.streamers ?? null })
    } else if (task.lock?.strength === 'hard') {
      const { mode, start, studio, streamers: crew } = task.lock
      const open = start == null ? held : null
      locks.set(task.id, {
        cause: 'lock',
        mode: mode ?? open?.mode ?? null,
        start: start ?? open?.start ?? null,
        studio: studio ?? open?.studio ?? null,
        streamers: crew ?? open?.streamers ?? null,
      })
    } else if (held) locks.set(task.id, held)
  }
  return locks
}
