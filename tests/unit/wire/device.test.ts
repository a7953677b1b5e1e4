import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BACKOFF_CAP_MS, backoffMs } from '../../../shared/wire/backoff.ts'
import {
  DEFAULT_TIMING,
  DeviceMachine,
  type DeviceStep,
  type DeviceWorld,
} from '../../../shared/wire/device.ts'
import { afterFailure, afterSuccess, opsFor, SIZING_START } from '../../../shared/wire/sizing.ts'

const world = (extra: Partial<DeviceWorld> = {}): DeviceWorld => ({
  nowMs: 0,
  urgentWaiting: false,
  otherWaiting: false,
  urgentOnly: false,
  paused: false,
  ...extra,
})

function ready(): DeviceMachine {
  const machine = new DeviceMachine({ random: () => 0.5 })
  expect(machine.next(world()).kind).toBe('status')
  machine.statusDone(0)
  expect(machine.next(world()).kind).toBe('pull')
  machine.pullDone(0, { ops: 0, more: false, elapsedMs: 5 })
  return machine
}

describe('back-off', () => {
  it('grows, is capped at 15 s and spread over its upper half', () => {
    const fixed = Array.from({ length: 12 }, (_, index) => backoffMs(index + 1, () => 1))
    expect(fixed).toStrictEqual([...fixed].sort((a, b) => a - b))
    expect(fixed.at(-1)).toBe(BACKOFF_CAP_MS)
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, chance) => {
          const delay = backoffMs(failures, () => chance)
          expect(delay).toBeGreaterThanOrEqual(150)
          expect(delay).toBeLessThanOrEqual(BACKOFF_CAP_MS)
        },
      ),
    )
  })
})

describe('batch size', () => {
  it('starts at 16 KiB, doubles at most on a fast link, follows a slow one, halves on failure', () => {
    expect(SIZING_START.bytes).toBe(16 * 1024)
    const fast = afterSuccess(SIZING_START, { bytes: 16_000, ops: 700, elapsedMs: 10 })
    expect(fast.bytes).toBe(32 * 1024)
    const slow = afterSuccess(SIZING_START, { bytes: 16_000, ops: 700, elapsedMs: 8000 })
    expect(slow.bytes).toBeLessThan(16 * 1024)
    expect(afterFailure(SIZING_START).bytes).toBe(8 * 1024)
    let least = SIZING_START
    for (let i = 0; i < 20; i++) least = afterFailure(least)
    expect(least.bytes).toBe(2048)
    expect(opsFor(SIZING_START)).toBeGreaterThan(100)
  })
})

describe('device state machine', () => {
  it('looks at the hub first, then reads, then sends', () => {
    const machine = ready()
    expect(machine.next(world({ otherWaiting: true }))).toMatchObject({ kind: 'push', urgentOnly: false })
  })

  it('sends what is urgent before it reads, and alone', () => {
    const machine = new DeviceMachine({ random: () => 0.5 })
    machine.next(world())
    machine.statusDone(0)
    expect(machine.next(world({ urgentWaiting: true, otherWaiting: true }))).toMatchObject({
      kind: 'push',
      urgentOnly: true,
    })
  })

  it('reads at once after claims were sent, because their answer is waiting there', () => {
    const machine = ready()
    machine.next(world({ nowMs: 1, urgentWaiting: true }))
    machine.pushDone(2, { bytes: 100, ops: 1, startMs: 1, urgent: true, answersExpected: true })
    expect(machine.next(world({ nowMs: 2 })).kind).toBe('pull')
  })

  it('holds back everything but the urgent when asked, and everything when paused', () => {
    const machine = ready()
    expect(machine.next(world({ otherWaiting: true, urgentOnly: true })).kind).toBe('wait')
    expect(machine.next(world({ urgentWaiting: true, paused: true }))).toStrictEqual({
      kind: 'wait',
      untilMs: null,
    })
    expect(machine.next(world({ urgentWaiting: true, urgentOnly: true })).kind).toBe('push')
  })

  it('waits after a failure, asks how far the hub is, and is itself again after progress', () => {
    const machine = ready()
    machine.next(world({ otherWaiting: true }))
    machine.failed(1000, 'push')
    const step = machine.next(world({ nowMs: 1000, otherWaiting: true }))
    expect(step).toStrictEqual({ kind: 'wait', untilMs: machine.nextTryMs })
    const later = world({ nowMs: machine.nextTryMs, otherWaiting: true })
    expect(machine.next(later).kind).toBe('status')
    expect(machine.next(later)).toStrictEqual({ kind: 'wait', untilMs: null })
    machine.statusDone(machine.nextTryMs + 10)
    expect(machine.failures).toBe(0)
    expect(machine.next(later).kind).toBe('push')
  })

  it('sends what is urgent along with the first look after a cut, and before anything else', () => {
    const machine = ready()
    machine.next(world({ otherWaiting: true }))
    machine.failed(1000, 'push')
    const later = world({ nowMs: machine.nextTryMs, urgentWaiting: true, otherWaiting: true })
    expect(machine.next(later)).toMatchObject({ kind: 'push', urgentOnly: true })
    expect(machine.next(later).kind).toBe('status')
    expect(machine.next(later).kind).toBe('wait')
  })

  it('feels its way with one request when it was not a batch that failed', () => {
    const machine = ready()
    machine.next(world({ nowMs: 20_000 }))
    machine.failed(20_000, 'pull')
    const later = world({ nowMs: machine.nextTryMs, otherWaiting: true })
    expect(machine.next(later).kind).toBe('pull')
    expect(machine.next(later)).toStrictEqual({ kind: 'wait', untilMs: null })
  })

  it('counts what breaks together as one failure, and says so', () => {
    const machine = ready()
    machine.next(world({ urgentWaiting: true, otherWaiting: true }))
    machine.next(world({ urgentWaiting: true, otherWaiting: true }))
    expect(machine.failed(1000, 'push', true)).toBe(true)
    const { nextTryMs } = machine
    expect(machine.failed(1001, 'push')).toBe(false)
    expect(machine.failed(1002, 'pull')).toBe(false)
    expect(machine).toMatchObject({ failures: 1, nextTryMs })
    expect(machine.failed(nextTryMs, 'push')).toBe(true)
    expect(machine.failures).toBe(2)
  })

  it('never waits long while somebody waits for an answer or the link worked a moment ago', () => {
    const machine = ready()
    let nowMs = 10 * 60_000
    const waits: number[] = []
    const fail = (urgentWaiting: boolean): void => {
      while (machine.next(world({ nowMs, urgentWaiting })).kind !== 'wait') machine.failed(nowMs, 'pull')
      waits.push(machine.nextTryMs - nowMs)
      nowMs = machine.nextTryMs
    }
    for (let i = 0; i < 12; i++) fail(false)
    expect(Math.max(...waits)).toBeGreaterThan(7_000)
    waits.length = 0
    machine.failed(nowMs, 'push', true)
    for (let i = 0; i < 5; i++) {
      nowMs = machine.nextTryMs
      machine.next(world({ nowMs, urgentWaiting: true }))
      machine.failed(nowMs, 'push', true)
      waits.push(machine.nextTryMs - nowMs)
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_500)
  })

  it('on a metered link looks for news seldom, and with the day’s bytes spent lets only the urgent go', () => {
    const machine = ready()
    const metered = world({ nowMs: 60_000, metered: true })
    expect(machine.next(metered)).toStrictEqual({ kind: 'wait', untilMs: DEFAULT_TIMING.meteredPollMs })
    const spent = world({ nowMs: 600_000, metered: true, spent: true, otherWaiting: true })
    expect(machine.next(spent).kind).toBe('wait')
    expect(machine.next({ ...spent, urgentWaiting: true })).toMatchObject({ kind: 'push', urgentOnly: true })
    machine.pushDone(600_001, { bytes: 100, ops: 1, startMs: 600_000, urgent: true, answersExpected: true })
    expect(machine.next(spent).kind).toBe('pull')
  })

  it('measures a batch by its own time on the link, not by its wait for the one before', () => {
    const machine = ready()
    const both = world({ otherWaiting: true })
    for (let i = 0; i < 2; i++) expect(machine.next(both).kind).toBe('push')
    const sent = { bytes: 16_000, ops: 700, startMs: 0, urgent: false, answersExpected: false }
    machine.pushDone(2000, sent)
    const first = machine.sizing.bytes
    machine.pushDone(4000, sent)
    expect(machine.sizing.bytes).toBeGreaterThanOrEqual(first)
  })

  it('looks at the hub again before anything is sent into a new epoch', () => {
    const machine = ready()
    machine.next(world({ otherWaiting: true }))
    machine.epochChanged('push')
    expect(machine.next(world({ otherWaiting: true, urgentWaiting: true })).kind).toBe('status')
    expect(machine.next(world({ otherWaiting: true })).kind).toBe('wait')
  })

  it('never has more under way than allowed and always comes to rest, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), fc.boolean(), fc.nat(20_000)), { maxLength: 60 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (events, chance) => {
          const machine = new DeviceMachine({ random: () => chance.next().value! })
          const underWay: Exclude<DeviceStep, { kind: 'wait' }>[] = []
          let nowMs = 0
          for (const [outcome, waiting, laterMs] of events) {
            nowMs += laterMs
            for (;;) {
              const step = machine.next(world({ nowMs, urgentWaiting: waiting, otherWaiting: waiting }))
              if (step.kind === 'wait') break
              underWay.push(step)
              const pushes = underWay.filter((other) => other.kind === 'push')
              expect(pushes.filter(({ urgentOnly }) => urgentOnly).length).toBeLessThanOrEqual(1)
              expect(pushes.filter(({ urgentOnly }) => !urgentOnly).length).toBeLessThanOrEqual(
                DEFAULT_TIMING.maxPushes,
              )
              expect(underWay.filter(({ kind }) => kind === 'pull').length).toBeLessThanOrEqual(1)
            }
            const step = underWay.shift()
            if (!step) continue
            const urgent = step.kind === 'push' && step.urgentOnly
            if (outcome === 0) machine.failed(nowMs, step.kind, urgent)
            else if (outcome === 1 && step.kind !== 'status') machine.epochChanged(step.kind, urgent)
            else if (step.kind === 'status') machine.statusDone(nowMs)
            else if (step.kind === 'pull') machine.pullDone(nowMs, { ops: 3, more: waiting, elapsedMs: 5 })
            else
              machine.pushDone(nowMs, { bytes: 100, ops: 5, startMs: nowMs, urgent, answersExpected: false })
          }
          expect(machine.busy).toBe(underWay.length > 0)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a clock that somebody puts back', () => {
  const YEAR_MS = 365 * 24 * 3_600_000

  it('keeps the pace of polls and of trying again', () => {
    const machine = ready()
    expect(machine.next(world({ nowMs: 1000 }))).toMatchObject({ kind: 'wait' })
    const back = world({ nowMs: 1000 - YEAR_MS })
    const step = machine.next(back)
    expect(step.kind).toBe('wait')
    const untilMs = step.kind === 'wait' ? step.untilMs! : 0
    expect(untilMs - back.nowMs).toBeLessThanOrEqual(DEFAULT_TIMING.pollMs)
    expect(machine.next(world({ nowMs: untilMs })).kind).toBe('pull')
    machine.failed(untilMs, 'pull')
    const again = machine.next(world({ nowMs: untilMs - YEAR_MS }))
    expect(again.kind === 'wait' ? again.untilMs! - (untilMs - YEAR_MS) : 0).toBeLessThanOrEqual(
      BACKOFF_CAP_MS,
    )
  })
})
