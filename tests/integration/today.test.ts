import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCore, type TestCore } from '../helpers/core.ts'
import { MINUTE_MS } from '../../shared/domain/time.ts'
import type { TodayView } from '../../shared/contract/today.ts'

let core: TestCore
let now = Date.parse('2027-01-05T01:00:00Z')
let wendeng: string

beforeAll(async () => {
  core = startCore({ clock: () => now })
  await core.call('app/openDemo', {})
  const { bases } = await core.call('app/state', {})
  wendeng = bases.find((base) => base.shortName === '文登')!.id
})
afterAll(() => core.close())

const today = (baseId: string | null = wendeng): Promise<TodayView> => core.call('today/view', { baseId })
const sessionOf = (view: TodayView, merchant: string) =>
  view.sessions.find((session) => session.merchantShortName === merchant)!
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

describe('today at a rural base', () => {
  it('opens with the next start and what is missing for it', async () => {
    const view = await today()
    expect(view.opening).toEqual({
      key: 'say.opening.soonBlocked',
      params: { minutes: 40, merchant: '荣成浮漂坊', rule: 'm117-30-review', count: 1 },
    })
    expect(view.dayKey).toBe('2026-09-17')
    expect(view.counts).toMatchObject({ live: 1, tentative: 1 })
  })

  it('lists the sessions of the next day by start, live one first, with five beads each', async () => {
    const view = await today()
    expect(view.sessions.map((session) => session.merchantShortName)).toEqual([
      '乳山',
      '荣成',
      '环翠',
      '海钓匠',
      '鱼跃',
      '蓝湾',
    ])
    expect(view.sessions.every((session) => session.beads.length === 5)).toBe(true)
    expect(sessionOf(view, '乳山')).toMatchObject({
      live: true,
      beads: ['done', 'done', 'half', 'ring', 'ring'],
    })
    expect(sessionOf(view, '环翠').beads.slice(0, 2)).toEqual(['half', 'risk'])
    expect(sessionOf(view, '蓝湾')).toMatchObject({
      record: 'tentative',
      condition: { key: 'say.condition.unclaimed' },
    })
  })

  it('shows shared studios with the broadcasts of every base', async () => {
    const view = await today()
    expect(view.studios.map((studio) => studio.name)).toEqual(['1 号间', '2 号间', '3 号间', '户外位'])
    const labels = view.studios.flatMap((studio) => studio.blocks.map((block) => block.label))
    expect(labels).toContain('远洋')
    expect(sessionOf(view, '远洋')).toBeUndefined()
  })

  it('names what needs a person, when, and who', async () => {
    const view = await today()
    const keys = view.matters.map((matter) => matter.title.key)
    for (const key of ['review', 'sample', 'short', 'refused', 'expiring'])
      expect(keys).toContain(`say.matter.${key}`)
    expect(view.matters.map((matter) => matter.dueMs)).toEqual(
      view.matters.map((matter) => matter.dueMs).sort((a, b) => a - b),
    )
    const review = view.matters.find((matter) => matter.title.key === 'say.matter.review')!
    expect(review).toMatchObject({
      owner: { name: '丛文静', mine: false },
      action: { key: 'say.action.sign', primary: true },
    })
    const refused = view.matters.find((matter) => matter.kind === 'refused')!
    expect(refused.owner).toMatchObject({ name: '于敏', mine: true })
    expect(refused.note.params).toMatchObject({ reason: 'studio-taken', holder: '海钓匠' })
  })

  it('tells what was handled since midnight, newest first', async () => {
    const { handled, nowMs } = await today()
    expect(handled.map((item) => item.what.key)).toContain('say.handled.dropout')
    expect(handled.every((item) => item.atMs <= nowMs)).toBe(true)
    expect(handled.map((item) => item.atMs)).toEqual(handled.map((item) => item.atMs).sort((a, b) => b - a))
  })

  it('shows another base its own work only', async () => {
    const { bases } = await core.call('app/state', {})
    const view = await today(bases.find((base) => base.shortName === '荣成')!.id)
    expect(view.sessions).toEqual([])
    expect(view.opening.key).toBe('say.opening.empty')
  })
})

describe('bringing a session on air', () => {
  it('is refused until the content review of this very SKU list is signed', async () => {
    const sessionId = sessionOf(await today(), '荣成').id
    const before = await core.call('session/get', { sessionId })
    expect(before.canStart).toBe(false)
    expect(
      before.findings.filter((finding) => finding.status === 'open').map((finding) => finding.ruleId),
    ).toEqual(['m117-30-review'])
    expect(await codeOf(core.call('session/startLive', { sessionId }))).toBe('rule-blocked')

    await core.call('session/signReview', { sessionId, verdict: 'passed' })
    expect(sessionOf(await today(), '荣成')).toMatchObject({
      blocks: 0,
      condition: { key: 'say.condition.ready' },
    })

    await core.call('session/update', {
      sessionId,
      skus: before.skus
        .slice(0, 5)
        .map(({ skuId, lowUnits, likelyUnits, highUnits }) => ({ skuId, lowUnits, likelyUnits, highUnits })),
    })
    const changed = await core.call('session/get', { sessionId })
    expect(changed.findings.find((finding) => finding.status === 'open')).toMatchObject({
      ruleId: 'm117-30-review',
      reason: 'outdated',
    })
    expect(changed.reviews[0]).toMatchObject({ verdict: 'passed', current: false })

    await core.call('session/signReview', { sessionId, verdict: 'passed' })
    now += 30 * MINUTE_MS
    await core.call('session/startLive', { sessionId })
    const view = await today()
    expect(view.counts.live).toBe(2)
    expect(await codeOf(core.call('session/update', { sessionId, title: 'x' }))).toBe('session-state')

    const { nowMs } = view
    expect(
      await codeOf(
        core.call('session/logDropout', {
          sessionId,
          startMs: nowMs,
          endMs: nowMs + 29_000,
          cause: 'network',
        }),
      ),
    ).toBe('bad-input')
    const dropout = await core.call('session/logDropout', {
      sessionId,
      startMs: nowMs,
      endMs: nowMs + 301_000,
      cause: 'network',
    })
    expect(dropout.splits).toBe(true)
    await core.call('session/endLive', { sessionId })
    expect((await core.call('session/get', { sessionId })).status).toBe('ended')
  })

  it('asks for a reason where a rule only warns, and takes it from a person', async () => {
    const sessionId = sessionOf(await today(), '海钓匠').id
    await core.call('session/mark', { sessionId, item: 'network-checked', done: false })
    expect(await codeOf(core.call('session/startLive', { sessionId }))).toBe('rule-warned')
    expect(
      await codeOf(
        core.call('session/override', { sessionId, ruleId: 'm117-30-review', reason: '先开播再补签' }),
      ),
    ).toBe('rule-blocked')
    await core.call('session/override', { sessionId, ruleId: 'belt-network-check', reason: '备用 4G 已测' })
    await core.call('session/startLive', { sessionId })
    expect((await core.call('session/get', { sessionId })).status).toBe('live')
  })

  it('gives its slot back when it is cancelled', async () => {
    const sessionId = sessionOf(await today(), '鱼跃').id
    await core.call('session/cancel', { sessionId, reason: '商家缺货' })
    const db = core.core.services.belt().store.db
    const booking = db
      .prepare(
        'SELECT bookingState.outcome FROM booking JOIN bookingState ON bookingState.bookingId = booking.id WHERE booking.sessionId = ?',
      )
      .get(sessionId)
    expect(booking).toEqual({ outcome: 'released' })
    expect(sessionOf(await today(), '鱼跃')).toBeUndefined()
  })
})

describe('sessions people make', () => {
  it('are stored with their SKUs and listed page by page', async () => {
    const merchants = await core.call('catalogue/merchants', { text: '海钓匠' })
    const skus = await core.call('catalogue/skus', { text: '海钓匠' })
    const { nowMs } = await today()
    const wish = {
      merchantId: merchants.rows[0]!.id,
      title: '=cmd|calc <img onerror=x>',
      platform: 'douyin',
      channel: 'store' as const,
      earliestMs: nowMs + 86_400_000,
      latestMs: nowMs + 2 * 86_400_000,
      durationMin: 120,
      studioIds: [],
      streamerIds: [],
      primeTime: false,
      shippingPromiseHours: 48,
      skus: [{ skuId: skus.rows[0]!.id, lowUnits: 1, likelyUnits: 2, highUnits: 3 }],
    }
    const { id } = await core.call('session/create', wish)
    const made = await core.call('session/get', { sessionId: id })
    expect(made).toMatchObject({ title: wish.title, status: 'wanted', skuCount: 1 })
    expect(await codeOf(core.call('session/create', { ...wish, latestMs: wish.earliestMs + 60_000 }))).toBe(
      'bad-input',
    )
    expect(
      await codeOf(core.call('session/create', { ...wish, skus: [{ ...wish.skus[0]!, skuId: 'gone' }] })),
    ).toBe('bad-refs')

    const span = { fromMs: nowMs - 86_400_000, toMs: nowMs + 8 * 86_400_000 }
    const all = await core.call('session/list', { ...span, limit: 500 })
    const paged: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(cursor)
      paged.push(...page.rows.map((row) => row.id))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(paged).toEqual(all.rows.map((row) => row.id))
    function list(from: string | null) {
      return core.call('session/list', { ...span, limit: 7, cursor: from })
    }
  })

  it('are refused for a black-listed merchant', async () => {
    const merchant = (await core.call('catalogue/merchants', { text: '小石钓具' })).rows[0]!
    await core.call('catalogue/setCredit', {
      merchantId: merchant.id,
      creditGrade: 'D',
      listStatus: 'black',
      reason: '三次超时揽收',
    })
    const { nowMs } = await today()
    const work = core.call('session/create', {
      merchantId: merchant.id,
      title: '线组专场',
      platform: 'douyin',
      channel: 'store',
      earliestMs: nowMs,
      latestMs: nowMs + 86_400_000,
      durationMin: 120,
      studioIds: [],
      streamerIds: [],
      primeTime: false,
      shippingPromiseHours: 48,
      skus: [],
    })
    expect(await codeOf(work)).toBe('merchant-blocked')
  })
})

describe('the command bar', () => {
  it('finds merchants, sessions, SKUs and orders, and takes wildcards as text', async () => {
    const hits = await core.call('search/all', { text: '海钓匠' })
    expect(hits.map((hit) => hit.kind)).toEqual(expect.arrayContaining(['merchant', 'session']))
    expect((await core.call('search/all', { text: '米诺' })).some((hit) => hit.kind === 'sku')).toBe(true)
    expect(await core.call('search/all', { text: '%' })).toEqual([])
    expect(await core.call('search/all', { text: '' })).toEqual([])
    const order = core.core.services
      .belt()
      .store.db.prepare('SELECT orderNo FROM orderLine LIMIT 1')
      .get() as { orderNo: string }
    expect((await core.call('search/all', { text: order.orderNo })).map((hit) => hit.kind)).toEqual(['order'])
  })

  it('shows an official names and sums, nothing single', async () => {
    const { people } = await core.call('app/state', {})
    const official = people.find((person) => person.role === 'official')!
    core.core.services.setPerson(core.connection, official.id)
    try {
      const hits = await core.call('search/all', { text: '海钓匠' })
      expect(new Set(hits.map((hit) => hit.kind))).toEqual(new Set(['merchant']))
      const rows = await core.call('dashboard/rows', {
        kpi: 'gmvPaid',
        fromDay: '2026-09-10',
        toDay: '2026-09-16',
      })
      expect(rows.columns.map((column) => column.key)).not.toContain('orderNo')
      expect(rows.rows.length).toBeGreaterThan(0)
      const sessionId = sessionOf(await today(), '蓝湾').id
      expect(await codeOf(core.call('session/signReview', { sessionId, verdict: 'passed' }))).toBe(
        'not-allowed',
      )
      expect(await codeOf(core.call('session/get', { sessionId }))).toBe('not-allowed')
      expect(await codeOf(core.call('catalogue/skus', {}))).toBe('not-allowed')
    } finally {
      core.core.services.setPerson(core.connection, null)
    }
  })
})
