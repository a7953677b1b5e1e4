import { describe, expect, it } from 'vitest'
import {
  Arrivals,
  firstSyncState,
  type FirstSyncProgress,
} from '../../../electron/core/sync/first-sync-progress.ts'

const SCOPE: FirstSyncProgress = {
  scope: 'belt',
  doneBytes: 40_000,
  totalBytes: 100_000,
  doneRecords: 400,
  totalRecords: 1000,
  todayBytes: 10_000,
  usable: false,
}
const HOW = { preparing: false, paused: false, cut: false, bytesPerMs: 10 }

describe('what is told while a belt arrives', () => {
  it('adds the scopes up and says how long today and everything take at the present speed', () => {
    const base: FirstSyncProgress = {
      ...SCOPE,
      scope: 'base:a',
      doneBytes: 0,
      doneRecords: 0,
      todayBytes: 20_000,
    }
    expect(firstSyncState([SCOPE, base], HOW)).toStrictEqual({
      state: 'running',
      doneBytes: 40_000,
      totalBytes: 200_000,
      doneRecords: 400,
      totalRecords: 2000,
      usable: false,
      todayMs: 3000,
      estimateMs: 16_000,
    })
  })

  it('is usable only once today is here of every scope and none is still being made', () => {
    const usable = { ...SCOPE, usable: true, todayBytes: 0 }
    expect(firstSyncState([usable, usable], HOW)?.usable).toBe(true)
    expect(firstSyncState([usable, SCOPE], HOW)?.usable).toBe(false)
    expect(firstSyncState([usable], { ...HOW, preparing: true })).toMatchObject({
      usable: false,
      state: 'running',
    })
  })

  it('promises no time while nothing moves', () => {
    for (const how of [{ paused: true }, { cut: true }, { bytesPerMs: null }])
      expect(firstSyncState([SCOPE], { ...HOW, ...how })).toMatchObject({ todayMs: null, estimateMs: null })
    expect(firstSyncState([SCOPE], { ...HOW, paused: true, cut: true })?.state).toBe('paused')
    expect(firstSyncState([], { ...HOW, preparing: true })?.state).toBe('preparing')
    expect(firstSyncState([], HOW)).toBeNull()
  })
})

describe('the speed of a link', () => {
  it('is that of the last moments, and unknown again when nothing comes', () => {
    const arrivals = new Arrivals()
    expect(arrivals.bytesPerMs(0)).toBeNull()
    for (let atMs = 0; atMs <= 10_000; atMs += 500) arrivals.note(1000, atMs)
    expect(arrivals.bytesPerMs(10_000)).toBe(2)
    for (let atMs = 10_500; atMs <= 30_000; atMs += 500) arrivals.note(100, atMs)
    expect(arrivals.bytesPerMs(30_000)).toBeCloseTo(0.2, 5)
    expect(arrivals.bytesPerMs(46_000)).toBeNull()
  })

  it('is not guessed from a single moment', () => {
    const arrivals = new Arrivals()
    arrivals.note(50_000, 100)
    expect(arrivals.bytesPerMs(100)).toBeNull()
    arrivals.note(50_000, 300)
    expect(arrivals.bytesPerMs(300)).toBeNull()
  })
})
