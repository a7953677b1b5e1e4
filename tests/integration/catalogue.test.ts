import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NEW_BELT, startCore, type TestCore } from '../helpers/core.ts'

let core: TestCore
let baseId: string
let factoryId: string

beforeAll(async () => {
  core = startCore()
  await core.call('app/createBelt', NEW_BELT)
  baseId = (await core.call('catalogue/bases', {}))[0]!.id
  factoryId = (
    await core.call('catalogue/saveFactory', {
      id: null,
      name: '文登竿业一厂',
      shortName: '文竿',
      baseId,
      auditGrade: 'A',
    })
  ).id
})
afterAll(() => core.close())

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const line = (change: object = {}) => ({
  id: null,
  name: '竿线 A',
  shortName: '竿A',
  factoryId,
  kind: 'line' as const,
  unitsPerHour: { 'lure-rod': 48, 'hand-rod': 42 },
  changeoverMin: {
    families: ['lure-rod', 'hand-rod'],
    matrix: [
      [0, 70],
      [60, 0],
    ],
  },
  initialFamily: 'lure-rod',
  shifts: [{ days: [1, 2, 3, 4, 5, 6], fromMin: 480, toMin: 1560 }],
  costFenPerHour: 32_000,
  kwhPerHour: 3.3,
  ...change,
})

describe('the catalogue', () => {
  it('saves a line, reads it back as it was given, and changes it', async () => {
    const { id } = await core.call('catalogue/saveLine', line())
    const [row] = await core.call('catalogue/lines', { baseId })
    expect(row).toMatchObject({ ...line(), id, factoryName: '文登竿业一厂', baseId, downFromMs: null })
    await core.call('catalogue/saveLine', line({ id, name: '竿线一' }))
    expect(await core.call('catalogue/lines', {})).toMatchObject([{ id, name: '竿线一' }])
    expect(await core.call('catalogue/factories', {})).toMatchObject([{ id: factoryId, lines: 1 }])
  })

  it('refuses a line that could not change between its families, and one of a factory that is gone', async () => {
    const oneWay = { families: ['lure-rod'], matrix: [[0]] }
    expect(await codeOf(core.call('catalogue/saveLine', line({ changeoverMin: oneWay })))).toBe('line-shape')
    expect(await codeOf(core.call('catalogue/saveLine', line({ factoryId: 'gone' })))).toBe('bad-refs')
    const ragged = { families: ['lure-rod', 'hand-rod'], matrix: [[0, 1]] }
    expect(await codeOf(core.call('catalogue/saveLine', line({ changeoverMin: ragged })))).toBe('bad-input')
    const backwards = [{ days: [1], fromMin: 600, toMin: 540 }]
    expect(await codeOf(core.call('catalogue/saveLine', line({ shifts: backwards })))).toBe('bad-input')
  })

  it('takes a line down and up again, and tells planning', async () => {
    const [row] = await core.call('catalogue/lines', {})
    const from = Date.parse('2026-09-17T10:00:00+08:00')
    await core.call('catalogue/setLineDown', {
      id: row!.id,
      downFromMs: from,
      downUntilMs: from + 3_600_000,
      reason: '换轴承',
    })
    expect((await core.call('catalogue/lines', {}))[0]).toMatchObject({
      downFromMs: from,
      downReason: '换轴承',
    })
    const event = core.core.services
      .belt()
      .store.db.prepare('SELECT kind, subjectId, fromMs FROM planEvent')
      .all()
    expect(event).toEqual([{ kind: 'line-down', subjectId: row!.id, fromMs: from }])
    await core.call('catalogue/setLineDown', {
      id: row!.id,
      downFromMs: null,
      downUntilMs: null,
      reason: null,
    })
    expect((await core.call('catalogue/lines', {}))[0]).toMatchObject({ downFromMs: null, downReason: null })
  })

  it('keeps merchants, products and SKUs, hides what is removed and brings it back', async () => {
    const merchant = await core.call('catalogue/saveMerchant', {
      id: null,
      name: '<img src=x onerror=alert(1)>',
      baseId,
      sizeClass: 'long-tail',
      returnRatePct: 9.5,
    })
    const product = await core.call('catalogue/saveProduct', {
      id: null,
      name: '2.4 m 路亚竿',
      merchantId: merchant.id,
      family: 'lure-rod',
      routing: [{ op: 'production', lineIds: [(await core.call('catalogue/lines', {}))[0]!.id] }],
    })
    const sku = await core.call('catalogue/saveSku', {
      id: null,
      name: '=cmd|calc',
      productId: product.id,
      code: 'A-1',
      externalId: '6917930001',
      priceFen: 19_900,
      costFen: 8800,
      weightG: 180,
      packagingG: 300,
    })
    expect((await core.call('catalogue/skus', { text: '=cmd' })).rows).toMatchObject([
      { id: sku.id, name: '=cmd|calc', merchantId: merchant.id, stock: 0 },
    ])
    expect((await core.call('catalogue/merchants', { text: '<img' })).rows).toMatchObject([
      { id: merchant.id, products: 1, creditGrade: 'B' },
    ])
    expect((await core.call('catalogue/merchants', { text: '_' })).rows).toEqual([])
    await core.call('catalogue/remove', { table: 'sku', id: sku.id })
    expect((await core.call('catalogue/skus', {})).rows).toEqual([])
    await core.call('catalogue/restore', { table: 'sku', id: sku.id })
    expect((await core.call('catalogue/skus', {})).rows).toHaveLength(1)
    await core.call('catalogue/setCredit', {
      merchantId: merchant.id,
      creditGrade: 'C',
      listStatus: 'watch',
      reason: '超时揽收两次',
    })
    const change = core.core.services
      .belt()
      .store.db.prepare('SELECT fromGrade, toGrade, appealUntilMs - atMs AS days FROM creditChange')
      .get()
    expect(change).toEqual({ fromGrade: 'B', toGrade: 'C', days: 7 * 86_400_000 })
  })
})

it('a new belt knows the public holidays, the grid factors and the rules, each with its source', async () => {
  const reference = await core.call('catalogue/reference', {})
  const year = reference.holidayYears.find((row) => row.year === 2026)!
  expect(year.holidays).toContain('2026-10-01')
  expect(year.makeUpWorkdays).toContain('2026-09-20')
  expect(reference.factors.find((factor) => factor.key === '山东')).toMatchObject({
    kind: 'grid',
    value: 0.6191,
    dataYear: 2023,
  })
  expect([...reference.factors, ...reference.holidayYears].every((row) => row.source !== '')).toBe(true)
  expect(reference.rules.map((rule) => rule.id)).toContain('m117-30-review')
})

describe('rows pasted from a spreadsheet', () => {
  const studios = [
    '名称\t面积（m²）\t开放\t关闭\t费用(元/小时)\t备注',
    '1 号间\t72\t08:00\t次日02:00\t90\t朝南',
    '"2 号\n间"\t40\t8:00\t26:00\t60.5\t',
    '3 号间\t大\t08:00\t20:00\t80\t',
    '\t55\t08:00\t20:00\t80\t',
    '4 号间\t20\t22:00\t21:00\t0\t',
    '',
  ].join('\r\n')

  it('are read before anything is stored, with what is wrong per row', async () => {
    const preview = await core.call('catalogue/parsePaste', { kind: 'studio', baseId, text: studios })
    expect(preview.columns.map((column) => column.field)).toEqual([
      'name',
      'areaM2',
      'openMin',
      'closeMin',
      'feeFenPerHour',
      null,
    ])
    expect(preview.usable).toBe(2)
    expect(
      preview.rows.map((row) => row.problems.map((problem) => `${problem.field}:${problem.key}`)),
    ).toEqual([[], [], ['areaM2:paste.unreadable'], ['name:paste.missing'], ['name:paste.outOfRange']])
    expect(await core.call('catalogue/studios', {})).toEqual([])
  })

  it('are stored, and a second paste of the same names replaces them', async () => {
    expect(await core.call('catalogue/addPasted', { kind: 'studio', baseId, text: studios })).toMatchObject({
      added: 2,
      replaced: 0,
      skipped: 3,
    })
    const rows = await core.call('catalogue/studios', { baseId })
    expect(rows.find((row) => row.name === '1 号间')).toMatchObject({
      areaM2: 72,
      openMin: 480,
      closeMin: 1560,
      feeFenPerHour: 9000,
    })
    const again = studios.replace('\t72\t', '\t75\t')
    expect(await core.call('catalogue/addPasted', { kind: 'studio', baseId, text: again })).toMatchObject({
      added: 0,
      replaced: 2,
      skipped: 3,
    })
    const after = await core.call('catalogue/studios', { baseId })
    expect(after).toHaveLength(2)
    expect(after.find((row) => row.name === '1 号间')!.areaM2).toBe(75)
  })

  it('give lines their rates, shifts and factory, and streamers their families', async () => {
    const lines = [
      '产线\t工厂\t产能\t班次\t换型',
      '竿线 B\t文竿\t路亚竿 52、手竿 45\t1-6 08:00-次日02:00\t60',
      '漂线\t没有的厂\t浮漂 130\t08:00-20:00\t',
    ].join('\n')
    expect(await core.call('catalogue/addPasted', { kind: 'line', baseId, text: lines })).toMatchObject({
      added: 1,
      replaced: 0,
      skipped: 1,
    })
    const made = (await core.call('catalogue/lines', {})).find((row) => row.name === '竿线 B')
    expect(made).toMatchObject({
      unitsPerHour: { 'lure-rod': 52, 'hand-rod': 45 },
      shifts: [{ days: [1, 2, 3, 4, 5, 6], fromMin: 480, toMin: 1560 }],
      changeoverMin: {
        families: ['lure-rod', 'hand-rod'],
        matrix: [
          [0, 60],
          [60, 0],
        ],
      },
    })
    const people = [
      '姓名\t品类\t等级\t出生\t实名',
      '丛珊\t路亚竿、拟饵\ts\t1999/3/7\t是',
      '于海洋\t浮漂\tA\t1999-02-30\t是',
    ].join('\n')
    expect(await core.call('catalogue/addPasted', { kind: 'streamer', baseId, text: people })).toMatchObject({
      added: 1,
      replaced: 0,
      skipped: 1,
    })
    expect(await core.call('catalogue/streamers', {})).toMatchObject([
      {
        name: '丛珊',
        families: ['lure-rod', 'lure'],
        grade: 'S',
        birthDate: '1999-03-07',
        identityVerified: true,
      },
    ])
  })

  it('are refused when nothing can be used', async () => {
    expect(
      await codeOf(core.call('catalogue/addPasted', { kind: 'studio', baseId, text: '随便一段话' })),
    ).toBe('paste-empty')
  })
})

it('gives one merchant’s products and SKUs alone, for the session that sells them', async () => {
  const make = async (name: string) => {
    const merchant = await core.call('catalogue/saveMerchant', {
      id: null,
      name,
      baseId,
      sizeClass: 'middle',
      returnRatePct: 0,
    })
    const product = await core.call('catalogue/saveProduct', {
      id: null,
      name: `${name}的浮漂`,
      merchantId: merchant.id,
      family: 'float',
      routing: [],
    })
    const sku = { name: '1 号漂', code: 'F-1', externalId: null, priceFen: 990, costFen: 300, weightG: 5 }
    await core.call('catalogue/saveSku', { id: null, ...sku, productId: product.id, packagingG: 5 })
    return merchant.id
  }
  const [first] = [await make('浮漂坊'), await make('漂友')]
  expect((await core.call('catalogue/products', { merchantId: first })).rows).toMatchObject([
    { name: '浮漂坊的浮漂', merchantId: first },
  ])
  expect((await core.call('catalogue/skus', { merchantId: first })).rows).toMatchObject([
    { code: 'F-1', merchantId: first },
  ])
  expect((await core.call('catalogue/skus', { text: 'F-1' })).rows).toHaveLength(2)
})
