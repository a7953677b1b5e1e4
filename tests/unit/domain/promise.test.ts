import { describe, expect, it } from 'vitest'
import {
  compensationFen,
  compensationTier,
  pickUpDueMs,
  promiseHoursOf,
  promiseStartMs,
  shortestPromiseHours,
} from '../../../shared/domain/promise.ts'

const ZONE = 'Asia/Shanghai'
const at = (stamp: string) => Date.parse(`2026-09-${stamp}+08:00`)

describe('when a promise starts', () => {
  it.each([
    ['17T17:59:59', '17T17:59:59'],
    ['17T18:00:00', '18T06:00:00'],
    ['17T23:30:00', '18T06:00:00'],
    ['18T00:10:00', '18T06:00:00'],
    ['18T05:59:59', '18T06:00:00'],
    ['18T06:00:00', '18T06:00:00'],
  ])('paid %s starts %s', (paid, start) => expect(promiseStartMs(at(paid), ZONE)).toBe(at(start)))
})

describe('when pick-up is due', () => {
  it('is payment plus promise by day, and from 06:00 by night', () => {
    expect(pickUpDueMs(at('17T14:00:00'), 48, ZONE)).toBe(at('19T14:00:00'))
    expect(pickUpDueMs(at('17T21:00:00'), 72, ZONE)).toBe(at('21T06:00:00'))
  })
  it('cuts same-day promises off at 16:00', () => {
    expect(pickUpDueMs(at('17T15:59:59'), 0, ZONE)).toBe(at('18T00:00:00'))
    expect(pickUpDueMs(at('17T16:00:00'), 0, ZONE)).toBe(at('19T00:00:00'))
  })
  it('can be told back from the two instants', () => {
    for (const hours of [24, 48, 72, 360])
      for (const paid of ['17T03:00:00', '17T12:00:00', '17T19:00:00'])
        expect(promiseHoursOf(at(paid), pickUpDueMs(at(paid), hours, ZONE), ZONE)).toBe(hours)
  })
})

describe('what a broken promise costs', () => {
  it.each([
    [10_000, 48, 200],
    [100_000, 48, 1000],
    [900_000, 48, 5000],
    [10_000, 49, 300],
    [50_000, 240, 1500],
    [50_000, 241, 2500],
    [1_000, 360, 500],
    [200_000, 360, 5000],
  ])('%i fen promised in %i h costs %i fen', (paid, hours, cost) =>
    expect(compensationFen(paid, hours)).toBe(cost),
  )

  it('takes the tier of the length of the promise', () => {
    expect([0, 48, 49, 240, 241].map((hours) => compensationTier(hours).tier)).toEqual([
      'le48',
      'le48',
      'h48to240',
      'h48to240',
      'gt240',
    ])
  })
})

it('the shortest promise wins, spoken ones included', () => {
  expect(shortestPromiseHours(72, null, 48)).toBe(48)
  expect(shortestPromiseHours(null, null)).toBeNull()
})
