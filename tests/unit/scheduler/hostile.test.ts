import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import { solve, validateProblem } from '../../../shared/scheduler/index.ts'
import type { Problem } from '../../../shared/scheduler/index.ts'
import { Random } from '../../../shared/scheduler/random.ts'
import { createNamedBelt } from '../../bench/scheduler/belt-instances.ts'

const nasty = [
  -1,
  0,
  1,
  0.5,
  Number.NaN,
  Infinity,
  -Infinity,
  1e9,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  -(2 ** 40),
]

type Slot = { holder: Record<string, unknown>; key: string }

/** Every place of a document that holds a number, a text or a list. */
function placesOf(value: unknown, found: Slot[] = []): Slot[] {
  if (typeof value !== 'object' || value === null) return found
  const holder = value as Record<string, unknown>
  for (const key of Object.keys(holder)) {
    found.push({ holder, key })
    placesOf(holder[key], found)
  }
  return found
}

function spoil(problem: Problem, random: Random): string {
  const places = placesOf(problem)
  const { holder, key } = places[random.int(places.length)]!
  const old = holder[key]
  if (typeof old === 'number') holder[key] = nasty[random.int(nasty.length)]!
  else if (typeof old === 'string') holder[key] = ['', 'nobody', '__proto__', 'S1.air'][random.int(4)]!
  else if (Array.isArray(old))
    holder[key] = random.int(2) ? [] : [...(old as unknown[]), ...(old as unknown[])]
  else holder[key] = null
  return `${key}: ${JSON.stringify(old)?.slice(0, 60)} -> ${String(holder[key]).slice(0, 60)}`
}

describe('spoilt problems', () => {
  it('are named or planned around: never a throw from the validator, a hang or a refused plan', () => {
    const random = new Random(77)
    let named = 0
    let planned = 0
    for (let round = 0; round < 120; round++) {
      const problem = structuredClone(createNamedBelt('small', 1 + (round % 3)))
      const changes = [spoil(problem, random)]
      if (round % 2) changes.push(spoil(problem, random))
      const issues = validateProblem(problem)
      const errors = issues.filter((issue) => issue.severity === 'error')
      for (const { code, culprits } of errors) {
        expect(code).toMatch(/^[a-zA-Z]+$/)
        expect(Array.isArray(culprits)).toBe(true)
      }
      if (errors.length > 0) {
        named++
        continue
      }
      const { plan } = solve(problem, { seed: 1, iterations: 256 })
      const { violations } = checkPlan(problem, plan)
      expect(violations, changes.join('; ')).toEqual([])
      expect(plan.assign.length + plan.unplanned.length).toBe(problem.tasks.length)
      planned++
    }
    expect(named).toBeGreaterThan(10)
    expect(planned).toBeGreaterThan(10)
  })

  it('of no order, no line or no task give an empty plan', () => {
    const belt = createNamedBelt('small', 1)
    for (const problem of [
      { ...belt, jobs: [], tasks: [], prec: [], slots: [] },
      { ...belt, jobs: [], tasks: [], prec: [], slots: [], resources: [] },
    ]) {
      expect(validateProblem(problem).filter((issue) => issue.severity === 'error')).toEqual([])
      const { plan } = solve(problem, { seed: 1, iterations: 300 })
      expect(plan.assign).toEqual([])
      expect(checkPlan(problem, plan).ok).toBe(true)
    }
  })

  it('with a calendar that never opens or a line nobody has leave just that work out, with a reason', () => {
    const belt = createNamedBelt('small', 1)
    const shut = {
      ...belt,
      calendars: belt.calendars.map((calendar) => ({ ...calendar, open: [], overtime: [] })),
    }
    const issues = validateProblem(shut)
    expect(issues.some((issue) => issue.code === 'noOpenTime')).toBe(true)
    const { plan } = solve(shut, { seed: 1, iterations: 300 })
    expect(plan.unplanned.length).toBe(belt.tasks.length)
    expect(plan.unplanned.every(({ reason }) => reason.key !== '')).toBe(true)
  })
})
