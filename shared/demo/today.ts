import { pickUpDueMs } from '../domain/promise.ts'
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts'
import { addBooking } from './future.ts'
import { addMinutes, addOrder } from './history.ts'
import { addMarks, addReview, addSession, type Sha256Hex } from './session.ts'
import { DEMO_ZONE, at, pick, type DemoWorld } from './world.ts'

const COMMENTS = [
  '米诺自重多少克',
  '有没有红头白身',
  '几号线能用',
  '什么时候发货',
  '能拍两个吗',
  '夜光的有吗',
  '老板讲讲泳姿',
  '想要 70 的',
  '打黑鱼行不行',
  '刚拍了',
]

/** What goes on now and what goes wrong today. */
export function addToday(world: DemoWorld, hash: Sha256Hex): void {
  addStock(world)
  addLive(world, hash)
  addTroubles(world)
}

/** This morning's count: enough of most SKUs, none of those the troubles are about. */
function addStock(world: DemoWorld): void {
  const { random, drafts } = world
  for (const merchant of world.merchants)
    for (const sku of merchant.skus) {
      const isShort = merchant.key === 'haidiaojiang' && sku === merchant.skus[0]
      const most = sku.family === 'lure' || sku.family === 'line' ? 900 : 140
      drafts.put('stockMove', {
        skuId: sku.ref,
        quantity: isShort ? 0 : random.between(Math.round(most / 8), most),
        reason: 'stock-take',
        atMs: at(world, 0, 400),
        sourceKey: null,
      })
    }
}

/** The broadcast on air: sells since 13:00, lost its line once and came back. */
function addLive(world: DemoWorld, hash: Sha256Hex): void {
  const { random, drafts, nowMs } = world
  const merchant = world.merchants.find((one) => one.key === 'rushan')!
  const skus = merchant.skus.slice(0, 6)
  const startMs = at(world, 0, 13 * 60)
  const endMs = at(world, 0, 16 * 60)
  const ref = addSession(world, {
    key: 'live',
    merchant,
    skus,
    likely: skus.map((_, index) => (index === 0 ? 2000 : 240)),
    status: 'live',
    earliestMs: startMs,
    latestMs: endMs,
    durationMin: 180,
    studio: '@studio/s3',
    streamers: ['@streamer/bi-xiaowen'],
    startMs,
    actualStartMs: startMs + 2 * MINUTE_MS,
  })
  addBooking(world, 'live', ref, merchant, 's3', 'bi-xiaowen', startMs, endMs)
  addReview(world, hash, ref, merchant, skus, at(world, 0, 560))
  addMarks(world, ref, ['identity-reported', 'seller-shown', 'network-checked'], at(world, 0, 740))
  drafts.put('gateVerdict', {
    merchantId: merchant.ref,
    skuId: skus[0]!.ref,
    sessionId: ref,
    gate: 'sample-test',
    verdict: 'passed',
    evidence: '盐雾与承重合格',
    atMs: at(world, -1, 1000),
  })
  drafts.put('productionOrder', {
    skuId: skus[0]!.ref,
    kind: 'quick-response',
    sessionId: ref,
    sourceKey: null,
    quantity: 900,
    releaseMs: endMs,
    dueMs: pickUpDueMs(endMs, merchant.promiseHours, DEMO_ZONE),
    weight: 3,
    status: 'open',
    doneQuantity: 0,
  })
  drafts.put('dropout', {
    sessionId: ref,
    startMs: at(world, 0, 822),
    endMs: at(world, 0, 822) + 250_000,
    cause: 'network',
  })
  addMinutes(world, ref, startMs + 2 * MINUTE_MS, nowMs, merchant)
  for (let serial = 0; serial < 120; serial++) {
    const paidMs = startMs + 3 * MINUTE_MS + random.int(nowMs - startMs - 4 * MINUTE_MS)
    addOrder(world, merchant, pick(random, skus.slice(0, 3)), paidMs, ref, 90_000 + serial, 'open')
  }
  for (let index = 0; index < 260; index++)
    drafts.put('danmaku', {
      sessionId: ref,
      offsetMs: random.int(nowMs - startMs - 2 * MINUTE_MS),
      body: pick(random, COMMENTS),
      viewerHmac: null,
      tag: null,
    })
}

function addTroubles(world: DemoWorld): void {
  const { random, drafts, nowMs } = world
  const of = (key: string) => world.merchants.find((one) => one.key === key)!

  // Sold out on an afternoon: due today by 18:00, nothing in stock, and no line can change over and finish by then.
  const soldOut = of('haidiaojiang')
  const hero = soldOut.skus[0]!
  const soldFrom = at(world, -soldOut.promiseHours / 24, 16 * 60 + 5)
  for (let serial = 0; serial < 200; serial++)
    addOrder(world, soldOut, hero, soldFrom + random.int(110 * MINUTE_MS), null, 91_000 + serial, 'open')
  drafts.put('productionOrder', {
    skuId: hero.ref,
    kind: 'quick-response',
    sessionId: null,
    sourceKey: null,
    quantity: 230,
    releaseMs: at(world, 0, 480),
    dueMs: at(world, 0, 18 * 60),
    weight: 4,
    status: 'open',
    doneQuantity: 0,
  })

  // Overdue since noon.
  const late = of('yuanyang')
  for (let serial = 0; serial < 9; serial++)
    addOrder(
      world,
      late,
      late.skus[0]!,
      nowMs - late.promiseHours * HOUR_MS - random.between(100, 400) * MINUTE_MS,
      null,
      92_000 + serial,
      'open',
    )

  // Wants a room that was given away.
  const refused = of('rushan')
  const startMs = at(world, 2, 19 * 60)
  const ref = addSession(world, {
    key: 'refused',
    merchant: refused,
    skus: refused.skus.slice(2, 6),
    likely: [300, 80, 80, 60],
    status: 'wanted',
    earliestMs: at(world, 2, 480),
    latestMs: at(world, 4, 120),
    durationMin: 180,
    wishStreamers: ['@streamer/bi-xiaowen', '@streamer/cong-shan'],
    primeTime: true,
  })
  addBooking(world, 'refused', ref, refused, 's1', 'bi-xiaowen', startMs, startMs + 3 * HOUR_MS)

  // A request of viewers, and a verdict that stopped a SKU.
  drafts.put('gateVerdict', {
    merchantId: of('moye').ref,
    skuId: of('moye').skus[0]!.ref,
    sessionId: null,
    gate: 'sample-test',
    verdict: 'failed',
    evidence: '涂层 48 小时起泡',
    atMs: at(world, 0, 655),
  })
  drafts.put('violation', {
    streamerId: '@streamer/song-yu',
    ruleId: 'dy-violations',
    atMs: at(world, -5, 1230),
    note: '口播“全网最低”，已当场更正',
  })
}
