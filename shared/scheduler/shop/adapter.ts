import type { Assignment, Plan, Problem, Resource, SetupTable, Task } from '../problem.ts'
import type { ShopInstance, ShopJob, ShopObjective, ShopPlan } from './index.ts'

/** A planning problem seen as a shop, with what is needed to go back. */
export interface ShopView {
  shop: ShopInstance
  objective: ShopObjective
  /** Task id of each operation. */
  taskIds: string[]
  /** Resource id of each machine. */
  resourceIds: string[]
  /** Minute of the problem that is minute 0 of the shop. */
  originMin: number
}

/**
 * The shop behind a problem of lines alone: single-capacity resources that are always open, one resource a
 * mode, jobs that are plain chains, nothing locked, running or to be held stable. Null for any other problem,
 * and where the shop's objective would not be the problem's first one (set-ups without due dates).
 */
export function shopFromProblem(problem: Problem): ShopView | null {
  const originMin = problem.now ?? 0
  const weighted = problem.objective?.mode === 'weighted'
  if (weighted || problem.stability || problem.slots.length > 0 || problem.tasks.length === 0) return null
  const machineOf = new Map<string, number>()
  const machines: Resource[] = []
  for (const resource of problem.resources) {
    if (!isPlain(resource, problem, originMin)) continue
    machineOf.set(resource.id, machines.length)
    machines.push(resource)
  }
  const chains = findChains(problem)
  if (!chains) return null
  const tables = new Map(problem.setups.map((table) => [table.id, table]))
  const families = [...new Set(problem.setups.flatMap((table) => table.families))]
  const groupOf = new Map(families.map((family, g) => [family, g]))
  const jobOf = new Map(problem.jobs.map((job) => [job.id, job]))
  const jobs: ShopJob[] = []
  const taskIds: string[] = []
  let anyDue = false
  for (const chain of chains) {
    const job = jobOf.get(chain[0]!.job)
    if (!job || job.hardDue != null) return null
    const operations = []
    for (const task of chain) {
      if (!isOpen(task) || !task.modes || task.modes.length === 0) return null
      const modes = []
      for (const mode of task.modes) {
        const need = mode.needs[0]
        const machine = need && machineOf.get(need.res)
        if (mode.needs.length !== 1 || machine === undefined || (need!.qty ?? 1) !== 1) return null
        const duration = problem.forecast === 'high' ? (mode.durHigh ?? mode.dur) : mode.dur
        modes.push({ machine, duration })
      }
      // An unknown family changes over for free in every table: group `families.length`.
      operations.push({ modes, group: groupOf.get(task.family ?? job.family ?? '') ?? families.length })
      taskIds.push(task.id)
    }
    if (job.due != null) anyDue = true
    const due = job.due == null ? undefined : job.due - originMin
    jobs.push({
      operations,
      release: Math.max(0, (job.release ?? 0) - originMin),
      due,
      weight: job.weight ?? 1,
    })
  }
  const hasSetups = machines.some((machine) => machine.setup != null)
  if (!anyDue && hasSetups) return null
  if (anyDue && chains.length !== problem.jobs.length) return null
  const shop: ShopInstance = { machines: machines.length, jobs }
  if (hasSetups) shop.setups = buildSetups(machines, tables, families)
  return {
    shop,
    objective: anyDue ? 'weighted-tardiness' : 'makespan',
    taskIds,
    resourceIds: machines.map((machine) => machine.id),
    originMin,
  }
}

function isPlain(resource: Resource, problem: Problem, originMin: number): boolean {
  if ((resource.capacity ?? 1) !== 1 || (resource.availableFrom ?? 0) > originMin || resource.settingUp)
    return false
  if ((resource.leadMin ?? 0) > 0 || (resource.turnaroundMin ?? 0) > 0) return false
  if (resource.calendar == null) return true
  const calendar = problem.calendars.find((one) => one.id === resource.calendar)
  const [window] = calendar?.open ?? []
  if (!calendar || !window || calendar.open.length !== 1 || (calendar.overtime?.length ?? 0) > 0) return false
  return window[0] <= originMin && window[1] >= problem.horizonMin
}

function isOpen(task: Task): boolean {
  return !task.session && !task.window && !task.lock && !task.optional && (task.status ?? 'open') === 'open'
}

/** The tasks as chains in order of precedence; null if they are anything else. */
function findChains(problem: Problem): Task[][] | null {
  const tasks = new Map(problem.tasks.map((task) => [task.id, task]))
  const next = new Map<string, string>()
  const hasPred = new Set<string>()
  for (const { from, to, type = 'FS', minLag = 0, maxLag, ratio = 1 } of problem.prec) {
    if (type !== 'FS' || minLag !== 0 || maxLag != null || ratio !== 1) return null
    if (next.has(from) || hasPred.has(to) || tasks.get(from)?.job !== tasks.get(to)?.job) return null
    next.set(from, to)
    hasPred.add(to)
  }
  const chains: Task[][] = []
  let seen = 0
  for (const first of problem.tasks) {
    if (hasPred.has(first.id)) continue
    const chain: Task[] = []
    for (let task: Task | undefined = first; task; task = tasks.get(next.get(task.id) ?? '')) chain.push(task)
    seen += chain.length
    chains.push(chain)
  }
  return seen === problem.tasks.length ? chains : null
}

function buildSetups(
  machines: readonly Resource[],
  tables: ReadonlyMap<string, SetupTable>,
  families: readonly string[],
): ShopInstance['setups'] {
  const groups = families.length + 1
  const between: Int32Array[] = []
  const initial: Int32Array[] = []
  for (const machine of machines) {
    const matrix = new Int32Array(groups * groups)
    const opening = new Int32Array(groups)
    const table = machine.setup == null ? undefined : tables.get(machine.setup)
    const at = new Map(table?.families.map((family, i) => [family, i]))
    const minutes = (from: string, to: string): number => {
      const [a, b] = [at.get(from), at.get(to)]
      return a === undefined || b === undefined ? 0 : (table!.matrix[a]?.[b] ?? 0)
    }
    for (const [b, to] of families.entries()) {
      for (const [a, from] of families.entries()) matrix[a * groups + b] = minutes(from, to)
      if (machine.initialState != null) opening[b] = minutes(machine.initialState, to)
    }
    between.push(matrix)
    initial.push(opening)
  }
  return { groups, between, initial }
}

/** The shop's schedule as assignments of the problem, in the order of their starts. */
export function planFromShop(problem: Problem, view: ShopView, plan: ShopPlan): Pick<Plan, 'assign'> {
  const tasks = new Map(problem.tasks.map((task) => [task.id, task]))
  const groups = view.shop.jobs.flatMap((job) => job.operations.map((operation) => operation.group ?? 0))
  const order = Array.from(view.taskIds.keys()).sort(
    (a, b) => plan.start[a]! - plan.start[b]! || plan.end[a]! - plan.end[b]!,
  )
  const last = new Map<number, number>()
  const assign: Assignment[] = order.map((u) => {
    const id = view.taskIds[u]!
    const k = plan.machine[u]!
    const resource = view.resourceIds[k]!
    const length = plan.end[u]! - plan.start[u]!
    const modes = tasks.get(id)!.modes!
    const durationOf = (i: number): number =>
      problem.forecast === 'high' ? (modes[i]!.durHigh ?? modes[i]!.dur) : modes[i]!.dur
    const mode = modes.findIndex((one, i) => one.needs[0]!.res === resource && durationOf(i) === length)
    const setups = view.shop.setups
    const before = last.get(k)
    let setupBefore = 0
    if (setups && before !== undefined) setupBefore = setups.between[k]![before * setups.groups + groups[u]!]!
    else if (setups) setupBefore = setups.initial?.[k]?.[groups[u]!] ?? 0
    last.set(k, groups[u]!)
    const start = view.originMin + plan.start[u]!
    return { task: id, mode, res: [resource], start, end: start + length, setupBefore }
  })
  return { assign }
}

/** A shop instance as a planning problem, so that the plan checker can judge the shop's schedules. */
export function problemFromShop(shop: ShopInstance): Problem {
  const setups = shop.setups
  const families = Array.from({ length: setups?.groups ?? 0 }, (_, g) => `f${g}`)
  const largest = setups?.between.reduce((most, row) => Math.max(most, ...Array.from(row)), 0) ?? 0
  let horizonMin = 1440
  const tasks: Task[] = []
  const prec = []
  const jobs = []
  for (const [j, job] of shop.jobs.entries()) {
    horizonMin += job.release ?? 0
    const ids = job.operations.map((_, i) => `j${j}.${i}`)
    jobs.push({
      id: `j${j}`,
      release: job.release ?? 0,
      due: job.due ?? null,
      weight: job.weight ?? 1,
      tasks: ids,
    })
    for (const [i, { modes, group = 0 }] of job.operations.entries()) {
      tasks.push({
        id: ids[i]!,
        job: `j${j}`,
        family: setups ? families[group]! : null,
        modes: modes.map((mode) => ({ needs: [{ res: `m${mode.machine}` }], dur: mode.duration })),
      })
      if (i > 0) prec.push({ from: ids[i - 1]!, to: ids[i]! })
      horizonMin += Math.max(...modes.map((mode) => mode.duration)) + largest
    }
  }
  return {
    schema: 'chanbo.plan/1',
    epoch: '2026-01-01T00:00:00+08:00',
    horizonMin,
    resources: Array.from({ length: shop.machines }, (_, k) => ({
      id: `m${k}`,
      kind: 'line' as const,
      setup: setups ? `s${k}` : null,
    })),
    calendars: [],
    setups: (setups?.between ?? []).map((row, k) => ({
      id: `s${k}`,
      families,
      matrix: families.map((_, a) => Array.from(row).slice(a * families.length, (a + 1) * families.length)),
    })),
    jobs,
    tasks,
    prec,
    slots: [],
  }
}
