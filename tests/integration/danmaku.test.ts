import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NEW_BELT, startCore, type TestCore } from '../helpers/core.ts'
import { handFile } from '../helpers/imports.ts'
import { MERCHANT, SESSION } from '../fixtures/rows.ts'

const NOW_MS = Date.UTC(2026, 8, 17, 14, 0)
const START_MS = NOW_MS - 2 * 3_600_000
let core: TestCore
let sessionId: string
let skuIds: string[]

const comment = (seconds: number, body: string, viewer = 'ab') =>
  `<d p="${seconds},1,25,1,1,0,${viewer},1">${body}</d>`
const recording = (...comments: string[]) => `<i>${comments.join('\n')}</i>`
const take = (content: string) =>
  core.call('danmaku/import', { sessionId, fileHandle: handFile(core, content, 'live.xml') })

beforeEach(async () => {
  core = startCore({ clock: () => NOW_MS })
  await core.call('app/createBelt', NEW_BELT)
  const baseId = (await core.call('app/state', {})).bases[0]!.id
  const merchant = await core.call('catalogue/saveMerchant', {
    id: null,
    name: MERCHANT.name,
    baseId,
    sizeClass: 'middle',
    returnRatePct: 0,
  })
  const text = `商家\t商品\t规格\t编码\t品类\n${MERCHANT.name}\t芦苇浮漂\t1 号\tFP-1\t浮漂\n${MERCHANT.name}\t路亚竿\tML 调\tLY-1\t路亚竿`
  await core.call('catalogue/addPasted', { kind: 'sku', baseId, text })
  skuIds = (await core.call('catalogue/skus', {})).rows
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ id }) => id)
  sessionId = core.core.services.transact(core.core.actorOf(core.connection), ({ write }) => {
    const id = write.create('liveSession', {
      ...SESSION,
      merchantId: merchant.id,
      baseId,
      startMs: START_MS,
      endMs: NOW_MS,
      earliestMs: START_MS,
      latestMs: NOW_MS,
      actualStartMs: START_MS,
      actualEndMs: NOW_MS,
      status: 'ended',
    })
    for (const [position, skuId] of skuIds.entries())
      write.create('sessionSku', {
        sessionId: id,
        skuId,
        position,
        lowUnits: 1,
        likelyUnits: 1,
        highUnits: 1,
      })
    return id
  })
})
afterEach(() => core.close())

describe('a recording of a session’s comments', () => {
  it('is counted by goods and questions; reading it again, or one that overlaps, adds nothing twice', async () => {
    const first = [
      comment(10, '芦苇浮漂多少钱？'),
      comment(11, '2号链接还有吗'),
      comment(12, '好看'),
      comment(12, '好看'),
    ]
    expect(await take(recording(...first))).toStrictEqual({
      added: 4,
      repeated: 0,
      elsewhere: 0,
      unreadable: 0,
      masked: 0,
      cutOff: false,
    })
    expect(await take(recording(...first, comment(20, '芦苇浮漂 多少钱', 'cd')))).toMatchObject({
      added: 1,
      repeated: 4,
    })
    const told = await core.call('danmaku/session', { sessionId })
    expect(told).toMatchObject({ total: 5, counted: 5, questions: 3 })
    expect(told.goods).toStrictEqual([
      { skuId: skuIds[0], mentions: 2, questions: 2 },
      { skuId: skuIds[1], mentions: 1, questions: 1 },
    ])
    expect(told.asked[0]).toStrictEqual({ body: '芦苇浮漂多少钱？', count: 2, firstMs: 10_000 })
  })

  it('says what it left out: other times, damaged elements, a crash; and keeps no viewer’s name or number', async () => {
    const text = `<i>${comment(1, '加我13812345678')}<d p="x">坏</d>${comment(90_000, '别场的')}<d p="7,1`
    expect(await take(text)).toStrictEqual({
      added: 1,
      repeated: 0,
      elsewhere: 1,
      unreadable: 1,
      masked: 1,
      cutOff: true,
    })
    const rows = core.core.services
      .belt()
      .store.db.prepare('SELECT body, viewerHmac, tag, scope FROM danmaku')
      .all()
    expect(rows).toMatchObject([{ body: '加我138********', tag: 'phone' }])
    const { viewerHmac } = rows[0] as { viewerHmac: string }
    expect(viewerHmac).toHaveLength(22)
    expect(viewerHmac).not.toContain('ab')
  })

  it('with times of day is placed by the session’s start, and waits for one', async () => {
    const line = `{"event_ms":${START_MS + 5000},"content":"在吗"}`
    expect(await take(line)).toMatchObject({ added: 1 })
    expect((await core.call('danmaku/session', { sessionId })).asked).toStrictEqual([
      { body: '在吗', count: 1, firstMs: 5000 },
    ])
    core.core.services.transact(core.core.actorOf(core.connection), ({ write }) =>
      write.set('liveSession', sessionId, { actualStartMs: null, startMs: null }),
    )
    await expect(take(line)).rejects.toMatchObject({ code: 'session-not-started' })
  })

  it('of another kind is refused, and a file is taken once', async () => {
    await expect(take('订单号,商品\n1,2\n')).rejects.toMatchObject({ code: 'danmaku-not-recognised' })
    await expect(take('')).rejects.toMatchObject({ code: 'danmaku-not-recognised' })
    await expect(core.call('danmaku/import', { sessionId, fileHandle: 'none' })).rejects.toMatchObject({
      code: 'file-gone',
    })
  })

  it('of a long evening is taken while others are answered', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) =>
      comment(index / 3, `第 ${index % 500} 句 怎么买`),
    )
    let slowestMs = 0
    let done = false
    const importing = take(recording(...many)).finally(() => (done = true))
    while (!done) {
      const askedMs = performance.now()
      await core.call('app/syncBar', {})
      slowestMs = Math.max(slowestMs, performance.now() - askedMs)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await importing).toMatchObject({ added: 20_000 })
    expect(slowestMs).toBeLessThan(2000)
    expect((await core.call('danmaku/session', { sessionId })).questions).toBe(20_000)
  }, 60_000)
})
