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
          expect(delay).toBeGreaterThanOrEqual(200)
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
    const slow = afterSuccess(SIZING_START, { bytes: 16_000, ops: 700, elapsedMs: 2000 })
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
    machine.pushDone(2, { bytes: 100, ops: 1, elapsedMs: 1, answersExpected: true })
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

  it('waits after a failure, feels its way with one request, and is itself again after progress', () => {
    const machine = ready()
    machine.next(world({ otherWaiting: true }))
    machine.failed(1000, 'push')
    const step = machine.next(world({ nowMs: 1000, otherWaiting: true }))
    expect(step).toStrictEqual({ kind: 'wait', untilMs: machine.nextTryMs })
    const later = world({ nowMs: machine.nextTryMs, otherWaiting: true })
    expect(machine.next(later).kind).toBe('push')
    expect(machine.next(later)).toStrictEqual({ kind: 'wait', untilMs: null })
    machine.pushDone(machine.nextTryMs + 10, { bytes: 10, ops: 1, elapsedMs: 10, answersExpected: false })
    expect(machine.failures).toBe(0)
    expect(machine.next(later).kind).not.toBe('wait')
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
              expect(underWay.filter(({ kind }) => kind === 'push').length).toBeLessThanOrEqual(
                DEFAULT_TIMING.maxPushes,
              )
              expect(underWay.filter(({ kind }) => kind === 'pull').length).toBeLessThanOrEqual(1)
            }
            const step = underWay.shift()
            if (!step) continue
            if (outcome === 0) machine.failed(nowMs, step.kind)
            else if (outcome === 1 && step.kind !== 'status') machine.epochChanged(step.kind)
            else if (step.kind === 'status') machine.statusDone(nowMs)
            else if (step.kind === 'pull') machine.pullDone(nowMs, { ops: 3, more: waiting, elapsedMs: 5 })
            else machine.pushDone(nowMs, { bytes: 100, ops: 5, elapsedMs: 5, answersExpected: false })
          }
          expect(machine.busy).toBe(underWay.length > 0)
        },
      ),
      { numRuns: 300 },
    )
  })
})
