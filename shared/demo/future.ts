import { pickUpDueMs } from '../domain/promise.ts'
import { MINUTE_MS } from '../domain/time.ts'
import { addMarks, addReview, addSession, type Sha256Hex } from './session.ts'
import { DEMO_ZONE, at, pick, type DemoMerchant, type DemoSku, type DemoWorld } from './world.ts'

/** Broadcasts of today and the seven days after it. */
const SESSIONS = 60
/** The live one and the one whose slot is refused belong to the story of today. */
const ELSEWHERE = 2

/** day, start minute, length, merchant, studio, streamer, what is not ready yet */
type Fixed = readonly [
  number,
  number,
  number,
  string,
  string,
  string,
  ('ready' | 'no-review' | 'in-qc' | 'tentative')?,
]

/** Announced broadcasts. They never overlap in a room or for a streamer, make-up and reset included. */
const FIXED: readonly Fixed[] = [
  [0, 900, 180, 'rongcheng', 's2', 'yu-haiyang', 'no-review'],
  [0, 1140, 210, 'huancuigan', 's1', 'cong-shan', 'in-qc'],
  [0, 1200, 180, 'haidiaojiang', 's3', 'sun-yifan'],
  [1, 480, 90, 'yuyue', 's4', 'sun-yifan'],
  [1, 570, 180, 'lanwan', 's2', 'bi-xiaowen', 'tentative'],
  [1, 600, 180, 'yuanyang', 's1', 'wang-lan'],
  [1, 1110, 210, 'wendengxian', 's2', 'yu-haiyang'],
  [1, 1140, 180, 'rushan', 's3', 'cong-shan'],
  [1, 1140, 180, 'haidiaojiang', 's1', 'sun-yifan'],
  [2, 840, 180, 'huancuigan', 's3', 'cong-shan'],
  [2, 1140, 180, 'haidiaojiang', 's1', 'sun-yifan'],
  [3, 600, 180, 'rongcheng', 's2', 'jiang-wanyu'],
  [3, 1140, 180, 'yuanyang', 's1', 'wang-lan'],
]

const LIKELY: Readonly<Record<string, readonly [number, number]>> = {
  'lure-rod': [60, 280],
  'hand-rod': [60, 260],
  lure: [300, 1500],
  reel: [80, 360],
  float: [120, 520],
  line: [200, 900],
}

export function addFuture(world: DemoWorld, hash: Sha256Hex): void {
  const fixed = FIXED.map((row, index) => addFixed(world, hash, row, index))
  addWanted(world, SESSIONS - ELSEWHERE - fixed.length)
  addStockOrders(world)
}

const merchantOf = (world: DemoWorld, key: string): DemoMerchant =>
  world.merchants.find((merchant) => merchant.key === key)!

/** The hero first, then others of the same merchant. A repeated broadcast starts from the next product. */
function skusFor(merchant: DemoMerchant, turn: number, count: number): DemoSku[] {
  const from = (turn * 2) % merchant.skus.length
  return [...merchant.skus.slice(from), ...merchant.skus.slice(0, from)].slice(0, count)
}

function likelyOf(world: DemoWorld, merchant: DemoMerchant, family: string): number {
  const [low, high] = LIKELY[family] ?? [60, 200]
  const share = Math.min(1, 0.25 + 1.6 * Math.sqrt(merchant.weight) * (0.5 + world.random.float()))
  return Math.round((low + (high - low) * share) / 10) * 10
}

function addFixed(world: DemoWorld, hash: Sha256Hex, row: Fixed, index: number): string {
  const [day, minute, durationMin, key, studio, streamer, gap = 'ready'] = row
  const merchant = merchantOf(world, key)
  const turn = FIXED.slice(0, index).filter((other) => other[3] === key).length
  const skus = skusFor(merchant, turn, Math.min(6, merchant.skus.length))
  const startMs = at(world, day, minute)
  const endMs = startMs + durationMin * MINUTE_MS
  const likely = skus.map(
    (sku, position) => likelyOf(world, merchant, sku.family) >> (position === 0 ? 0 : 2),
  )
  const ref = addSession(world, {
    key: `fixed/${index}`,
    merchant,
    skus,
    likely,
    status: gap === 'tentative' ? 'planned' : 'announced',
    earliestMs: startMs,
    latestMs: endMs,
    durationMin,
    wishStudios: [`@studio/${studio}`],
    wishStreamers: [`@streamer/${streamer}`],
    primeTime: minute < 1320 && minute + durationMin > 1140,
    studio: `@studio/${studio}`,
    streamers: [`@streamer/${streamer}`],
    startMs,
  })
  if (gap !== 'tentative')
    addBooking(world, `fixed/${index}`, ref, merchant, studio, streamer, startMs, endMs)
  if (gap !== 'no-review' && gap !== 'tentative')
    addReview(world, hash, ref, merchant, skus, at(world, day - 1, 640))
  if (day === 0)
    addMarks(world, ref, ['identity-reported', 'seller-shown', 'network-checked'], at(world, 0, 690))
  addChain(world, {
    sessionRef: ref,
    merchant,
    hero: skus[0]!,
    likely: likely[0]!,
    earliestMs: startMs,
    latestEndMs: endMs,
    durationMin,
    sample: gap === 'in-qc' ? 'made' : day < 2 ? 'passed' : 'wanted',
    kind: 'quick-response',
  })
  return ref
}

export function addBooking(
  world: DemoWorld,
  key: string,
  sessionRef: string,
  merchant: DemoMerchant,
  studio: string,
  streamer: string,
  startMs: number,
  endMs: number,
): void {
  world.drafts.add('booking', `booking/${key}`, {
    baseId: merchant.base,
    sessionId: sessionRef,
    merchantId: merchant.ref,
    label: merchant.shortName,
    studioId: `@studio/${studio}`,
    streamerIds: [`@streamer/${streamer}`],
    kit: [],
    startMs,
    endMs,
    beforeMin: 30,
    afterMin: 20,
    expiresMs: null,
  })
}

interface Chain {
  readonly sessionRef: string
  readonly merchant: DemoMerchant
  readonly hero: DemoSku
  readonly likely: number
  readonly earliestMs: number
  readonly latestEndMs: number
  readonly durationMin: number
  readonly sample: 'passed' | 'made' | 'wanted'
  readonly kind: 'quick-response' | 'presale-test' | 'pre-stock'
}

/**
 * What a session needs made: a sample first (unless it has passed already) and the goods it will sell. `made` means that
 * it is on the line now.
 */
function addChain(world: DemoWorld, chain: Chain): void {
  const { sessionRef, merchant, hero, likely, earliestMs, latestEndMs, sample, kind } = chain
  const { drafts, nowMs } = world
  const order = (fields: Record<string, string | number | null>) =>
    drafts.put('productionOrder', {
      skuId: hero.ref,
      sessionId: sessionRef,
      sourceKey: null,
      weight: weightOf(merchant),
      ...fields,
    })
  if (sample === 'passed')
    drafts.put('gateVerdict', {
      merchantId: merchant.ref,
      skuId: hero.ref,
      sessionId: sessionRef,
      gate: 'sample-test',
      verdict: 'passed',
      evidence: '6 项全合格',
      atMs: Math.min(nowMs, earliestMs) - (merchant.key === 'haidiaojiang' ? 135 : 1560) * MINUTE_MS,
    })
  else
    order({
      kind: 'sample',
      quantity: 2,
      releaseMs: Math.min(nowMs, earliestMs),
      dueMs: latestEndMs - chain.durationMin * MINUTE_MS,
      status: sample === 'made' ? 'running' : 'open',
      doneQuantity: 0,
    })
  order({
    kind,
    quantity: kind === 'presale-test' ? Math.max(20, Math.round(likely / 40) * 10) : likely,
    releaseMs: kind === 'pre-stock' ? nowMs : earliestMs,
    dueMs: kind === 'pre-stock' ? latestEndMs : pickUpDueMs(latestEndMs, merchant.promiseHours, DEMO_ZONE),
    status: 'open',
    doneQuantity: 0,
  })
}

const weightOf = (merchant: DemoMerchant) =>
  merchant.sizeClass === 'head' ? 3 : merchant.sizeClass === 'middle' ? 2 : 1

/** Broadcasts that still look for a room, a streamer and a time: every merchant at least once. */
function addWanted(world: DemoWorld, count: number): void {
  const { random, merchants } = world
  const announced = new Set(FIXED.map((row) => row[3]))
  const queue = merchants.filter((merchant) => !announced.has(merchant.key))
  while (queue.length < count) queue.push(merchants[random.int(20)]!)
  random.shuffle(queue)
  queue.slice(0, count).forEach((merchant, index) => {
    const skus = skusFor(merchant, index % 3, random.between(3, 6))
    const hero = skus[0]!
    const day = 1 + (index % 6)
    const earliestMs = at(world, day, 8 * 60)
    const latestMs = Math.min(at(world, day + random.between(1, 2), 2 * 60), at(world, 7, 0))
    const likely = skus.map(
      (sku, position) => likelyOf(world, merchant, sku.family) >> (position === 0 ? 0 : 2),
    )
    const durationMin = pick(random, [120, 120, 150, 180, 180, 210])
    const able = world.streamers.filter((who) => who.families.includes(hero.family))
    const ref = addSession(world, {
      key: `wanted/${index}`,
      merchant,
      skus,
      likely,
      status: 'wanted',
      earliestMs,
      latestMs,
      durationMin,
      wishStudios: random.chance(0.2) ? [pick(random, world.studios.slice(0, 3)).ref] : [],
      wishStreamers: able.map((who) => who.ref),
      primeTime: random.chance(0.3),
    })
    const draw = random.float()
    const kind = draw < 0.78 ? 'quick-response' : draw < 0.9 ? 'pre-stock' : 'presale-test'
    addChain(world, {
      sessionRef: ref,
      merchant,
      hero,
      likely: likely[0]!,
      earliestMs,
      latestEndMs: latestMs,
      durationMin,
      sample: random.chance(0.6) ? 'wanted' : 'passed',
      kind,
    })
  })
}

/** Stock that runs low without any broadcast. */
function addStockOrders(world: DemoWorld): void {
  const { random, drafts } = world
  for (let index = 0; index < 14; index++) {
    const merchant = world.merchants[index]!
    const sku = merchant.skus.at(-1)!
    drafts.put('productionOrder', {
      skuId: sku.ref,
      kind: 'pre-stock',
      sessionId: null,
      sourceKey: null,
      quantity: Math.round(likelyOf(world, merchant, sku.family) / 2),
      releaseMs: at(world, random.int(2), 480),
      dueMs: at(world, random.between(3, 6), 1080),
      weight: 1,
      status: 'open',
      doneQuantity: 0,
    })
  }
}
