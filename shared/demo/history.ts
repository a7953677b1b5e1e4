import { pickUpDueMs } from '../domain/promise.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/time.ts'
import { addSession } from './session.ts'
import {
  DEMO_ZONE,
  at,
  dayOf,
  pick,
  pickWeighted,
  type DemoMerchant,
  type DemoSku,
  type DemoWorld,
} from './world.ts'

const PROVINCES = ['山东', '江苏', '浙江', '广东', '河北', '河南', '辽宁', '湖北', '四川', '安徽']
/** Days of sessions, line runs and orders; before that only orders, so that periods can be compared. */
export const HISTORY_DAYS = 14
const OLD_DAYS = 18
const ORDERS_PER_DAY = 132
const OLD_ORDERS_PER_DAY = 112

/** A finished broadcast that orders can be tied to. */
interface Aired {
  readonly ref: string
  readonly merchant: DemoMerchant
  readonly skus: readonly DemoSku[]
  readonly startMs: number
  readonly endMs: number
  readonly day: number
}

/** Where a past session may stand: studio key and start minute; spaced so that nothing overlaps. */
const PAST_SLOTS = [
  ['s4', 480],
  ['s2', 540],
  ['s1', 600],
  ['s3', 840],
  ['s2', 1080],
  ['s1', 1140],
  ['s3', 1200],
] as const

export function addHistory(world: DemoWorld): void {
  const aired = addPastSessions(world)
  addOrders(world, aired)
  addMetrics(world, aired)
  addLineRuns(world)
  addAfterSales(world)
}

function addPastSessions(world: DemoWorld): Aired[] {
  const { random } = world
  const weights = world.merchants.map((merchant) => Math.sqrt(merchant.weight))
  const aired: Aired[] = []
  for (let day = -HISTORY_DAYS; day < 0; day++) {
    const used = new Set<string>()
    for (const [studio, minute] of PAST_SLOTS) {
      const merchant = world.merchants[pickWeighted(random, weights)]!
      const skus = merchant.skus.slice(0, 4)
      const streamer = freeStreamer(world, skus[0]!.family, used)
      if (!streamer) continue
      used.add(streamer)
      const startMs = at(world, day, minute)
      const durationMin = minute >= 1080 ? 180 : 120
      const isHit = random.chance(0.87)
      const lateMin = isHit ? random.between(-4, 8) : random.between(14, 40)
      const actualStartMs = startMs + lateMin * MINUTE_MS
      const shareDone = isHit || random.chance(0.5) ? 1 : 0.8
      const actualEndMs = actualStartMs + Math.round(durationMin * shareDone) * MINUTE_MS
      const ref = addSession(world, {
        key: `past${day}-${minute}`,
        merchant,
        skus,
        likely: skus.map(() => random.between(20, 90)),
        status: 'ended',
        earliestMs: startMs,
        latestMs: startMs + durationMin * MINUTE_MS,
        durationMin,
        primeTime: minute >= 1080,
        studio: `@studio/${studio}`,
        streamers: [streamer],
        startMs,
        actualStartMs,
        actualEndMs,
      })
      if (random.chance(studio === 's4' ? 0.4 : 0.06)) {
        const from = actualStartMs + random.between(10, 70) * MINUTE_MS
        world.drafts.put('dropout', {
          sessionId: ref,
          startMs: from,
          endMs: from + random.between(40, 290) * 1000,
          cause: pick(random, ['network', 'network', 'platform', 'streamer'] as const),
        })
      }
      aired.push({ ref, merchant, skus, startMs: actualStartMs, endMs: actualEndMs, day })
    }
  }
  return aired
}

function freeStreamer(world: DemoWorld, family: string, used: ReadonlySet<string>): string | null {
  const able = world.streamers.filter((who) => who.families.includes(family) && !used.has(who.ref))
  return able.length === 0 ? null : pick(world.random, able).ref
}

function addOrders(world: DemoWorld, aired: readonly Aired[]): void {
  const { random, nowMs } = world
  const weights = world.merchants.map((merchant) => merchant.weight)
  let serial = 0
  for (let day = -HISTORY_DAYS - OLD_DAYS; day <= 0; day++) {
    const sessions = aired.filter((one) => one.day === day)
    const isRecent = day >= -HISTORY_DAYS
    const wave = 1 + 0.18 * Math.sin((day + 40) / 2.2)
    const count = Math.round((isRecent ? ORDERS_PER_DAY : OLD_ORDERS_PER_DAY) * wave * (day === 0 ? 0.4 : 1))
    for (let index = 0; index < count; index++) {
      const session =
        sessions.length > 0 && random.chance(0.62)
          ? sessions[
              pickWeighted(
                random,
                sessions.map((one) => one.merchant.weight),
              )
            ]!
          : null
      const merchant = session?.merchant ?? world.merchants[pickWeighted(random, weights)]!
      const sku = pick(random, session?.skus ?? merchant.skus)
      const paidMs = session
        ? session.startMs + random.int(session.endMs - session.startMs)
        : at(world, day, 7 * 60 + random.int(16 * 60))
      if (paidMs < nowMs) addOrder(world, merchant, sku, paidMs, session?.ref ?? null, ++serial)
    }
  }
}

/** One order line and what has become of it by now. */
export function addOrder(
  world: DemoWorld,
  merchant: DemoMerchant,
  sku: DemoSku,
  paidMs: number,
  sessionRef: string | null,
  serial: number,
  fate: 'drawn' | 'open' = 'drawn',
): void {
  const { drafts, random, nowMs } = world
  const quantity =
    sku.family === 'lure' || sku.family === 'line' ? random.between(1, 6) : random.chance(0.12) ? 2 : 1
  const payableFen = sku.priceFen * quantity
  const paidFen = payableFen - (random.chance(0.3) ? Math.min(2000, Math.floor(payableFen / 10)) : 0)
  const dueMs = pickUpDueMs(paidMs, merchant.promiseHours, DEMO_ZONE)
  const orderNo = `69${String(17_300_000_000_000 + serial * 37)}`
  const ref = drafts.add('orderLine', `order/${serial}`, {
    source: 'doudian',
    orderNo,
    subOrderNo: `${orderNo}1`,
    merchantId: merchant.ref,
    skuId: sku.ref,
    sessionId: sessionRef,
    skuCode: sku.code,
    productName: `${sku.productName}`,
    quantity,
    isGift: false,
    orderedMs: paidMs - random.between(5, 60) * 1000,
    paidMs,
    payableFen,
    paidFen,
    promisedMs: dueMs,
    provinceName: pick(random, PROVINCES),
  })
  const life = fate === 'open' ? openLife(nowMs) : drawLife(world, paidMs, dueMs, paidFen)
  const { returned, ...state } = life
  drafts.put('orderState', { orderLineId: ref, ...state })
  if (returned) drafts.put('returnItem', { orderLineId: ref, ...returned })
}

const openLife = (nowMs: number) => ({
  asOfMs: nowMs,
  status: 'to-ship',
  pickedUpMs: null,
  clickedShipMs: null,
  completedMs: null,
  afterSale: '',
  refundFen: 0,
  cancelReason: '',
  returned: null,
})

const RETURN_REASONS = ['不想要了', '尺寸不合适', '与描述不符', '导环松动', '收到破损'] as const

function drawLife(world: DemoWorld, paidMs: number, dueMs: number, paidFen: number) {
  const { random, nowMs } = world
  const requestedMs = paidMs + random.between(5, 55) * MINUTE_MS
  if (random.chance(0.025) && requestedMs < nowMs)
    return {
      ...openLife(nowMs),
      status: 'closed',
      afterSale: 'refunded',
      refundFen: paidFen,
      cancelReason: '一小时内退款',
      returned: { requestedMs, receivedMs: null, reason: '不想要了', isQuality: false, refundFen: paidFen },
    }
  const isKept = random.chance(0.935)
  const span = dueMs - paidMs
  const picked = isKept
    ? paidMs + Math.round(span * (0.25 + 0.7 * random.float()))
    : dueMs + Math.round((nowMs > dueMs ? Math.min(22 * HOUR_MS, nowMs - dueMs) : HOUR_MS) * random.float())
  // The courier calls at three times a day; nothing is picked up at night.
  const pickedUpMs = at(
    world,
    Math.round((Date.parse(dayOf(picked)) - Date.parse(world.today)) / DAY_MS),
    pick(random, [690, 960, 1110]),
  )
  const isPlausible =
    pickedUpMs > paidMs + HOUR_MS && (isKept ? pickedUpMs <= dueMs : pickedUpMs <= nowMs || picked > nowMs)
  const shippedMs = isPlausible ? pickedUpMs : picked
  if (shippedMs > nowMs) return openLife(nowMs)
  const completedMs = shippedMs + random.between(60, 150) * HOUR_MS
  const isCompleted = completedMs <= nowMs
  const isReturned = isCompleted && random.chance(0.115)
  const returnMs = completedMs + random.between(6, 130) * HOUR_MS
  const isBack = isReturned && returnMs + 3 * DAY_MS < nowMs
  const reason = pick(random, RETURN_REASONS)
  return {
    asOfMs: nowMs,
    status: isCompleted ? 'completed' : 'shipped',
    pickedUpMs: shippedMs,
    clickedShipMs: shippedMs - random.between(30, 200) * MINUTE_MS,
    completedMs: isCompleted ? completedMs : null,
    afterSale: isReturned && returnMs < nowMs ? (isBack ? 'refunded' : 'open') : '',
    refundFen: isBack ? paidFen : 0,
    cancelReason: '',
    returned:
      isReturned && returnMs < nowMs
        ? {
            requestedMs: returnMs,
            receivedMs: isBack ? returnMs + 3 * DAY_MS : null,
            reason,
            isQuality: reason === '导环松动' || reason === '收到破损',
            refundFen: isBack ? paidFen : 0,
          }
        : null,
  }
}

/** Minute figures of yesterday's sessions. */
function addMetrics(world: DemoWorld, aired: readonly Aired[]): void {
  for (const session of aired.filter((one) => one.day >= -1))
    addMinutes(world, session.ref, session.startMs, session.endMs, session.merchant)
}

export function addMinutes(
  world: DemoWorld,
  ref: string,
  startMs: number,
  endMs: number,
  merchant: DemoMerchant,
): void {
  const { random, drafts } = world
  const scale = 20 + Math.round(160 * Math.sqrt(merchant.weight))
  for (let minuteMs = Math.ceil(startMs / MINUTE_MS) * MINUTE_MS; minuteMs < endMs; minuteMs += MINUTE_MS) {
    const views = random.between(Math.round(scale * 0.6), Math.round(scale * 1.4))
    const orders = random.chance(Math.min(0.9, views * 0.006)) ? random.between(1, 2) : 0
    drafts.put('minuteMetric', {
      sessionId: ref,
      minuteMs,
      viewers: Math.round(views * 0.78),
      views,
      orders,
      paidFen: orders * random.between(4900, 21900),
      comments: random.between(0, Math.ceil(scale / 12)),
    })
  }
}

function addLineRuns(world: DemoWorld): void {
  const { random, drafts } = world
  const byFamily = new Map<string, DemoSku[]>()
  for (const sku of world.merchants.flatMap((merchant) => merchant.skus))
    byFamily.set(sku.family, [...(byFamily.get(sku.family) ?? []), sku])
  for (const line of world.lines.filter((one) => one.kind === 'line')) {
    const families = Object.keys(line.unitsPerHour).filter((family) => byFamily.has(family))
    for (let day = -HISTORY_DAYS; day <= 0; day++) {
      const weekday = new Date(Date.parse(world.today) + day * DAY_MS).getUTCDay()
      if (weekday === 0) continue
      let minute = 480
      let last = ''
      const stop = day === 0 ? 13 * 60 : 19 * 60
      while (minute < stop - 120) {
        const family = pick(random, families)
        if (last !== '' && family !== last) {
          const changeMin = random.between(25, 75)
          drafts.put('lineRun', run(world, line.ref, day, minute, changeMin, 'changeover', null, 0, 0))
          minute += changeMin
        }
        last = family
        const durationMin = Math.min(random.between(110, 260), stop - minute)
        const made = Math.round(
          (line.unitsPerHour[family]! * durationMin * (0.82 + 0.16 * random.float())) / 60,
        )
        const scrap = Math.round(made * 0.02 * random.float())
        const sku = pick(random, byFamily.get(family)!)
        drafts.put(
          'lineRun',
          run(world, line.ref, day, minute, durationMin, 'run', sku.ref, made - scrap, scrap),
        )
        minute += durationMin + random.between(5, 60)
        if (random.chance(0.04)) {
          drafts.put('lineRun', run(world, line.ref, day, minute, 40, 'down', null, 0, 0))
          minute += 40
        }
      }
    }
  }
}

const run = (
  world: DemoWorld,
  lineId: string,
  day: number,
  minute: number,
  durationMin: number,
  kind: 'run' | 'changeover' | 'down',
  skuId: string | null,
  goodUnits: number,
  scrapUnits: number,
) => ({
  lineId,
  startMs: at(world, day, minute),
  endMs: at(world, day, minute + durationMin),
  kind,
  skuId,
  goodUnits,
  scrapUnits,
})

/** Complaints, and requests from viewers that became revisions. */
function addAfterSales(world: DemoWorld): void {
  const { random, drafts, nowMs } = world
  for (let index = 0; index < 26; index++) {
    const merchant =
      world.merchants[
        pickWeighted(
          random,
          world.merchants.map((one) => one.weight),
        )
      ]!
    const openedMs = nowMs - random.between(6, 13 * 24) * HOUR_MS
    const answeredMs = openedMs + random.between(1, 20) * HOUR_MS
    const closedMs = answeredMs + random.between(4, 60) * HOUR_MS
    drafts.put('complaint', {
      merchantId: merchant.ref,
      orderNo: `69${17_300_000_000_000 + random.int(900) * 37}`,
      reason: pick(random, ['发货慢', '少件', '导环松动', '客服未回', '颜色不符']),
      openedMs,
      answeredMs: answeredMs < nowMs ? answeredMs : null,
      closedMs: closedMs < nowMs ? closedMs : null,
      outcome: closedMs < nowMs ? pick(random, ['补发', '退款', '解释后关闭']) : '',
    })
  }
  for (let index = 0; index < 9; index++) {
    const merchant = world.merchants[index * 2]!
    const openedMs = nowMs - random.between(20, 300) * HOUR_MS
    const signal = drafts.add('signal', `signal/${index}`, {
      productId: merchant.skus[0]!.productRef,
      sessionId: null,
      topic: pick(random, ['竿稍太硬', '想要夜光款', '线组要短一点', '能不能出左手', '漂尾看不清']),
      mentions: random.between(12, 80),
      firstMs: openedMs - 5 * HOUR_MS,
      status: 'accepted',
    })
    const answeredMs = openedMs + random.between(20, 90) * HOUR_MS
    drafts.put('revision', {
      productId: merchant.skus[0]!.productRef,
      signalId: signal,
      openedMs,
      clockHours: 72,
      answeredMs: answeredMs < nowMs ? answeredMs : null,
      sampleMs: null,
      onAirMs: null,
      outcome: answeredMs < nowMs ? '已出改款样' : '',
    })
  }
}
