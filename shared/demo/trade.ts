import type { RoutingStep } from '../domain/shapes.ts'
import { at, pick, type DemoMerchant, type DemoWorld } from './world.ts'

type Family = 'lure-rod' | 'hand-rod' | 'lure' | 'reel' | 'float' | 'line'

/** Invented firms: key, name, short name, base, families they sell; ordered by size. */
const MERCHANTS: readonly (readonly [string, string, string, string, readonly Family[]])[] = [
  ['haidiaojiang', '海钓匠', '海钓匠', 'wendeng', ['hand-rod', 'lure-rod']],
  ['huancuigan', '环翠竿业', '环翠', 'wendeng', ['lure-rod', 'hand-rod']],
  ['yuanyang', '远洋轮业', '远洋', 'huancui', ['reel']],
  ['rushan', '乳山拟饵社', '乳山', 'wendeng', ['lure']],
  ['rongcheng', '荣成浮漂坊', '荣成', 'wendeng', ['float', 'line']],
  ['yuyue', '鱼跃路亚', '鱼跃', 'wendeng', ['lure', 'lure-rod']],
  ['wendengxian', '文登线轮', '文登', 'wendeng', ['line', 'reel']],
  ['lanwan', '蓝湾渔具', '蓝湾', 'wendeng', ['line', 'lure']],
  ['jinghai', '靖海竿坊', '靖海', 'rongcheng', ['hand-rod']],
  ['shidao', '石岛渔轮', '石岛', 'rongcheng', ['reel']],
  ['chengshan', '成山路亚社', '成山', 'rongcheng', ['lure-rod', 'lure']],
  ['liugong', '刘公岛钓具', '刘公', 'huancui', ['lure-rod']],
  ['kunyu', '昆嵛手竿', '昆嵛', 'wendeng', ['hand-rod']],
  ['muping', '沐平线组', '沐平', 'huancui', ['line']],
  ['xixiakou', '西霞口拟饵', '西霞', 'rongcheng', ['lure']],
  ['tianehu', '天鹅湖浮漂', '天鹅', 'rongcheng', ['float']],
  ['haiyuan', '海源渔具', '海源', 'huancui', ['reel', 'line']],
  ['yintan', '银滩钓坊', '银滩', 'wendeng', ['float']],
  ['heqing', '和庆碳素', '和庆', 'huancui', ['lure-rod']],
  ['zeku', '泽库海钓', '泽库', 'wendeng', ['hand-rod']],
  ['sunjiatuan', '孙家疃手作', '孙家', 'huancui', ['float']],
  ['bohai', '渤澜线业', '渤澜', 'huancui', ['line']],
  ['moye', '墨野路亚', '墨野', 'huancui', ['lure']],
  ['qiandao', '千岛钓线', '千岛', 'rongcheng', ['line']],
  ['dayu', '大鱼小铺', '大鱼', 'wendeng', ['lure']],
  ['laoyutou', '老渔头', '老渔', 'rongcheng', ['hand-rod']],
  ['beihai', '北海轮坊', '北海', 'huancui', ['reel']],
  ['qinghe', '青禾浮漂', '青禾', 'rongcheng', ['float']],
  ['jiaodong', '胶东竿社', '胶东', 'wendeng', ['lure-rod']],
  ['xiaoshi', '小石钓具', '小石', 'huancui', ['line']],
  ['yunfan', '云帆拟饵', '云帆', 'rongcheng', ['lure']],
  ['chaosheng', '潮声渔具', '潮声', 'wendeng', ['float']],
  ['hailan', '海岚手竿', '海岚', 'wendeng', ['hand-rod']],
  ['lingang', '临港小轮', '临港', 'huancui', ['reel']],
  ['wanli', '万里钓线', '万里', 'wendeng', ['line']],
  ['xingtai', '星台路亚', '星台', 'huancui', ['lure']],
  ['yuyou', '渔有渔', '渔有', 'rongcheng', ['hand-rod']],
  ['shanhai', '山海漂坊', '山海', 'rongcheng', ['float']],
  ['nanhai', '南海新区竿铺', '南海', 'wendeng', ['lure-rod']],
  ['dongfang', '东浦线组', '东浦', 'rongcheng', ['line']],
]

interface FamilyGoods {
  readonly models: readonly string[]
  readonly variants: readonly string[]
  readonly priceYuan: readonly [number, number]
  readonly weightG: number
  readonly packaging: string
  readonly packagingG: number
  readonly sampleMin: number
  readonly qcMin: number
  readonly claims: readonly string[]
}

const GOODS: Readonly<Record<Family, FamilyGoods>> = {
  'lure-rod': {
    models: ['2.4 m 路亚竿', '2.1 m 路亚竿', '1.98 m 马口竿', '2.7 m 远投竿', '1.8 m 雷强竿'],
    variants: ['ML 调', 'M 调'],
    priceYuan: [138, 468],
    weightG: 180,
    packaging: 'tube',
    packagingG: 320,
    sampleMin: 90,
    qcMin: 60,
    claims: ['碳布含量 85%，检测报告可查', '导环 6+1，均为 304 不锈钢', '一年内断节可换'],
  },
  'hand-rod': {
    models: ['3.6 m 手竿', '4.5 m 手竿', '5.4 m 手竿', '6.3 m 手竿', '7.2 m 手竿'],
    variants: ['28 调', '37 调'],
    priceYuan: [88, 328],
    weightG: 150,
    packaging: 'tube',
    packagingG: 300,
    sampleMin: 90,
    qcMin: 60,
    claims: ['收缩后 1.18 m，带竿套', '空竿自重 118 g（3.6 m）', '同店 28 调与 37 调可换'],
  },
  lure: {
    models: ['米诺 90 mm', '米诺 70 mm', 'VIB 60 mm', '波爬 100 mm', '鱼跃亮片 21 g'],
    variants: ['沙丁色', '红头白身'],
    priceYuan: [16, 48],
    weightG: 18,
    packaging: 'blister',
    packagingG: 12,
    sampleMin: 60,
    qcMin: 45,
    claims: ['ABS 本体，双钩可换', '自重 12 g，水深 0.8–1.2 m', '涂层 72 小时盐雾测试合格'],
  },
  reel: {
    models: ['纺车轮 3000', '纺车轮 2500', '水滴轮 150', '鼓轮 C40', '前打轮 60'],
    variants: ['左手', '右手'],
    priceYuan: [126, 398],
    weightG: 260,
    packaging: 'box',
    packagingG: 90,
    sampleMin: 120,
    qcMin: 60,
    claims: ['速比 5.2，最大卸力 8 kg', '5+1 轴承，防盐雾', '整机一年保修'],
  },
  float: {
    models: ['矶钓浮漂套装', '阿波漂', '长身枣核漂', '夜光电子漂', '芦苇漂'],
    variants: ['0.5 号', '1 号'],
    priceYuan: [18, 68],
    weightG: 20,
    packaging: 'blister',
    packagingG: 15,
    sampleMin: 45,
    qcMin: 45,
    claims: ['套装 6 支，含配重片', '吃铅量误差 ±0.05 g', '电子漂电池可换，型号 CR425'],
  },
  line: {
    models: ['PE 线 8 编 150 m', 'PE 线 4 编 100 m', '碳素前导 50 m', '尼龙主线 150 m', '绑好子线 20 支'],
    variants: ['1.5 号', '2 号'],
    priceYuan: [22, 88],
    weightG: 30,
    packaging: 'blister',
    packagingG: 14,
    sampleMin: 30,
    qcMin: 45,
    claims: ['1.5 号实测拉力 9.8 kg', '每 10 m 变色', '150 m 一轴，不接头'],
  },
}

/** Promises the story depends on; the rest are drawn. */
const PROMISE_HOURS: Readonly<Record<string, number>> = { wendengxian: 360, haidiaojiang: 72, yuanyang: 48 }

const sizeOf = (rank: number) => (rank < 8 ? 'head' : rank < 20 ? 'middle' : 'long-tail')
const productsOf = (rank: number) => (rank < 4 ? 5 : rank < 8 ? 4 : rank < 20 ? 2 : 1)

/** Forty merchants of very unequal size with their products, SKUs, papers and first quality gates. */
export function addTrade(world: DemoWorld): void {
  MERCHANTS.forEach((row, rank) => addMerchant(world, row, rank))
}

function addMerchant(world: DemoWorld, row: (typeof MERCHANTS)[number], rank: number): void {
  const { drafts, random } = world
  const [key, name, shortName, baseKey, families] = row
  const sizeClass = sizeOf(rank)
  const grade = rank < 12 ? 'A' : random.chance(0.75) ? 'B' : 'C'
  const ref = drafts.add('merchant', `merchant/${key}`, {
    name,
    shortName,
    baseId: `@base/${baseKey}`,
    sizeClass,
    returnRatePct: random.between(80, 150) / 10,
    creditGrade: key === 'xiaoshi' ? 'D' : grade,
    listStatus: key === 'xiaoshi' ? 'watch' : rank < 6 ? 'white' : 'none',
    creditReason: key === 'xiaoshi' ? '近 30 天两次超时揽收' : '',
  })
  const merchant: DemoMerchant = {
    ref,
    key,
    shortName,
    base: `@base/${baseKey}`,
    sizeClass,
    weight: 1 / (rank + 1) ** 0.98,
    promiseHours: PROMISE_HOURS[key] ?? pick(random, [48, 48, 72]),
    skus: [],
  }
  world.merchants.push(merchant)
  drafts.put('merchantDocument', {
    merchantId: ref,
    skuId: null,
    kind: 'business-licence',
    number: `91371000MA3D${String(rank + 10).padStart(4, '0')}X`,
    expiresMs: at(world, random.between(200, 1500), 0),
    evidence: '营业执照副本',
  })
  for (const gate of ['qualification', 'factory-audit'])
    drafts.put('gateVerdict', {
      merchantId: ref,
      skuId: null,
      sessionId: null,
      gate,
      verdict: 'passed',
      evidence: gate === 'qualification' ? '证照齐全' : '现场审核表',
      atMs: at(world, -random.between(40, 90), 600),
    })
  for (let index = 0; index < productsOf(rank); index++) addProduct(world, merchant, families, index, rank)
}

function addProduct(
  world: DemoWorld,
  merchant: DemoMerchant,
  families: readonly Family[],
  index: number,
  rank: number,
): void {
  const { drafts, random } = world
  const family = families[index % families.length]!
  const goods = GOODS[family]
  const turn = Math.floor(index / families.length)
  // The first eight sell from the top of the list; the rest start elsewhere in it, so that not everybody sells one model.
  const model = goods.models[(rank < 8 ? turn : rank + turn) % goods.models.length]!
  const key = `${merchant.key}-${index + 1}`
  const productRef = drafts.add('product', `product/${key}`, {
    name: model,
    shortName: model.slice(0, 8),
    merchantId: merchant.ref,
    family,
    routing: routingOf(world, merchant.base, family, goods),
    returnPolicy: '7d',
    categoryKey: 'general',
  })
  const [low, high] = goods.priceYuan
  const priceFen = random.between(low, high) * 100 - 10
  goods.variants.forEach((variant, option) => {
    const code = `${merchant.key.slice(0, 3).toUpperCase()}${String(rank + 1).padStart(2, '0')}-${index + 1}${option + 1}`
    const skuKey = `${key}-${option + 1}`
    const name = `${model} ${variant}`
    const price = priceFen + option * 500
    const costFen = Math.round(price * (0.42 + random.float() * 0.16))
    const ref = drafts.add('sku', `sku/${skuKey}`, {
      name,
      productId: productRef,
      code,
      externalId: `69${String(17_000_000 + rank * 1000 + index * 10 + option).padStart(12, '0')}`,
      priceFen: price,
      costFen,
      weightG: goods.weightG,
      packaging: goods.packaging,
      packagingG: goods.packagingG,
    })
    merchant.skus.push({
      ref,
      key: skuKey,
      code,
      name,
      productRef,
      productName: model,
      family,
      priceFen: price,
      costFen,
    })
    const isExpiring = merchant.key === 'rongcheng' && family === 'float' && index === 0 && option === 1
    drafts.put('merchantDocument', {
      merchantId: merchant.ref,
      skuId: ref,
      kind: 'conformity',
      number: `WHJC-2026-${String(rank * 20 + index * 2 + option + 1).padStart(5, '0')}`,
      expiresMs: isExpiring ? at(world, 3, 0) : at(world, random.between(60, 500), 0),
      evidence: '第三方检测报告',
    })
    drafts.add('sellingPointCard', `card/${skuKey}`, {
      skuId: ref,
      claims: goods.claims.map((text) => ({ text, evidence: '检测报告' })),
      priceFen: price,
      script: scriptOf(name, goods.claims, merchant.promiseHours),
      promiseHours: merchant.promiseHours,
    })
  })
}

/** The words a streamer has for one SKU; the content review signs exactly these. */
export const scriptOf = (name: string, claims: readonly string[], promiseHours: number): string =>
  `${name}：${claims.join('；')}。付款后 ${promiseHours} 小时内揽收。`

/** The script of a SKU by its family, as on its card. */
export const scriptOfSku = (sku: { name: string; family: string }, promiseHours: number): string =>
  scriptOf(sku.name, GOODS[sku.family as Family].claims, promiseHours)

function routingOf(world: DemoWorld, base: string, family: Family, goods: FamilyGoods): RoutingStep[] {
  const able = world.lines.filter((line) => line.kind === 'line' && line.unitsPerHour[family] !== undefined)
  const near = able.filter((line) => line.base === base)
  const benches = world.lines.filter((line) => line.kind === 'qc' && line.base === base)
  return [
    {
      op: 'sample',
      lineIds: (near.length > 0 ? near : able).map((line) => line.ref),
      durMin: goods.sampleMin,
    },
    { op: 'qc', lineIds: benches.map((bench) => bench.ref), durMin: goods.qcMin },
    { op: 'production', lineIds: able.map((line) => line.ref) },
  ]
}
