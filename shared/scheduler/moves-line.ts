import { NEVER } from './calendar.ts'
import { anchorMachines, eachGap, insertLine, precedenceBound, setupBetween } from './insert.ts'
import type { Gap } from './insert.ts'
import { pickLine } from './moves.ts'
import type { Move } from './moves.ts'
import type { State } from './state.ts'
import { settle } from './timing.ts'

/** Candidate places of one trial: mode, machine, neighbours and a rough cost each. Reused between trials. */
const spots = { count: 0, mode: [0], machine: [0], before: [0], after: [0], cost: [0] }

function listSpots(state: State, v: number, mode: number, bound: number): void {
  const { model, end, start } = state
  const [from, to] = anchorMachines(model, mode)
  const own = model.family[v]!
  const dur = model.modeDur[mode]!
  for (let machine = from; machine < to; machine++) {
    let after = -1
    let before = state.last[machine]!
    for (;;) {
      const free = before >= 0 ? end[before]! : model.machineFree[machine]!
      const held = before >= 0 ? model.family[before]! : model.machineState[machine]!
      const setup = setupBetween(model, machine, held, own)
      const begin = Math.max(free + setup, bound)
      let cost = begin + dur + setup
      if (after >= 0) {
        const next = model.family[after]!
        const leave = setupBetween(model, machine, own, next)
        cost += leave - setupBetween(model, machine, held, next)
        const push = begin + dur + leave - start[after]!
        if (push > 0) cost += model.fixedStart[after]! >= 0 ? NEVER : push
      }
      if (cost < NEVER) {
        const i = spots.count++
        spots.mode[i] = mode
        spots.machine[i] = machine
        spots.before[i] = before
        spots.after[i] = after
        spots.cost[i] = cost
      }
      if (before < 0 || end[before]! <= bound || model.fixedEnd[before]! >= 0) break
      after = before
      before = state.prevOn(before, machine)
    }
  }
}

/** Takes a line task out and puts it into a random promising place. */
export const relocate: Move = (state, random, context) => {
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0) return false
  const { model } = context
  const oldMode = state.mode[v]!
  const oldPrev = state.prev[v * state.width]!
  const bound = precedenceBound(state, v)
  if (bound >= NEVER) return false
  state.unlink(v)
  const early = Math.max(0, bound - random.int(2) * random.int(720))
  spots.count = 0
  const pinned = model.pinnedMode[v]!
  const first = model.modeFrom[v]!
  const modes = model.modeFrom[v + 1]! - first
  if (pinned >= 0 || modes === 1) listSpots(state, v, pinned >= 0 ? pinned : first, early)
  else {
    const pick = random.int(modes)
    listSpots(state, v, first + pick, early)
    if (random.int(2) === 0) listSpots(state, v, first + ((pick + 1 + random.int(modes - 1)) % modes), early)
  }
  let best = -1
  const rounds = 1 + random.int(5)
  for (let i = 0; i < rounds && spots.count > 0; i++) {
    const spot = random.int(spots.count)
    if (spots.mode[spot] === oldMode && spots.before[spot] === oldPrev) continue
    if (best < 0 || spots.cost[spot]! < spots.cost[best]!) best = spot
  }
  if (best < 0) return false
  const { mode, machine, before, after } = spots
  if (!insertLine(state, v, mode[best]!, machine[best]!, before[best]!, after[best]!)) return false
  settle(state)
  return true
}

/** Swaps a line task with its successor on a machine. */
export const swapNext: Move = (state, random, context) => {
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0) return false
  const { model, width } = state
  const entry = v * width
  const machine = state.machine[entry]!
  if (machine < 0) return false
  const after = state.next[entry]!
  if (after < 0 || model.fixedStart[after]! >= 0) return false
  const beyond = state.nextOn(after, machine)
  const mode = state.mode[v]!
  state.unlink(v)
  if (!insertLine(state, v, mode, machine, after, beyond)) return false
  settle(state)
  return true
}

/** Puts a line task next to another of its own family on the same machine or an allowed one. */
export const joinFamily: Move = (state, random, context) => {
  const { model, width } = state
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0 || model.family[v]! < 0) return false
  const pinned = model.pinnedMode[v]!
  const modes = model.modeFrom[v + 1]! - model.modeFrom[v]!
  const mode = pinned >= 0 ? pinned : model.modeFrom[v]! + random.int(modes)
  const at = model.needFrom[mode]!
  if (at === model.needFrom[mode + 1]!) return false
  const machine = model.machineFrom[model.needRes[at]!]!
  if (model.machineSetup[machine]! < 0) return false
  const mates: number[] = []
  for (let u = state.first[machine]!; u >= 0; u = state.nextOn(u, machine))
    if (u !== v && model.family[u] === model.family[v] && model.fixedStart[u]! < 0) mates.push(u)
  if (mates.length === 0) return false
  const mate = mates[random.int(mates.length)]!
  const entry = v * width
  if (state.machine[entry] === machine && (state.prev[entry] === mate || state.next[entry] === mate))
    return false
  state.unlink(v)
  const after = random.int(2) === 0 ? state.nextOn(mate, machine) : mate
  const before = after === mate ? state.prevOn(mate, machine) : mate
  if (!insertLine(state, v, mode, machine, before, after)) return false
  settle(state)
  return true
}

/** Takes the tasks of a time window or of a late chain out and puts them back, most urgent first. */
export const rebuild: Move = (state, random, context) => {
  const { model, lineTasks } = context
  if (lineTasks.length === 0) return false
  const size = 3 + random.int(6)
  const seed = pickLine(state, random, context)
  if (seed < 0 || state.placed[seed] === 0) return false
  const at = state.start[seed]!
  const chosen: number[] = [seed]
  const reach = 240 + random.int(1440)
  for (let tries = 0; tries < 40 && chosen.length < size; tries++) {
    const u = lineTasks[random.int(lineTasks.length)]!
    if (state.placed[u] === 1 && Math.abs(state.start[u]! - at) <= reach && !chosen.includes(u))
      chosen.push(u)
  }
  for (const u of chosen) state.unlink(u)
  settle(state)
  random.shuffle(chosen)
  for (const u of chosen) {
    const bound = precedenceBound(state, u)
    let best: Gap | null = null
    let bestCost = Infinity
    eachGap(state, u, bound, (gap) => {
      if (gap.after >= 0 && gap.push > 0 && model.fixedStart[gap.after]! >= 0) return
      const cost = gap.end + 2 * gap.setup + gap.push * (1 + random.int(3))
      if (cost < bestCost) {
        bestCost = cost
        best = gap
      }
    })
    if (!best) return false
    const { mode, machine, before, after } = best as Gap
    if (!insertLine(state, u, mode, machine, before, after)) return false
    settle(state)
  }
  return true
}
