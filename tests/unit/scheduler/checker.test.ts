import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import { solve } from '../../../shared/scheduler/index.ts'
import type { Plan } from '../../../shared/scheduler/index.ts'
import { createNamedBelt } from '../../bench/scheduler/belt-instances.ts'

const belt = createNamedBelt('small', 1)
const { plan } = solve(belt, { seed: 1, iterations: 500 })

function changed(change: (copy: Plan) => void): string[] {
  const copy = structuredClone(plan)
  change(copy)
  const result = checkPlan(belt, copy)
  expect(result.ok).toBe(false)
  return result.violations.map((violation) => violation.rule)
}

describe('the checker refuses a plan that was tampered with', () => {
  const make = plan.assign.findIndex((entry) => entry.task.endsWith('.make'))
  const onAir = plan.assign.findIndex((entry) => entry.task === plan.slots[0]!.task)

  it('accepts the plan as it is', () => {
    expect(checkPlan(belt, plan)).toMatchObject({ ok: true, violations: [], differs: [], score: plan.score })
  })

  it('a dropped task', () => {
    expect(changed((copy) => copy.assign.splice(make, 1))).toContain('task-missing')
  })

  it('a task twice', () => {
    expect(changed((copy) => copy.assign.push(copy.assign[make]!))).toContain('task-twice')
  })

  it('a shortened task', () => {
    expect(changed((copy) => (copy.assign[make]!.end -= 5))).toContain('duration')
  })

  it('another line', () => {
    expect(changed((copy) => (copy.assign[make]!.res = ['Q0']))).toContain('mode')
  })

  it('a broadcast at another time', () => {
    const rules = changed((copy) => {
      copy.assign[onAir]!.start += 7
      copy.assign[onAir]!.end += 7
    })
    expect(rules.some((rule) => rule === 'float-grid' || rule === 'slot-window')).toBe(true)
  })

  it('a slot list that does not match', () => {
    expect(changed((copy) => copy.slots.pop())).toContain('slot-list')
  })

  it('a polished score', () => {
    const copy = {
      ...plan,
      score: [0, plan.score[1] - 1, ...plan.score.slice(2)] as unknown as Plan['score'],
    }
    expect(checkPlan(belt, copy)).toMatchObject({ ok: false, differs: [1], violations: [] })
  })
})
