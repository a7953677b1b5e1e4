import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { chooseHourStep, findDays, findTicks } from '../../../renderer/features/board/model/axis.ts'
import { traceChain } from '../../../renderer/features/board/model/chain.ts'
import { findQuietNights, subtractSpans } from '../../../renderer/features/board/model/folds.ts'
import { barAt } from '../../../renderer/features/board/model/hit-test.ts'
import { fitLabel } from '../../../renderer/features/board/model/labels.ts'
import { layoutBoard, type PlacedBar } from '../../../renderer/features/board/model/layout.ts'
import { carryByKey, carryToPoint, pickUp } from '../../../renderer/features/board/model/move.ts'
import { neighbourLane, stepSelection } from '../../../renderer/features/board/model/navigate.ts'
import { compareScores } from '../../../renderer/features/board/model/score.ts'
import { createTimeScale, FOLD_PX } from '../../../renderer/features/board/model/time-scale.ts'
import { makeScale, panBy, revealBox, zoomAround } from '../../../renderer/features/board/model/viewport.ts'
import type { BoardItem, BoardLane } from '../../../shared/contract/planning.ts'

const HOUR = 3_600_000
const MIN = 60_000
const DAY = 24 * HOUR
const T0 = Date.parse('2026-09-17T00:00:00+08:00')

function item(
  id: string,
  laneId: string,
  fromHour: number,
  toHour: number,
  change: Partial<BoardItem> = {},
): BoardItem {
  return {
    id,
    taskKey: id,
    laneId,
    kind: 'production',
    startMs: T0 + fromHour * HOUR,
    endMs: T0 + toHour * HOUR,
    setupMin: 0,
    beforeMin: 0,
    afterMin: 0,
    label: id,
    shortLabel: id.slice(0, 1),
    quantity: null,
    sessionId: null,
    orderId: null,
    skuName: null,
    progress: 'open',
    live: false,
    plan: 'on-time',
    lateMin: 0,
    record: 'confirmed',
    lease: 'none',
    pinned: false,
    frozen: false,
    version: 'both',
    movable: true,
    ...change,
  }
}
function lane(id: string, group: BoardLane['group'], change: Partial<BoardLane> = {}): BoardLane {
  return {
    id,
    group,
    name: id,
    shortName: id,
    baseId: null,
    loadPct: null,
    loadMin: null,
    limitMin: null,
    areaM2: null,
    open: [],
    promiseMs: null,
    beads: null,
    ...change,
  }
}
const bar = (layout: ReturnType<typeof layoutBoard>, id: string) => layout.barById.get(id) as PlacedBar

describe('time scale', () => {
  const fold = { fromMs: T0 + 22 * HOUR, toMs: T0 + 31 * HOUR }

  it('gives a folded night its fixed width', () => {
    const scale = createTimeScale(T0, T0 + 2 * DAY, 20, [fold])
    expect(scale.xAt(fold.toMs) - scale.xAt(fold.fromMs)).toBe(FOLD_PX)
    expect(scale.widthPx).toBe(39 * 20 + FOLD_PX)
    expect(scale.isFolded(T0 + 25 * HOUR)).toBe(true)
    expect(scale.isFolded(T0 + 12 * HOUR)).toBe(false)
  })

  it('maps there and back for every instant, inside and outside the range', () => {
    const scale = createTimeScale(T0, T0 + 3 * DAY, 17.5, [
      fold,
      { fromMs: T0 + 46 * HOUR, toMs: T0 + 55 * HOUR },
    ])
    fc.assert(
      fc.property(fc.integer({ min: T0 - DAY, max: T0 + 4 * DAY }), (ms) => {
        expect(Math.abs(scale.msAt(scale.xAt(ms)) - ms)).toBeLessThan(2)
      }),
    )
  })

  it('never runs backwards', () => {
    const scale = createTimeScale(T0, T0 + 3 * DAY, 4, [fold])
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 * DAY }), fc.integer({ min: 0, max: 3 * DAY }), (a, b) => {
        expect(scale.xAt(T0 + Math.min(a, b))).toBeLessThanOrEqual(scale.xAt(T0 + Math.max(a, b)))
      }),
    )
  })
})

describe('viewport', () => {
  const world = { fromMs: T0, toMs: T0 + 10 * DAY, folds: [], heightPx: 900 }
  const size = { widthPx: 800, heightPx: 500 }
  const start = { scale: makeScale(world, 24), scrollX: 1000, scrollY: 0 }

  it('keeps the instant under the pointer in place while zooming', () => {
    const before = start.scale.msAt(start.scrollX + 300)
    const after = zoomAround(start, 1.5, 300, world, size)
    expect(Math.abs(after.scale.msAt(after.scrollX + 300) - before)).toBeLessThan(2)
  })

  it('stops at the ends of the world', () => {
    expect(panBy(start, -99_999, -50, world, size)).toMatchObject({ scrollX: 0, scrollY: 0 })
    expect(panBy(start, 99_999, 99_999, world, size)).toMatchObject({
      scrollX: 10 * 24 * 24 - 800,
      scrollY: 400,
    })
  })

  it('scrolls as little as needed to show a bar', () => {
    const shown = revealBox(start, { left: 1100, right: 1200, top: 10, bottom: 40 }, 20, world, size)
    expect(shown.scrollX).toBe(1000)
    const hidden = revealBox(start, { left: 2000, right: 2100, top: 600, bottom: 630 }, 20, world, size)
    expect(hidden.scrollX).toBe(2100 + 20 - 800)
    expect(hidden.scrollY).toBe(630 + 20 - 500)
  })
})

describe('folded nights', () => {
  const nights = [T0 + DAY]

  it('folds the night between the last and the first work', () => {
    const items = [item('a', 'l', 14, 22), item('b', 'l', 33, 36)]
    expect(findQuietNights([], items, nights, T0)).toEqual([
      { fromMs: T0 + 22.5 * HOUR, toMs: T0 + 32.5 * HOUR },
    ])
  })

  it('leaves a night alone that a set-up, a buffer or an open line reaches into', () => {
    const setup = [item('a', 'l', 32, 36, { setupMin: 9 * 60 })]
    expect(findQuietNights([], setup, nights, T0)).toEqual([])
    const open = lane('l', 'line', { open: [[T0 + 20 * HOUR, T0 + 33 * HOUR]] })
    expect(findQuietNights([open], [], nights, T0)).toEqual([])
  })

  it('keeps the present in view', () => {
    expect(findQuietNights([], [], nights, T0 + 26 * HOUR)).toEqual([
      { fromMs: T0 + 21 * HOUR, toMs: T0 + 25 * HOUR },
      { fromMs: T0 + 27 * HOUR, toMs: T0 + 33 * HOUR },
    ])
  })

  it('subtracts spans exactly', () => {
    expect(
      subtractSpans(
        [0, 10],
        [
          [2, 4],
          [4, 5],
          [9, 20],
        ],
      ),
    ).toEqual([
      [0, 2],
      [5, 9],
    ])
  })
})

describe('axis', () => {
  const midnights = [T0, T0 + DAY, T0 + 2 * DAY]

  it('chooses hours that leave room for their labels', () => {
    expect(chooseHourStep(60)).toBe(1)
    expect(chooseHourStep(24)).toBe(2)
    expect(chooseHourStep(7)).toBe(12)
    expect(chooseHourStep(1)).toBe(24)
  })

  it('draws no hour inside a fold and no figure beside one', () => {
    const scale = createTimeScale(T0, T0 + 2 * DAY, 24, [{ fromMs: T0 + 22 * HOUR, toMs: T0 + 31 * HOUR }])
    const ticks = findTicks(scale, midnights, 0, 2000)
    expect(ticks.some((tick) => tick.ms > T0 + 22 * HOUR && tick.ms < T0 + 31 * HOUR)).toBe(false)
    expect(ticks.find((tick) => tick.ms === T0 + 22 * HOUR)?.labelled).toBe(false)
    expect(ticks.find((tick) => tick.ms === T0 + 12 * HOUR)?.labelled).toBe(true)
  })

  it('keeps the name of the first day at the left edge while the day is in view', () => {
    const scale = createTimeScale(T0, T0 + 2 * DAY, 24, [])
    const [first, second] = findDays(scale, midnights, 200, 800, 90)
    expect(first).toMatchObject({ ms: T0, x: 6 })
    expect(second?.x).toBe(24 * 24 - 200 + 6)
    expect(findDays(scale, midnights, 24 * 24 - 40, 800, 90)[0]?.x).toBe(40 - 90)
  })
})

describe('layout', () => {
  const lanes = [
    lane('line1', 'line'),
    lane('line2', 'line'),
    lane('studio1', 'studio'),
    lane('s1', 'session'),
  ]

  it('puts the groups in their order and lanes under each other without gaps', () => {
    const layout = layoutBoard([...lanes].reverse(), [])
    expect(layout.groups.map(({ group }) => group)).toEqual(['line', 'studio', 'session'])
    const ends = layout.rows.map((row) => row.top + row.height)
    expect(layout.heightPx).toBe(ends[ends.length - 1])
    for (const bottom of layout.rows.slice(1)) {
      const above = layout.rows[bottom.index - 1]
      expect(bottom.top - ((above?.top ?? 0) + (above?.height ?? 0))).toBeOneOf([0, 20])
    }
  })

  it('splits only the lane the proposal changes, published above', () => {
    const layout = layoutBoard(lanes, [
      item('old', 'line1', 9, 12, { version: 'published' }),
      item('new', 'line1', 9, 12, { version: 'proposal' }),
      item('same', 'line2', 9, 12),
    ])
    expect(layout.rows.filter((row) => row.split).map((row) => row.lane.id)).toEqual(['line1'])
    expect(bar(layout, 'new').top).toBeGreaterThanOrEqual(bar(layout, 'old').top + bar(layout, 'old').height)
    expect(bar(layout, 'new').proposed).toBe(true)
  })

  it('never draws two bars of a lane over each other', () => {
    const spans = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 12 })), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(spans, (list) => {
        const items = list.map(([from, length], i) => item(`i${i}`, 'line1', from, from + length))
        const { bars } = layoutBoard(lanes, items)
        for (const a of bars)
          for (const b of bars) {
            if (a.id === b.id) continue
            const apartInTime = a.endMs <= b.startMs || b.endMs <= a.startMs
            const apartInRow = a.top + a.height <= b.top || b.top + b.height <= a.top
            expect(apartInTime || apartInRow).toBe(true)
          }
      }),
    )
  })

  it('draws a session from its first step to its last', () => {
    const steps = [
      item('sample', 'line1', 8, 10, { sessionId: 's1', kind: 'sample' }),
      item('live', 'studio1', 20, 23, { sessionId: 's1', kind: 'broadcast' }),
      item('make', 'line2', 34, 40, { sessionId: 's1' }),
    ]
    const span = bar(layoutBoard(lanes, steps), 'live@s1')
    expect(span).toMatchObject({ form: 'span', startMs: T0 + 8 * HOUR, endMs: T0 + 40 * HOUR })
    expect(span.item.id).toBe('live')
  })

  it('hides the lanes of a collapsed group', () => {
    const layout = layoutBoard(lanes, [item('a', 'line1', 1, 2)], new Set(['line']))
    expect(layout.rows.map((row) => row.lane.id)).toEqual(['studio1', 's1'])
    expect(layout.bars).toHaveLength(0)
  })
})

describe('selection and moving', () => {
  const lanes = [
    lane('line1', 'line'),
    lane('line2', 'line'),
    lane('empty', 'line'),
    lane('studio1', 'studio'),
  ]
  const layout = layoutBoard(lanes, [
    item('a', 'line1', 9, 11),
    item('b', 'line1', 14, 16),
    item('c', 'line2', 13, 15),
    item('d', 'studio1', 20, 22),
  ])

  it('steps in time and to the nearest bar of the next lane that has one', () => {
    expect(stepSelection(layout, bar(layout, 'a'), 'right').id).toBe('b')
    expect(stepSelection(layout, bar(layout, 'b'), 'right').id).toBe('b')
    expect(stepSelection(layout, bar(layout, 'b'), 'down').id).toBe('c')
    expect(stepSelection(layout, bar(layout, 'c'), 'down').id).toBe('d')
    expect(stepSelection(layout, bar(layout, 'c'), 'up').id).toBe('b')
  })

  it('finds the bar under a point and a thin one near it', () => {
    const scale = createTimeScale(T0, T0 + DAY, 20, [])
    const a = bar(layout, 'a')
    expect(barAt(layout, scale, scale.xAt(a.startMs) + 5, a.top + 4)?.id).toBe('a')
    expect(barAt(layout, scale, scale.xAt(a.endMs) + 5, a.top + 4)).toBeUndefined()
    const thin = createTimeScale(T0, T0 + DAY, 1, [])
    expect(barAt(layout, thin, thin.xAt(a.endMs) + 1, a.top + 4)?.id).toBe('a')
  })

  it('carries by quarter hours on the clock and only to lanes of the same group', () => {
    const lifted = pickUp(layout, bar(layout, 'c'), 'keyboard')
    if (!lifted) throw new Error('the bar can be moved')
    expect(carryByKey(layout, lifted, 'right', T0).startMs).toBe(T0 + 13 * HOUR + 15 * MIN)
    expect(carryByKey(layout, lifted, 'up', T0).laneId).toBe('line1')
    const atEmpty = carryByKey(layout, lifted, 'down', T0)
    expect(atEmpty.laneId).toBe('empty')
    expect(carryByKey(layout, atEmpty, 'down', T0)).toBe(atEmpty)
    expect(neighbourLane(layout, 3, -1)).toBeUndefined()
  })

  it('keeps the point that was grabbed under the pointer, on a quarter hour', () => {
    const scale = createTimeScale(T0, T0 + DAY, 40, [])
    const lifted = pickUp(layout, bar(layout, 'a'), 'mouse')
    if (!lifted) throw new Error('the bar can be moved')
    const overStudio = { x: scale.xAt(T0 + 12 * HOUR + 4 * MIN), y: bar(layout, 'd').top + 3 }
    const carried = carryToPoint(layout, scale, lifted, overStudio, HOUR, T0)
    expect(carried).toMatchObject({ startMs: T0 + 11 * HOUR, laneId: 'line1' })
  })

  it('refuses to lift what is done, on air, frozen or fixed', () => {
    for (const change of [
      { progress: 'done' },
      { live: true },
      { frozen: true },
      { movable: false },
    ] as const) {
      const held = layoutBoard(lanes, [item('x', 'line1', 9, 10, change)])
      expect(pickUp(held, bar(held, 'x'), 'mouse')).toBeNull()
    }
  })
})

describe('chain', () => {
  const lanes = [
    lane('line1', 'line'),
    lane('qc', 'line'),
    lane('studio1', 'studio'),
    lane('anna', 'streamer'),
    lane('s1', 'session', { promiseMs: T0 + 38 * HOUR }),
  ]
  const steps = [
    item('sample', 'line1', 8, 10, { sessionId: 's1', kind: 'sample' }),
    item('qc', 'qc', 11, 12, { sessionId: 's1', kind: 'qc' }),
    item('live', 'studio1', 20, 23, { sessionId: 's1', kind: 'broadcast' }),
    item('live2', 'anna', 20, 23, { sessionId: 's1', kind: 'broadcast', taskKey: 'live' }),
    item('make', 'line1', 34, 40, { sessionId: 's1' }),
  ]

  it('numbers the five steps, joins studio and streamer, and ends late past the promise', () => {
    const chain = traceChain(layoutBoard(lanes, steps), 's1', false)
    expect(chain.stops.map(({ no, bar: at }) => [no, at.id])).toEqual([
      [1, 'sample'],
      [2, 'qc'],
      [3, 'live'],
      [4, 'make'],
      [5, 'live@s1'],
    ])
    expect(chain.together.map(({ id }) => id)).toEqual(['live2'])
    expect(chain.legs.map(({ late }) => late)).toEqual([false, false, false, true])
  })

  it('leaves out steps that are not in view', () => {
    const chain = traceChain(layoutBoard(lanes, steps.slice(2)), 's1', false)
    expect(chain.stops.map(({ no }) => no)).toEqual([3, 4, 5])
  })
})

describe('labels and scores', () => {
  it('uses the short form before it shows nothing, and never cuts a name', () => {
    const measure = (text: string) => text.length * 12
    expect(fitLabel('环翠竿业', '环翠', 60, measure)).toBe('环翠竿业')
    expect(fitLabel('环翠竿业', '环翠', 30, measure)).toBe('环翠')
    expect(fitLabel('环翠竿业', '环翠', 20, measure)).toBe('')
  })

  it('calls fewer penalties better', () => {
    const rows = compareScores(
      [
        { tier: 'hard', value: 0 },
        { tier: 'tardiness', value: 150 },
        { tier: 'setup', value: 184 },
      ],
      [
        { tier: 'hard', value: 0 },
        { tier: 'tardiness', value: 0 },
        { tier: 'setup', value: 231 },
      ],
    )
    expect(rows.map(({ effect, change }) => [effect, change])).toEqual([
      ['same', 0],
      ['better', -150],
      ['worse', 47],
    ])
  })

  it('compares nothing with a plan that is not there', () => {
    expect(compareScores([], [{ tier: 'hard', value: 3 }])).toEqual([
      { tier: 'hard', before: null, after: 3, change: 0, effect: null },
    ])
  })
})
