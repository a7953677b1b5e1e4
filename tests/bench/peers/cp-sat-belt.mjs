// Solves a belt problem (chanbo.plan/1) for its second tier, weighted tardiness plus lost session value, with
// CP-SAT. Hard rules: modes, shifts with pausing work, family set-ups, precedence with lags and overlap,
// slots and free starts, studios, streamers with certificates, hours, make-up time and daily minutes.
// In: {problem, seconds, workers, native} on stdin. Out: one JSON line {label, found, optimal, bound, seconds, plan}.
import { text } from 'node:stream/consumers'
import { CpModel, LinearExpr } from 'or-tools-wasm/cp-sat'
import { runCpSat } from './cp-sat-run.mjs'

const { problem, seconds, workers, native } = JSON.parse(await text(process.stdin))
const DAY = 1440
const model = new CpModel()
const byId = (list) => new Map(list.map((item) => [item.id, item]))
const resources = byId(problem.resources)
const jobs = byId(problem.jobs)
const latestDue = Math.max(problem.horizonMin, ...problem.jobs.map((job) => job.due ?? 0))
const never = 3 * latestDue
const end = Math.max(
  problem.horizonMin,
  ...problem.calendars.flatMap((c) => c.open.map((window) => window[1])),
)

/** Shifts of a calendar in working time: [clock start, clock end, working minutes before]. */
const shiftsOf = new Map()
for (const { id, open } of problem.calendars) {
  let before = 0
  const shifts = []
  for (const [from, to] of open) {
    const last = shifts.at(-1)
    if (last && last[1] === from) last[1] = to
    else shifts.push([from, to, before])
    before += to - from
  }
  shiftsOf.set(id, shifts)
}
const totalOf = (id) => {
  const last = shiftsOf.get(id).at(-1)
  return last[2] + last[1] - last[0]
}

/** Ties a working time of a calendar to the clock: as a start (open shift ahead) or as an end (shift behind). */
function clockOf(calendar, work, present, isStart, clock, earliest) {
  const literals = []
  for (const [from, to, before] of shiftsOf.get(calendar)) {
    if (to <= earliest) continue
    const inside = model.newBoolVar()
    literals.push(inside)
    const low = isStart ? before : before + 1
    const high = isStart ? before + to - from - 1 : before + to - from
    model.addLinearConstraint(work, low, high).onlyEnforceIf(inside)
    model.addLinearConstraint(clock.minus(work), from - before, from - before).onlyEnforceIf(inside)
    model.addImplication(inside, present)
  }
  model.addBoolOr([present.not(), ...literals])
  model.addAtMostOne(literals)
  return literals
}

const always = model.newBoolVar()
model.addBoolAnd([always])
const tasks = new Map()
const onLine = new Map()
for (const task of problem.tasks) {
  const release = jobs.get(task.job)?.release ?? 0
  const planned = task.session ? model.newBoolVar() : always
  tasks.set(task.id, {
    task,
    release,
    planned,
    start: model.newIntVar(release, end),
    end: model.newIntVar(0, end),
  })
}
// Production behind a broadcast is left out together with it.
for (const { from, to } of problem.prec) {
  if (tasks.get(from).task.session && !tasks.get(to).task.session)
    tasks.get(to).planned = tasks.get(from).planned
}

for (const own of tasks.values()) {
  const { task, release, planned } = own
  if (task.session) continue
  own.modes = task.modes.map((mode) => {
    if (mode.needs.length !== 1) throw new Error(`${task.id}: more than one resource a mode`)
    return { res: mode.needs[0].res, dur: mode.dur, present: model.newBoolVar() }
  })
  model.addExactlyOne([planned.not(), ...own.modes.map((mode) => mode.present)])
  const half = problem.prec.find((arc) => arc.from === task.id && (arc.ratio ?? 1) < 1)
  if (half) own.part = model.newIntVar(0, end)
  const calendars = [...new Set(own.modes.map((mode) => resources.get(mode.res).calendar))]
  for (const calendar of calendars) {
    const here = own.modes.filter((mode) => resources.get(mode.res).calendar === calendar)
    const total = totalOf(calendar)
    const start = model.newIntVar(0, total)
    const stop = model.newIntVar(0, total)
    const used = model.newBoolVar()
    model.addExactlyOne([used.not(), ...here.map((mode) => mode.present)])
    const starts = clockOf(calendar, start, used, true, own.start, release)
    const ends = clockOf(calendar, stop, used, false, own.end, release)
    if ((task.split ?? 'none') === 'none')
      starts.forEach((literal, i) => model.addImplication(literal, ends[i]))
    for (const mode of here) {
      mode.interval = model.newOptionalIntervalVar(start, mode.dur, stop, mode.present)
      mode.start = start
      mode.stop = stop
      const list = onLine.get(mode.res) ?? []
      list.push({ ...mode, family: task.family ?? jobs.get(task.job)?.family ?? null })
      onLine.set(mode.res, list)
      if (!half) continue
      const work = model.newIntVar(0, total)
      model
        .addLinearConstraint(
          work.minus(start),
          Math.ceil(half.ratio * mode.dur - 1e-9),
          Math.ceil(half.ratio * mode.dur - 1e-9),
        )
        .onlyEnforceIf(mode.present)
      clockOf(calendar, work, mode.present, false, own.part, release)
    }
  }
}

for (const [id, items] of onLine) {
  model.addNoOverlap(items.map((item) => item.interval))
  const { setup, initialState } = resources.get(id)
  const table = problem.setups.find((one) => one.id === setup)
  if (!table) continue
  const minutes = (from, to) => {
    const i = table.families.indexOf(from)
    const j = table.families.indexOf(to)
    return i < 0 || j < 0 ? 0 : table.matrix[i][j]
  }
  const arcs = [[0, 0, model.newBoolVar()]]
  for (const [a, from] of items.entries()) {
    const first = model.newBoolVar()
    arcs.push([0, a + 1, first], [a + 1, 0, model.newBoolVar()], [a + 1, a + 1, from.present.not()])
    const opening = minutes(initialState, from.family)
    if (opening > 0)
      model.addLinearConstraint(from.start, opening, totalOf(resources.get(id).calendar)).onlyEnforceIf(first)
    for (const [b, to] of items.entries()) {
      if (a === b) continue
      const follows = model.newBoolVar()
      arcs.push([a + 1, b + 1, follows])
      const gap = minutes(from.family, to.family)
      model.addLinearConstraint(to.start.minus(from.stop), gap, end).onlyEnforceIf(follows)
    }
  }
  model.addCircuit(arcs)
}

const lost = []
const inStudio = new Map()
const onAir = new Map()
const dayMinutes = new Map()
const push = (map, key, item) => map.set(key, [...(map.get(key) ?? []), item])
for (const own of tasks.values()) {
  const { task, planned, start } = own
  const session = task.session
  if (!session) continue
  const options = []
  if (session.float) {
    const { from, to, stepMin } = session.float
    for (let at = from; at + session.dur <= to; at += stepMin)
      options.push({ start: at, dur: session.dur, slot: null, lost: 0 })
  } else {
    for (const slot of problem.slots) {
      if (!slot.jobs?.includes(task.job)) continue
      const worth = Math.max(0, (session.value ?? 0) - (slot.value ?? session.value ?? 0))
      options.push({ start: slot.start, dur: slot.end - slot.start, slot, lost: worth })
    }
  }
  const dur = options[0]?.dur ?? 1
  if (options.some((option) => option.dur !== dur)) throw new Error(`${task.id}: slots of different lengths`)
  const inside = (id, at) =>
    shiftsOf.get(resources.get(id).calendar).some(([from, to]) => from <= at && at + dur <= to)
  const studios = problem.resources
    .filter((one) => one.kind === 'studio')
    .map((one) => ({ id: one.id, chosen: model.newBoolVar() }))
  const crew = problem.resources
    .filter((one) => one.kind === 'streamer' && session.skills.every((skill) => one.skills.includes(skill)))
    .map((one) => ({ id: one.id, chosen: model.newBoolVar() }))
  for (const option of options) {
    option.chosen = model.newBoolVar()
    model.addLinearConstraint(start, option.start, option.start).onlyEnforceIf(option.chosen)
    if (option.start < own.release) model.addBoolAnd([option.chosen.not()])
    for (const { id, chosen } of studios) {
      if (!inside(id, option.start) || (option.slot?.studios && !option.slot.studios.includes(id)))
        model.addBoolOr([option.chosen.not(), chosen.not()])
    }
    for (const { id, chosen } of crew)
      if (!inside(id, option.start)) model.addBoolOr([option.chosen.not(), chosen.not()])
    if (option.lost > 0) lost.push(option.chosen.times(option.lost))
  }
  model.addExactlyOne([planned.not(), ...options.map((option) => option.chosen)])
  model.addExactlyOne([planned.not(), ...studios.map((studio) => studio.chosen)])
  const need = session.needStreamers ?? 1
  model.addLinearConstraint(LinearExpr.sum([planned.times(-need), ...crew.map((one) => one.chosen)]), 0, 0)
  model.addLinearConstraint(own.end.minus(start), dur, dur)
  lost.push(planned.not().times(session.value ?? 0))
  for (const { id, chosen } of studios) {
    const hold = dur + (resources.get(id).leadMin ?? 0) + (resources.get(id).turnaroundMin ?? 0)
    push(inStudio, id, model.newOptionalFixedSizeIntervalVar(start, hold, chosen))
  }
  const days = new Map()
  for (const option of options) push(days, Math.floor(option.start / DAY), option.chosen)
  for (const { id, chosen } of crew) {
    const streamer = resources.get(id)
    const hold = dur + (streamer.leadMin ?? 0) + (streamer.turnaroundMin ?? 0)
    push(onAir, id, model.newOptionalFixedSizeIntervalVar(start, hold, chosen))
    for (const [day, literals] of days) {
      const both = model.newBoolVar()
      model.addLinearConstraint(LinearExpr.sum([both.times(-1), chosen, ...literals]), -1, 1)
      push(dayMinutes, `${id} ${day}`, { both, dur, limit: streamer.maxMinPerDay })
    }
  }
  Object.assign(own, { options, studios, crew })
}
for (const intervals of [...inStudio.values(), ...onAir.values()]) model.addNoOverlap(intervals)
for (const items of dayMinutes.values()) {
  const sum = items.reduce((total, item) => total + item.dur, 0)
  if (items[0].limit != null && sum > items[0].limit)
    model.addLinearConstraint(
      LinearExpr.sum(items.map((item) => item.both.times(item.dur))),
      0,
      items[0].limit,
    )
}

for (const { from, to, minLag = 0, maxLag, ratio = 1 } of problem.prec) {
  const a = tasks.get(from)
  const b = tasks.get(to)
  const both = [a.planned, b.planned]
  model.addLinearConstraint(b.start.minus(ratio < 1 ? a.part : a.end), minLag, 2 * end).onlyEnforceIf(both)
  if (ratio < 1) model.addLinearConstraint(b.end.minus(a.end), 0, 2 * end).onlyEnforceIf(both)
  if (maxLag != null) model.addLinearConstraint(b.start.minus(a.end), 0, maxLag).onlyEnforceIf(both)
}

const costs = lost.map((term) => term.times(problem.lostValueWeight ?? 60))
for (const job of problem.jobs) {
  const due = job.due ?? never
  const late = model.newIntVar(0, never)
  for (const id of job.tasks) {
    const { task, planned, end: done } = tasks.get(id)
    model.addLinearConstraint(late.minus(done), -due, 2 * never).onlyEnforceIf(planned)
    if (task.session && !task.optional)
      model.addLinearConstraint(late, never - due, never).onlyEnforceIf(planned.not())
  }
  costs.push(late.times(job.weight ?? 1))
}
model.minimize(LinearExpr.sum(costs))

const { label, status, solver, seconds: spent } = await runCpSat(model, { seconds, native, workers })
const found = status === 'OPTIMAL' || status === 'FEASIBLE'
const result = {
  label,
  found,
  status,
  optimal: status === 'OPTIMAL',
  value: found ? Math.round(solver.objectiveValue()) : null,
  bound: found ? Math.round(solver.bestObjectiveBound()) : null,
  seconds: spent,
  plan: found ? readPlan() : null,
}
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))

function readPlan() {
  const on = (literal) => solver.booleanValue(literal)
  const plan = { assign: [], slots: [], unplanned: [] }
  for (const { task, planned, start, end: stop, modes, options, studios, crew } of tasks.values()) {
    if (!on(planned)) {
      plan.unplanned.push({ task: task.id })
      continue
    }
    const times = { task: task.id, start: solver.value(start), end: solver.value(stop), setupBefore: 0 }
    if (task.session) {
      const studio = studios.find((one) => on(one.chosen)).id
      const streamers = crew.filter((one) => on(one.chosen)).map((one) => one.id)
      plan.slots.push({
        slot: options.find((one) => on(one.chosen)).slot?.id ?? null,
        task: task.id,
        studio,
        streamers,
      })
      plan.assign.push({ ...times, mode: 0, res: [studio, ...streamers] })
    } else {
      const mode = modes.findIndex((one) => on(one.present))
      plan.assign.push({ ...times, mode, res: [modes[mode].res] })
    }
  }
  return plan
}
