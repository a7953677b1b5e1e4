import { PLAN_SCHEMA } from '../../../shared/scheduler/problem.ts'
import type { Assignment, Plan, Problem, SlotUse, Task } from '../../../shared/scheduler/problem.ts'

/** A problem with nothing in it but what a test says. */
export function problemOf(parts: Partial<Problem>): Problem {
  return {
    schema: PLAN_SCHEMA,
    epoch: '2026-11-23T00:00:00+08:00',
    horizonMin: 2880,
    resources: [],
    calendars: [],
    setups: [],
    jobs: [],
    tasks: [],
    prec: [],
    slots: [],
    ...parts,
  }
}

/** One job per task, named after it; the task runs on `res` for `dur` minutes. */
export function work(id: string, res: string, dur: number, more: Partial<Task> = {}): Task {
  return { id, job: `j-${id}`, modes: [{ needs: [{ res }], dur }], ...more }
}

export function jobsFor(
  tasks: readonly Task[],
  more: Partial<Problem['jobs'][number]> = {},
): Problem['jobs'] {
  return tasks.map((task) => ({ id: task.job, tasks: [task.id], ...more }))
}

export function item(task: string, res: string | string[], start: number, end: number): Assignment {
  return { task, mode: 0, res: typeof res === 'string' ? [res] : res, start, end, setupBefore: 0 }
}

export function planOf(assign: Assignment[], slots: SlotUse[] = [], unplanned: string[] = []): Plan {
  return {
    schema: PLAN_SCHEMA,
    assign,
    slots,
    unplanned: unplanned.map((task) => ({
      task,
      reason: { key: 'plan.unplanned.noMode', params: { task } },
    })),
    score: [0, 0, 0, 0, 0, 0],
    bounds: [],
    cert: '',
  }
}

/** When a plan starts a task; undefined when it leaves it out. */
export function startOf(known: Pick<Plan, 'assign'>, task: string): number | undefined {
  return known.assign.find((entry) => entry.task === task)?.start
}
