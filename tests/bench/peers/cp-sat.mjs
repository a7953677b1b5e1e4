// Solves one shop with CP-SAT. In: {shop, objective, seconds, native} on stdin. Out: one JSON line.
import { text } from 'node:stream/consumers'
import { CpModel, LinearExpr } from 'or-tools-wasm/cp-sat'
import { runCpSat } from './cp-sat-run.mjs'

const { shop, objective, seconds, native } = JSON.parse(await text(process.stdin))
const model = new CpModel()

let horizon = 0
let largestSetup = 0
for (const matrix of [...(shop.setups?.between ?? []), ...(shop.setups?.initial ?? [])]) {
  for (const minutes of Object.values(matrix))
    if (minutes < 1_000_000) largestSetup = Math.max(largestSetup, minutes)
}
for (const job of shop.jobs) {
  horizon = Math.max(horizon, job.release ?? 0)
  for (const { modes } of job.operations) horizon += Math.max(...modes.map((m) => m.duration)) + largestSetup
}

const onMachine = Array.from({ length: shop.machines }, () => [])
const ends = shop.jobs.map((job) => {
  let ready = null
  for (const { modes, group = 0 } of job.operations) {
    const start = model.newIntVar(job.release ?? 0, horizon)
    const end = model.newIntVar(0, horizon)
    const present = modes.map(() => model.newBoolVar())
    for (const [i, { machine, duration }] of modes.entries()) {
      const interval = model.newOptionalIntervalVar(start, duration, end, present[i])
      onMachine[machine].push({ interval, start, end, present: present[i], group })
    }
    model.addExactlyOne(present)
    if (ready) model.addLinearConstraint(start.minus(ready), 0, horizon)
    ready = end
  }
  return ready
})

for (const [k, items] of onMachine.entries()) {
  model.addNoOverlap(items.map((item) => item.interval))
  if (!shop.setups || items.length === 0) continue
  const { groups, between, initial } = shop.setups
  const arcs = []
  const idle = model.newBoolVar()
  arcs.push([0, 0, idle])
  for (const [a, from] of items.entries()) {
    const first = model.newBoolVar()
    arcs.push([0, a + 1, first], [a + 1, 0, model.newBoolVar()], [a + 1, a + 1, from.present.not()])
    const opening = initial?.[k]?.[from.group] ?? 0
    if (opening > 0) model.addLinearConstraint(from.start, opening, horizon).onlyEnforceIf(first)
    for (const [b, to] of items.entries()) {
      if (a === b) continue
      const follows = model.newBoolVar()
      arcs.push([a + 1, b + 1, follows])
      const change = between[k][from.group * groups + to.group]
      if (change > horizon) model.addLinearConstraint(follows, 0, 0)
      else model.addLinearConstraint(to.start.minus(from.end), change, horizon).onlyEnforceIf(follows)
    }
  }
  model.addCircuit(arcs)
}

if (objective === 'makespan') {
  const makespan = model.newIntVar(0, horizon)
  model.addMaxEquality(makespan, ends)
  model.minimize(makespan)
} else {
  const parts = shop.jobs.map((job, j) => {
    const late = model.newIntVar(0, horizon)
    model.addLinearConstraint(late.minus(ends[j]), -(job.due ?? horizon), horizon)
    return late.times(job.weight ?? 1)
  })
  model.minimize(LinearExpr.sum(parts))
}

const { label, status, solver, seconds: spent } = await runCpSat(model, { seconds, native })
const found = status === 'OPTIMAL' || status === 'FEASIBLE'
const result = {
  label,
  value: found ? Math.round(solver.objectiveValue()) : null,
  bound: found ? Math.round(solver.bestObjectiveBound()) : null,
  optimal: status === 'OPTIMAL',
  seconds: spent,
}
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
