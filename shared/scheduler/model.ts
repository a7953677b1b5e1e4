import { advance, ALWAYS_OPEN, intersectOpenTimes, NEVER, openTimeOf } from './calendar.ts'
import type { OpenTime } from './calendar.ts'
import { compileAir } from './model-air.ts'
import type { AirModel } from './model-air.ts'
import { indexBaseline, listAnnounced, resolveLocks } from './locks.ts'
import { DEFAULTS, unplannedAtMin } from './problem.ts'
import type { Mode, Problem, Resource, Task } from './problem.ts'

export const FS = 0
export const SS = 1
export const FF = 2

/**
 * A problem in index form. Tasks that are done are gone (their successors keep a lower bound on their start);
 * tasks 0..n-1 are the open and running ones. A resource of capacity c is c machines of one task each.
 */
export interface Model {
  problem: Problem
  n: number
  taskIds: string[]
  tasks: Task[]
  taskIndex: Map<string, number>
  /** Done tasks, copied into every plan as they were. */
  done: Task[]
  isAir: Uint8Array
  jobOf: Int32Array
  family: Int32Array
  pausing: Uint8Array
  minStart: Int32Array
  /** Latest end (hard); NEVER when free. */
  deadline: Int32Array
  fixedStart: Int32Array
  /** End of running tasks, else -1. */
  fixedEnd: Int32Array
  /** Latest start (hard) left by tasks that are done; NEVER when free. */
  latestStart: Int32Array
  /** The only mode allowed (global mode number), or -1. */
  pinnedMode: Int32Array
  optional: Uint8Array
  running: Uint8Array
  /** Line tasks without a fixed start or maximum lag, all arcs before them plain end-to-start ones. */
  simple: Uint8Array
  /** Tasks with a place that moving them away from may cost something. */
  wished: Uint8Array
  /** Modes of task v: modeFrom[v] .. modeFrom[v+1]-1. */
  modeFrom: Int32Array
  modeDur: Int32Array
  modeTime: OpenTime[]
  /** Needs of mode m: needFrom[m] .. ; resource index and quantity. */
  needFrom: Int32Array
  needRes: Int32Array
  needQty: Int32Array
  /** Most machines any task holds at once. */
  width: number
  resources: Resource[]
  resIndex: Map<string, number>
  resTime: OpenTime[]
  machineFrom: Int32Array
  machines: number
  machineRes: Int32Array
  machineSetup: Int32Array
  machineState: Int32Array
  machineFree: Int32Array
  /** Family a set-up under way is for (-1 none) and when it began. */
  machineSetting: Int32Array
  machineSince: Int32Array
  families: number
  /** setupTables[s][from * families + to] */
  setupTables: Int32Array[]
  /** Precedence in both directions (CSR over tasks): other task and arc id. */
  predFrom: Int32Array
  predTask: Int32Array
  predArc: Int32Array
  succFrom: Int32Array
  succTask: Int32Array
  succArc: Int32Array
  arcType: Uint8Array
  arcMin: Int32Array
  /** -1 when none. */
  arcMax: Int32Array
  arcRatio: Float64Array
  anyMaxLag: boolean
  jobs: number
  jobDue: Int32Array
  jobWeight: Float64Array
  jobTaskFrom: Int32Array
  jobTasks: Int32Array
  unplannedAt: number
  now: number
  /** Stability: wished start (-1 none), wished resources per task, weights. */
  wishStart: Int32Array
  wishRes: (Int32Array | null)[]
  /** Where line work is kept for as long as nothing asks for an earlier start: its wished start when its job is in time with that; otherwise 0. */
  keptStart: Int32Array
  announced: Uint8Array
  tolerance: number
  wStart: number
  wRes: number
  wStreamer: number
  wAnnounced: number
  air: AirModel
  /** Multipliers of the user's weighted objective for tiers 2..6, or null when lexicographic. */
  weights: readonly number[] | null
}

export function durationOf(mode: Mode, forecast: Problem['forecast']): number {
  return forecast === 'high' && mode.durHigh != null ? mode.durHigh : mode.dur
}

/** Compiles a problem that `validateProblem` accepts. */
export function compileModel(problem: Problem): Model {
  const now = problem.now ?? 0
  const open = problem.tasks.filter((task) => task.status !== 'done')
  const n = open.length
  const taskIndex = new Map(open.map((task, v) => [task.id, v]))
  const resources = [...problem.resources]
  const resIndex = new Map(resources.map((resource, r) => [resource.id, r]))
  const calendars = new Map(problem.calendars.map((calendar) => [calendar.id, calendar]))
  const resTime = resources.map((resource) =>
    resource.calendar == null ? ALWAYS_OPEN : openTimeOf(calendars.get(resource.calendar)),
  )
  const jobIndex = new Map(problem.jobs.map((job, j) => [job.id, j]))
  const locks = resolveLocks(problem)
  const announcedIds = listAnnounced(problem)
  const baseline = indexBaseline(problem)
  const stability = problem.stability

  const familyIndex = new Map<string, number>()
  const indexFamily = (name: string | null | undefined): number => {
    if (name == null) return -1
    if (!familyIndex.has(name)) familyIndex.set(name, familyIndex.size)
    return familyIndex.get(name)!
  }
  for (const table of problem.setups) table.families.forEach(indexFamily)
  for (const resource of resources) {
    indexFamily(resource.initialState)
    indexFamily(resource.settingUp?.family)
  }
  const family = Int32Array.from(open, (task) =>
    indexFamily(task.family ?? problem.jobs[jobIndex.get(task.job)!]!.family),
  )
  const families = familyIndex.size
  const setupIndex = new Map(problem.setups.map((table, s) => [table.id, s]))
  const setupTables = problem.setups.map((table) => {
    const dense = new Int32Array(families * families)
    table.families.forEach((from, i) =>
      table.families.forEach((to, j) => {
        dense[indexFamily(from) * families + indexFamily(to)] = table.matrix[i]![j]!
      }),
    )
    return dense
  })

  const machineFrom = new Int32Array(resources.length + 1)
  resources.forEach((resource, r) => (machineFrom[r + 1] = machineFrom[r]! + (resource.capacity ?? 1)))
  const machines = machineFrom[resources.length]!
  const machineRes = new Int32Array(machines)
  resources.forEach((_, r) => machineRes.fill(r, machineFrom[r], machineFrom[r + 1]))
  const ofMachine = (pick: (resource: Resource) => number): Int32Array =>
    Int32Array.from(machineRes, (r) => pick(resources[r]!))

  const modeFrom = new Int32Array(n + 1)
  const modes: Mode[] = []
  const modeTime: OpenTime[] = []
  const timeCache = new Map<string, OpenTime>()
  const needFrom: number[] = [0]
  const needRes: number[] = []
  const needQty: number[] = []
  let width = 1
  open.forEach((task, v) => {
    const own: readonly Mode[] = task.session ? [{ needs: [], dur: 0 }] : (task.modes ?? [])
    for (const mode of own) {
      let held = 0
      const indices = mode.needs.map((need) => resIndex.get(need.res)!)
      mode.needs.forEach((need, i) => {
        needRes.push(indices[i]!)
        needQty.push(need.qty ?? 1)
        held += need.qty ?? 1
      })
      width = Math.max(width, held)
      needFrom.push(needRes.length)
      const cacheKey = indices
        .map((r) => resources[r]!.calendar ?? '')
        .sort()
        .join('\n')
      let time = timeCache.get(cacheKey)
      if (!time) timeCache.set(cacheKey, (time = intersectOpenTimes(indices.map((r) => resTime[r]!))))
      modeTime.push(time)
      modes.push(mode)
    }
    modeFrom[v + 1] = modes.length
  })
  const modeDur = Int32Array.from(modes, (mode) => durationOf(mode, problem.forecast))

  const minStart = new Int32Array(n)
  const deadline = new Int32Array(n).fill(NEVER)
  const fixedStart = new Int32Array(n).fill(-1)
  const fixedEnd = new Int32Array(n).fill(-1)
  const latestStart = new Int32Array(n).fill(NEVER)
  const pinnedMode = new Int32Array(n).fill(-1)
  const wishStart = new Int32Array(n).fill(-1)
  const wishRes: (Int32Array | null)[] = []
  open.forEach((task, v) => {
    const job = problem.jobs[jobIndex.get(task.job)!]!
    if (task.status !== 'running') deadline[v] = Math.min(job.hardDue ?? NEVER, task.window?.[1] ?? NEVER)
    const lock = locks.get(task.id)
    if (lock?.start != null) fixedStart[v] = lock.start
    if (lock?.mode != null && !task.session) pinnedMode[v] = modeFrom[v]! + lock.mode
    const released = Math.max(job.release ?? 0, task.window?.[0] ?? 0)
    minStart[v] = task.status === 'running' ? 0 : fixedStart[v]! >= 0 ? released : Math.max(now, released)
    if (task.status === 'running' && task.actual && !task.session) {
      const m = modeFrom[v]! + task.actual.mode
      fixedEnd[v] = advance(modeTime[m]!, now, Math.max(0, modeDur[m]! - (task.elapsed ?? 0)))
    }
    const before = baseline.get(task.id)
    const soft = task.lock?.strength === 'soft' ? task.lock : null
    const softMode = soft?.mode != null ? task.modes?.[soft.mode] : undefined
    wishStart[v] = soft?.start ?? before?.start ?? -1
    const wanted =
      softMode?.needs.map((need) => need.res) ??
      (soft && task.session && soft.studio ? [soft.studio, ...(soft.streamers ?? [])] : before?.res)
    wishRes[v] = wanted ? Int32Array.from(wanted, (id) => resIndex.get(id) ?? -1) : null
  })

  // An arc out of a done task becomes a release of its successor.
  const doneById = new Map(problem.tasks.filter((t) => t.status === 'done').map((t) => [t.id, t]))
  const arcs = problem.prec.filter((arc) => {
    const v = taskIndex.get(arc.to)
    const past = doneById.get(arc.from)
    if (past && v !== undefined && past.actual) {
      const start = past.actual.start
      const end = past.actual.end ?? start
      const lag = arc.minLag ?? 0
      const from = arc.type === 'SS' ? start : end
      minStart[v] = Math.max(minStart[v]!, from + lag)
      if (arc.maxLag != null && arc.type !== 'FF')
        latestStart[v] = Math.min(latestStart[v]!, from + arc.maxLag)
    }
    return v !== undefined && taskIndex.has(arc.from)
  })
  const arcFrom = arcs.map((arc) => taskIndex.get(arc.from)!)
  const arcTo = arcs.map((arc) => taskIndex.get(arc.to)!)
  const preds = groupArcs(n, arcTo, arcFrom)
  const succs = groupArcs(n, arcFrom, arcTo)
  const jobTaskList = problem.jobs.map((job) =>
    job.tasks.map((id) => taskIndex.get(id)).filter((v) => v !== undefined),
  )
  const inTime = problem.jobs.map(({ due, tasks }) =>
    tasks.every((id) => !taskIndex.has(id) || (baseline.get(id)?.end ?? NEVER) <= (due ?? NEVER)),
  )
  const jobTaskFrom = new Int32Array(problem.jobs.length + 1)
  jobTaskList.forEach((list, j) => (jobTaskFrom[j + 1] = jobTaskFrom[j]! + list.length))

  const simple = Uint8Array.from(open, (task, v) => (task.session || fixedStart[v]! >= 0 ? 0 : 1))
  arcs.forEach((arc, a) => {
    if ((arc.type ?? 'FS') !== 'FS' || (arc.ratio ?? 1) !== 1) simple[arcTo[a]!] = 0
    if (arc.maxLag != null) simple[arcFrom[a]!] = simple[arcTo[a]!] = 0
  })

  return {
    problem,
    n,
    taskIds: open.map((task) => task.id),
    tasks: open,
    taskIndex,
    done: problem.tasks.filter((task) => task.status === 'done'),
    isAir: Uint8Array.from(open, (task) => (task.session ? 1 : 0)),
    jobOf: Int32Array.from(open, (task) => jobIndex.get(task.job)!),
    family,
    pausing: Uint8Array.from(open, (task) => (task.split === 'pause' ? 1 : 0)),
    minStart,
    deadline,
    fixedStart,
    fixedEnd,
    latestStart,
    pinnedMode,
    running: Uint8Array.from(open, (task) => (task.status === 'running' ? 1 : 0)),
    simple,
    wished: Uint8Array.from(open, (task) => (stability || task.lock ? 1 : 0)),
    optional: Uint8Array.from(open, (task) => (task.optional ? 1 : 0)),
    modeFrom,
    modeDur,
    modeTime,
    needFrom: Int32Array.from(needFrom),
    needRes: Int32Array.from(needRes),
    needQty: Int32Array.from(needQty),
    width,
    resources,
    resIndex,
    resTime,
    machineFrom,
    machines,
    machineRes,
    machineSetup: ofMachine((resource) => (resource.setup == null ? -1 : setupIndex.get(resource.setup)!)),
    machineState: ofMachine((resource) => indexFamily(resource.initialState)),
    machineFree: ofMachine((resource) => Math.max(now, resource.availableFrom ?? 0)),
    machineSetting: ofMachine((resource) => indexFamily(resource.settingUp?.family)),
    machineSince: ofMachine((resource) => resource.settingUp?.since ?? 0),
    families,
    setupTables,
    predFrom: preds.from,
    predTask: preds.task,
    predArc: preds.arc,
    succFrom: succs.from,
    succTask: succs.task,
    succArc: succs.arc,
    arcType: Uint8Array.from(arcs, (arc) => (arc.type === 'SS' ? SS : arc.type === 'FF' ? FF : FS)),
    arcMin: Int32Array.from(arcs, (arc) => arc.minLag ?? 0),
    arcMax: Int32Array.from(arcs, (arc) => arc.maxLag ?? -1),
    arcRatio: Float64Array.from(arcs, (arc) => arc.ratio ?? 1),
    anyMaxLag: arcs.some((arc) => arc.maxLag != null),
    jobs: problem.jobs.length,
    jobDue: Int32Array.from(problem.jobs, (job) => job.due ?? NEVER),
    jobWeight: Float64Array.from(problem.jobs, (job) => job.weight ?? DEFAULTS.weight),
    jobTaskFrom,
    jobTasks: Int32Array.from(jobTaskList.flat()),
    unplannedAt: unplannedAtMin(problem),
    now,
    wishStart,
    wishRes,
    keptStart: Int32Array.from(open, (task, v) =>
      !task.session && fixedStart[v]! < 0 && wishStart[v]! > 0 && inTime[jobIndex.get(task.job)!]
        ? wishStart[v]!
        : 0,
    ),
    announced: Uint8Array.from(open, (task) => (announcedIds.has(task.id) ? 1 : 0)),
    tolerance: stability?.toleranceMin ?? DEFAULTS.toleranceMin,
    wStart: stability?.wStart ?? DEFAULTS.wStart,
    wRes: stability?.wRes ?? DEFAULTS.wRes,
    wStreamer: stability?.wStreamer ?? DEFAULTS.wStreamer,
    wAnnounced: stability?.wAnnounced ?? DEFAULTS.wAnnounced,
    air: compileAir(problem, open, resIndex, resTime, locks),
    weights: problem.objective?.mode === 'weighted' ? problem.objective.weights : null,
  }
}

function groupArcs(n: number, keys: number[], others: number[]) {
  const from = new Int32Array(n + 1)
  for (const key of keys) from[key + 1]!++
  for (let v = 0; v < n; v++) from[v + 1]! += from[v]!
  const next = from.slice()
  const task = new Int32Array(keys.length)
  const arc = new Int32Array(keys.length)
  keys.forEach((key, a) => {
    const at = next[key]!++
    task[at] = others[a]!
    arc[at] = a
  })
  return { from, task, arc }
}
