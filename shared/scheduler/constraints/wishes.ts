import type { Task } from '../problem.ts'
import type { PlanView } from './view.ts'

/** What a soft lock, or else the baseline, wants for a task: a start and resources. */
export function wishOf(view: PlanView, task: Task): { start: number | null; res: readonly string[] | null } {
  const before = view.baseline.get(task.id)
  const soft = task.lock?.strength === 'soft' ? task.lock : null
  const start = soft?.start ?? before?.start ?? null
  const mode = soft?.mode == null ? undefined : task.modes?.[soft.mode]
  if (mode) return { start, res: mode.needs.map((need) => need.res) }
  if (soft?.studio && task.session) return { start, res: [soft.studio, ...(soft.streamers ?? [])] }
  return { start, res: before?.res ?? null }
}

/** Tasks whose place is compared: open, not begun. */
export function comparedTasks(view: PlanView): Task[] {
  return view.problem.tasks.filter((task) => task.status !== 'done' && task.status !== 'running')
}
