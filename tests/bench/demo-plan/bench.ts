import { parseArgs } from 'node:util'
import { checkPlan } from '../../../shared/checker/check.ts'
import { solve, validateProblem } from '../../../shared/scheduler/index.ts'
import { loadProblem } from '../../../electron/core/planning/solve-job.ts'
import { startCore } from '../../helpers/core.ts'
import { median } from '../figures.ts'

/** The demo belt's first complete plan: reading the belt, mapping it, constructing, and the independent check. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean' }, runs: { type: 'string', default: '5' } },
  })
  const app = startCore()
  try {
    await app.call('app/openDemo', {})
    const actor = app.core.actorOf(app.connection)
    const samples = Array.from({ length: Number(values.runs) + 1 }, () => {
      const startMs = performance.now()
      const { built } = loadProblem(app.core.services, actor)
      const loadedMs = performance.now()
      if (validateProblem(built.problem).some((issue) => issue.severity === 'error'))
        throw new Error('the demo problem is invalid')
      const { plan } = solve(built.problem, { seed: 1, iterations: 0 })
      const plannedMs = performance.now()
      const check = checkPlan(built.problem, plan)
      if (!check.ok)
        throw new Error(`the checker refuses the plan: ${JSON.stringify(check.violations.slice(0, 3))}`)
      return {
        load: loadedMs - startMs,
        construct: plannedMs - loadedMs,
        check: performance.now() - plannedMs,
        total: performance.now() - startMs,
        tasks: built.problem.tasks.length,
        sessions: built.problem.tasks.filter((task) => task.session).length,
        unplanned: plan.unplanned.length,
      }
    })
    const rows = [
      { metric: 'tasks', value: samples[0]!.tasks, unit: 'tasks' },
      { metric: 'sessions', value: samples[0]!.sessions, unit: 'sessions' },
      { metric: 'unplanned', value: samples[0]!.unplanned, unit: 'tasks' },
      { metric: 'first_checked_plan_cold_ms', value: Math.round(samples[0]!.total), unit: 'ms' },
      ...(['load', 'construct', 'check', 'total'] as const).map((part) => ({
        metric: part === 'total' ? 'first_checked_plan_ms' : `${part}_ms`,
        value: Math.round(median(samples.slice(1).map((sample) => sample[part]))),
        unit: 'ms',
      })),
    ]
    for (const row of rows)
      console.log(
        values.json
          ? JSON.stringify({ bench: 'demo-plan', case: 'demo belt', ...row })
          : `${row.metric.padEnd(28)} ${row.value} ${row.unit}`,
      )
    return 0
  } finally {
    await app.close()
  }
}
