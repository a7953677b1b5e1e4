import { describe, expect, it } from 'vitest'
import { sessionContract } from '../../../shared/contract/session.ts'
import {
  checkDraft,
  emptyDraft,
  staleReasons,
  toWish,
  windowOf,
  withLikely,
  type SessionDraft,
} from '../../../renderer/features/session-editor/draft.ts'

const ZONE = 'Asia/Shanghai'
const NOW = Date.parse('2026-09-17T14:20:00+08:00')
const at = (stamp: string) => Date.parse(`${stamp}:00+08:00`)
const STUDIOS = [
  { id: 'st1', openMin: 480, closeMin: 1680 },
  { id: 'st2', openMin: 600, closeMin: 720 },
]
const context = { nowMs: NOW, timeZone: ZONE, studios: STUDIOS }
const sku = { skuId: 's1', name: '路亚竿', code: 'A-1', family: 'lure-rod', stock: 0 }
const filled = (change: Partial<SessionDraft> = {}): SessionDraft => ({
  ...emptyDraft(NOW, ZONE, { openMin: 480, closeMin: 1680 }),
  merchantId: 'm1',
  ...change,
})

describe('a new session', () => {
  it('has from tomorrow’s opening to the closing of the seventh day, next morning included', () => {
    expect(windowOf(filled(), ZONE)).toEqual({
      fromMs: at('2026-09-18T08:00'),
      untilMs: at('2026-09-25T04:00'),
    })
    const evening = emptyDraft(NOW, ZONE, { openMin: 540, closeMin: 1320 })
    expect(windowOf(evening, ZONE)?.untilMs).toBe(at('2026-09-24T22:00'))
  })
  it('needs only a merchant, and becomes a call the contract accepts', () => {
    expect(checkDraft(filled(), context)).toEqual({})
    expect(Object.keys(checkDraft(filled({ merchantId: null }), context))).toEqual(['merchantId'])
    const call = { merchantId: 'm1', ...toWish(filled(), ZONE, '海钓匠专场') }
    expect(sessionContract['session/create'].input.safeParse(call).success).toBe(true)
    expect(call.title).toBe('海钓匠专场')
  })
  it('is refused in a window that is backwards, too short, or over before it could be on air', () => {
    const problem = (change: Partial<SessionDraft>) => checkDraft(filled(change), context).window
    expect(problem({ untilDay: '2026-09-18', untilMin: 480 })?.key).toBe('session.wrong.order')
    expect(problem({ untilDay: '2026-09-18', untilMin: 600 })).toEqual({
      key: 'session.wrong.short',
      values: { window: 120, duration: 180 },
    })
    expect(problem({ fromDay: '2026-09-17', fromMin: 0, untilDay: '2026-09-17', untilMin: 1020 })?.key).toBe(
      'session.wrong.past',
    )
    expect(problem({ untilDay: null })?.key).toBe('session.wrong.day')
  })
  it('is refused where no allowed studio is open for long enough', () => {
    expect(checkDraft(filled({ studioIds: ['st2'] }), context).studioIds?.values).toEqual({
      open: 120,
      duration: 180,
    })
    expect(checkDraft(filled({ studioIds: ['st1', 'st2'] }), context)).toEqual({})
  })
})

describe('a forecast', () => {
  it('follows the likely figure until its ends were set apart', () => {
    const fresh = withLikely({ ...sku, lowUnits: 0, likelyUnits: 0, highUnits: 0 }, 200)
    expect(fresh).toMatchObject({ lowUnits: 120, likelyUnits: 200, highUnits: 300 })
    expect(withLikely(fresh, 100)).toMatchObject({ lowUnits: 60, highUnits: 150 })
    const set = { ...fresh, highUnits: 900 }
    expect(withLikely(set, 100)).toMatchObject({ lowUnits: 120, likelyUnits: 100, highUnits: 900 })
    expect(checkDraft(filled({ skus: [withLikely(set, 100)] }), context).skus?.values).toEqual({
      sku: '路亚竿',
    })
  })
})

describe('a change of a booked session', () => {
  const booked = {
    startMs: at('2026-09-19T19:00'),
    endMs: at('2026-09-19T22:00'),
    studioId: 'st1',
    streamerIds: ['p1'],
  }
  it('keeps the booking while it still fits', () => {
    expect(staleReasons(booked, filled(), ZONE)).toEqual([])
    expect(staleReasons(booked, filled({ studioIds: ['st1'], streamerIds: ['p1', 'p2'] }), ZONE)).toEqual([])
    expect(
      staleReasons({ ...booked, startMs: null, endMs: null }, filled({ durationMin: 60 }), ZONE),
    ).toEqual([])
  })
  it('names every reason why it no longer fits', () => {
    const change = { durationMin: 240, studioIds: ['st2'], streamerIds: ['p2'] }
    expect(staleReasons(booked, filled(change), ZONE)).toEqual(['duration', 'studio', 'streamer'])
    expect(staleReasons(booked, filled({ fromDay: '2026-09-20' }), ZONE)).toEqual(['earlier'])
    expect(staleReasons(booked, filled({ untilDay: '2026-09-19', untilMin: 1290 }), ZONE)).toEqual(['later'])
  })
})
