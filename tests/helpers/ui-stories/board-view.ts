import type {
  BeadState,
  BoardItem,
  BoardLane,
  BoardView,
  Explanation,
  ScoreTier,
} from '../../../shared/contract/planning.ts'

const MIN = 60_000
const HOUR = 60 * MIN
const DAY = 24 * HOUR
/** Thursday 17 September 2026, 14:20 in Shanghai. */
export const STORY_NOW_MS = Date.parse('2026-09-17T14:20:00+08:00')
const MIDNIGHT = Date.parse('2026-09-17T00:00:00+08:00')

/** Small deterministic generator (mulberry32), so that every run draws the same board. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}

const MERCHANTS = [
  '环翠竿业',
  '海钓匠',
  '荣成浮漂坊',
  '乳山拟饵社',
  '文登线轮',
  '远洋轮业',
  '蓝湾渔具',
  '鱼跃路亚',
]
const GOODS = ['路亚竿', '手竿', '米诺 90', '矶钓竿', '浮漂套装', 'PE 线', '纺车轮', '亮片']
const shortOf = (name: string) => name.slice(0, 2)

const windows = (fromHour: number, toHour: number, days: number): (readonly [number, number])[] =>
  Array.from({ length: days }, (_, day) => {
    const start = MIDNIGHT + (day - 2) * DAY
    return [start + fromHour * HOUR, start + toHour * HOUR] as const
  })

function makeLane(group: BoardLane['group'], index: number, name: string): BoardLane {
  const open = group === 'line' ? windows(7.5, 21.5, 12) : group === 'studio' ? windows(8, 28, 12) : []
  return {
    id: `${group}-${index}`,
    group,
    name,
    shortName: name.slice(0, 4),
    baseId: 'base-1',
    loadPct: group === 'line' ? 40 + ((index * 37) % 58) : null,
    loadMin: group === 'streamer' ? 120 + ((index * 90) % 330) : null,
    limitMin: group === 'streamer' ? 390 : null,
    areaM2: group === 'studio' ? 40 + index * 12 : null,
    open,
    promiseMs: null,
    beads: null,
  }
}

const score = (tardiness: number, setup: number): ScoreTier[] => [
  { tier: 'hard', value: 0 },
  { tier: 'tardiness', value: tardiness },
  { tier: 'stability', value: 12 },
  { tier: 'setup', value: setup },
  { tier: 'fairness', value: 8 },
  { tier: 'makespan', value: 4320 },
]

interface Options {
  readonly lines: number
  readonly studios: number
  readonly streamers: number
  readonly sessions: number
  readonly seed: number
  readonly compare: boolean
}

const STEPS = ['sample', 'qc', 'broadcast', 'production'] as const

/** Puts lane work one after the other inside opening hours, as a plan would. */
class LaneClock {
  readonly #freeMs = new Map<string, number>()

  book(laneIds: readonly string[], wantedMs: number, lengthMs: number, setupMs: number): [string, number] {
    const free = (id: string) => this.#freeMs.get(id) ?? 0
    const lane = [...laneIds].sort((a, b) => free(a) - free(b))[0] as string
    let startMs = Math.max(wantedMs, free(lane)) + setupMs
    const hour = (((startMs - MIDNIGHT) % DAY) + DAY) % DAY
    if (hour < 8 * HOUR) startMs += 8 * HOUR - hour + setupMs
    else if (hour > 19 * HOUR) startMs += 32 * HOUR - hour + setupMs
    this.#freeMs.set(lane, startMs + lengthMs)
    return [lane, startMs]
  }
}

function makeSession(options: Options, index: number, next: () => number, clock: LaneClock) {
  const day = Math.floor((index / options.sessions) * 7)
  const liveAt = MIDNIGHT + day * DAY + (9 + (index % 4) * 3.5 + Math.floor(next() * 3) / 2) * HOUR
  const merchant = MERCHANTS[index % MERCHANTS.length] as string
  const good = GOODS[Math.floor(next() * GOODS.length)] as string
  const session = `session-${index}`
  const state = next()
  const tentative = state > 0.9
  const late = state < 0.12
  const risk = state >= 0.12 && state < 0.2
  const spans: [number, number][] = [
    [liveAt - 30 * HOUR, 1 * HOUR],
    [liveAt - 26 * HOUR, 0.5 * HOUR],
    [liveAt, (2 + Math.floor(next() * 4) / 2) * HOUR],
    [liveAt + 14 * HOUR, (2 + next() * 3) * HOUR],
  ]
  const quantity = 100 + Math.floor(next() * 500)
  const make = (step: number, laneId: string, change: Partial<BoardItem> = {}): BoardItem => {
    const [startMs, length] = spans[step] as [number, number]
    const kind = STEPS[step] as BoardItem['kind']
    const done = startMs + length < STORY_NOW_MS
    const name = kind === 'broadcast' ? merchant : `${shortOf(merchant)} ${good}`
    return {
      id: `${kind}:${session}@${laneId}`,
      taskKey: `${kind}:${session}`,
      laneId,
      kind,
      startMs,
      endMs: startMs + length,
      setupMin: kind === 'production' && next() > 0.5 ? 45 + Math.floor(next() * 30) : 0,
      beforeMin: kind === 'broadcast' && laneId.startsWith('studio') ? 30 : 0,
      afterMin: kind === 'broadcast' && laneId.startsWith('studio') ? 30 : 0,
      label: kind === 'production' ? `${name} ${quantity} 支` : name,
      shortLabel: shortOf(merchant),
      quantity: kind === 'production' ? quantity : null,
      sessionId: session,
      orderId: null,
      skuName: good,
      progress: done ? 'done' : startMs < STORY_NOW_MS ? 'running' : 'open',
      live: kind === 'broadcast' && startMs <= STORY_NOW_MS && startMs + length > STORY_NOW_MS,
      plan: late && kind === 'production' ? 'late' : risk ? 'at-risk' : 'on-time',
      lateMin: late ? 150 : 0,
      record: tentative ? 'tentative' : 'confirmed',
      lease: 'none',
      pinned: next() > 0.93,
      frozen: startMs < STORY_NOW_MS + 2 * HOUR,
      version: 'both',
      movable: startMs > STORY_NOW_MS + 2 * HOUR,
      ...change,
    }
  }
  const lines = Array.from({ length: options.lines - 1 }, (_, i) => `line-${i}`)
  const bench = `line-${options.lines - 1}`
  const studioNo = index % options.studios
  const streamerNo = index % options.streamers
  const book = (step: number, laneIds: readonly string[], setupMs: number): string => {
    const span = spans[step] as [number, number]
    const [lane, startMs] = clock.book(laneIds, span[0], span[1], setupMs)
    span[0] = startMs
    return lane
  }
  const sampleLane = book(0, lines, 0)
  book(1, [bench], 0)
  const makingLane = book(3, lines, HOUR)
  const items = [
    make(0, sampleLane),
    make(1, bench),
    make(2, `studio-${studioNo}`),
    make(2, `streamer-${streamerNo}`),
    make(3, makingLane, options.compare && late ? { version: 'published' } : {}),
  ]
  if (options.compare && late) {
    const moved = make(3, makingLane, { version: 'proposal', plan: 'on-time' })
    items.push({
      ...moved,
      id: `${moved.id}:p`,
      startMs: moved.startMs - 5 * HOUR,
      endMs: moved.endMs - 5 * HOUR,
    })
  }
  const end = (spans[3] as [number, number])[0] + (spans[3] as [number, number])[1]
  const beads: BeadState[] = items
    .slice(0, 4)
    .map((item) => (item.progress === 'done' ? 'done' : item.progress === 'running' ? 'half' : 'ring'))
  beads.push(late ? 'late' : 'ring')
  const lane: BoardLane = {
    ...makeLane('session', index, merchant),
    id: session,
    shortName: shortOf(merchant),
    promiseMs: late ? end - 2.5 * HOUR : end + 4 * HOUR,
    beads: late ? ['done', 'done', 'ring', 'late', 'late'] : beads,
  }
  return { lane, items }
}

/** A board of any size for looking at and for measuring; nothing here is the belt's own data. */
export function makeBoardView(options: Partial<Options> = {}): BoardView {
  const full: Options = {
    lines: 6,
    studios: 4,
    streamers: 6,
    sessions: 60,
    seed: 7,
    compare: false,
    ...options,
  }
  const next = random(full.seed)
  const names = ['竿线 A', '竿线 B', '拟饵线', '渔轮线', '浮漂线', '检测台']
  const people = ['丛珊', '于海洋', '毕晓雯', '孙一帆', '邹晓', '宋立']
  const lanes = [
    ...Array.from({ length: full.lines }, (_, i) =>
      makeLane('line', i, i === full.lines - 1 ? '检测台' : (names[i] ?? `产线 ${i + 1}`)),
    ),
    ...Array.from({ length: full.studios }, (_, i) => makeLane('studio', i, `${i + 1} 号间`)),
    ...Array.from({ length: full.streamers }, (_, i) =>
      makeLane('streamer', i, people[i] ?? `主播 ${i + 1}`),
    ),
  ]
  const clock = new LaneClock()
  const sessions = Array.from({ length: full.sessions }, (_, index) => makeSession(full, index, next, clock))
  const items = sessions.flatMap((session) => session.items)
  const count = (test: (item: BoardItem) => boolean) => items.filter(test).length
  return {
    fromMs: MIDNIGHT - 2 * DAY,
    toMs: MIDNIGHT + 9 * DAY,
    nowMs: STORY_NOW_MS,
    frozenUntilMs: STORY_NOW_MS + 2 * HOUR,
    lanes: [...lanes, ...sessions.map((session) => session.lane)],
    items,
    primeBands: Array.from({ length: 11 }, (_, i) => {
      const start = MIDNIGHT + (i - 2) * DAY + 19 * HOUR
      return [start, start + 3 * HOUR] as const
    }),
    published: {
      id: 'plan-31',
      no: 31,
      publishedMs: STORY_NOW_MS - 160 * MIN,
      author: '于敏',
      reason: '',
      score: score(150, 184),
      superseded: false,
      cause: null,
      items: items.length,
      late: 0,
    },
    nextNo: 32,
    proposal: full.compare
      ? {
          id: 'proposal-1',
          kind: 'solve',
          cause: null,
          better: null,
          createdMs: STORY_NOW_MS - MIN,
          reason: '',
          score: score(0, 231),
          baseScore: score(150, 184),
          tasks: items.length,
          moved: 2,
          added: 0,
          late: 0,
          unplanned: 0,
          outdated: false,
        }
      : null,
    counts: {
      late: count((item) => item.plan === 'late'),
      atRisk: count((item) => item.plan === 'at-risk'),
      tentative: count((item) => item.record === 'tentative'),
      pinned: count((item) => item.pinned),
    },
    asOfMs: STORY_NOW_MS,
  }
}

/** An explanation of one task of that board. */
export function explainTask(view: BoardView, taskKey: string): Explanation {
  const item = view.items.find((candidate) => candidate.taskKey === taskKey) as BoardItem
  const steps = ['sample', 'qc', 'broadcast', 'production', 'ship'] as const
  const words = (text: string) => ({ key: 'story.text', params: { text } })
  return {
    taskKey,
    title: item.label,
    plan: item.plan,
    record: item.record,
    opening: [words('竿线 B 先做路亚竿，再换型 70 分，手竿 13:38 才上线，20:30 做完，错过 18:00 揽收。')],
    chain: steps.map((step, index) => {
      const own = view.items.find(
        (candidate) => candidate.sessionId === item.sessionId && candidate.kind === step,
      )
      return {
        step,
        taskKey: own?.taskKey ?? null,
        laneId: own?.laneId ?? null,
        laneName: '',
        startMs: own?.startMs ?? null,
        endMs: own?.endMs ?? view.lanes.find((lane) => lane.id === item.sessionId)?.promiseMs ?? null,
        bead: index < 2 ? 'done' : item.plan === 'late' && index > 2 ? 'late' : 'ring',
        slackMin: item.plan === 'late' && index === 3 ? -150 : 468 - index * 60,
        status: words(index < 2 ? '完成' : '余 7:48'),
      }
    }),
    causes: [{ cause: words('等线'), minutes: 878 }],
    alternatives: [1, 2, 3].map((no) => ({
      no,
      title: words(
        ['手竿先做，路亚竿后移', '分 180 支到竿线 A', '今晚竿线 B 加班 2 时 30 分'][no - 1] as string,
      ),
      effect: words(['全部准时，多换型 70 分', '余 20 分，多 ¥360', '余 0 分，多 ¥780'][no - 1] as string),
      laneId: item.laneId,
      startMs: item.startMs - no * HOUR,
      deltas: [],
      movedOrders: no,
    })),
    whyNotThere: [],
    doNothingFen: 207_600,
    pinned: item.pinned,
  }
}
