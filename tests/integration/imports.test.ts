import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NEW_BELT, startCore, type TestCore } from '../helpers/core.ts'
import { dataFolder, handFile, importFile, makeSku, readFile, readHandle } from '../helpers/imports.ts'
import {
  AFTERSALE_50,
  DOUDIAN_73,
  DOUDIAN_75,
  KUAISHOU_61,
  afterSaleRow,
  csvText,
  doudianRow,
  kuaishouRow,
  plainId,
} from '../fixtures/exports.ts'

let app: TestCore
let skuId: string
const DAY = { fromMs: Date.UTC(2026, 8, 1), toMs: Date.UTC(2026, 9, 1) }

const count = (table: string): number =>
  app.core.services.belt().store.db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table}`).get()!.n

beforeEach(async () => {
  app = startCore({ clock: () => Date.UTC(2026, 8, 11) })
  await app.call('app/createBelt', NEW_BELT)
  skuId = makeSku(app)
})
afterEach(() => app.close())

describe('an order export', () => {
  it('is previewed, taken over once and becomes demand', async () => {
    const text = csvText(DOUDIAN_73, [
      doudianRow(1),
      doudianRow(2, { 商品数量: '3', 订单应付金额: '387.00' }),
      doudianRow(3, { 订单应付金额: '0.00' }),
      doudianRow(4, { 订单状态: '待支付', 支付完成时间: '-' }),
      doudianRow(5, { 商品数量: '两' }),
      doudianRow(6, { 商家编码: 'ZZ-9', 选购商品: '=cmd|calc <img src=x onerror=alert(1)>' }),
    ])
    const { summary, rows, unknownSkus } = await readFile(app, text)
    expect(summary).toMatchObject({
      status: 'ready',
      format: 'doudian-orders',
      source: 'doudian',
      encoding: 'utf-8',
      rows: 6,
      counts: { new: 4, unpaid: 1, problem: 1 },
      payableFen: 12900 * 2 + 38700,
      units: 6,
      asOfMs: Date.UTC(2026, 8, 10, 12, 1, 30),
    })
    expect(rows.map((row) => [row.rowNo, row.verdict])).toEqual([
      [2, 'new'],
      [3, 'new'],
      [4, 'new'],
      [5, 'unpaid'],
      [6, 'problem'],
      [7, 'new'],
    ])
    expect(rows[4]?.problems).toMatchObject([
      { column: '商品数量', excerpt: '两', reason: 'quantity-unreadable' },
    ])
    expect(unknownSkus).toMatchObject([{ code: 'ZZ-9', rows: 1, units: 1, unitPriceFen: 12900 }])
    expect(count('orderLine')).toBe(0)

    const done = await app.call('import/commit', { importId: summary.importId })
    expect(done.status).toBe('committed')
    expect([count('orderLine'), count('orderState'), count('importBatch')]).toEqual([4, 4, 1])

    const demand = await app.call('demand/bySku', DAY)
    expect(demand.rows).toMatchObject([{ skuId, orderedUnits: 5, giftUnits: 1, openUnits: 5, shortUnits: 5 }])
    expect(demand.unknown).toMatchObject([{ code: 'ZZ-9', openUnits: 1 }])

    const listed = await app.call('order/list', {})
    expect(listed.rows).toHaveLength(4)
    expect(listed.rows.find((row) => row.skuCode === 'ZZ-9')?.productName).toBe(
      '=cmd|calc <img src=x onerror=alert(1)>',
    )
  })

  it('changes nothing when it is imported again', async () => {
    const text = csvText(DOUDIAN_73, [doudianRow(1), doudianRow(2)])
    await importFile(app, text)
    const before = ['orderLine', 'orderState', 'importBatch', 'stockMove', 'op'].map(count)
    const again = await readFile(app, text)
    expect(again.summary.counts).toMatchObject({ new: 0, changed: 0, unchanged: 2 })
    expect(again.summary.sameFileMs).toBe(Date.UTC(2026, 8, 11))
    await app.call('import/commit', { importId: again.summary.importId })
    expect(['orderLine', 'orderState', 'importBatch', 'stockMove', 'op'].map(count)).toEqual(before)
  })

  it('knows the same orders in both column layouts, and takes over what changed', async () => {
    await importFile(app, csvText(DOUDIAN_73, [doudianRow(1), doudianRow(2)]))
    const later = csvText(DOUDIAN_75, [
      doudianRow(1, { 订单状态: '已发货', 发货时间: '2026-09-11 10:00:00' }),
      doudianRow(2),
      doudianRow(3, { 支付完成时间: '2026-09-11 11:00:00' }),
    ])
    const { summary } = await readFile(app, later)
    expect(summary.counts).toMatchObject({ new: 1, changed: 1, unchanged: 1 })
    await app.call('import/commit', { importId: summary.importId })
    expect([count('orderLine'), count('orderState')]).toEqual([3, 4])
    expect((await app.call('demand/bySku', DAY)).rows).toMatchObject([{ openUnits: 2, orderedUnits: 3 }])
  })

  it('never goes back to an older state', async () => {
    const early = csvText(DOUDIAN_73, [doudianRow(1), doudianRow(2)])
    const late = csvText(DOUDIAN_73, [
      doudianRow(1, {
        订单状态: '已完成',
        发货时间: '2026-09-11 10:00:00',
        订单完成时间: '2026-09-15 10:00:00',
      }),
      doudianRow(2, { 订单状态: '已关闭', 售后状态: '退款成功', 取消原因: '不想要了' }),
    ])
    await importFile(app, late)
    const { summary } = await readFile(app, early)
    expect(summary.counts).toMatchObject({ new: 0, changed: 0, older: 2 })
    await app.call('import/commit', { importId: summary.importId })
    const { rows } = await app.call('order/list', {})
    expect(rows.map((row) => [row.subOrderNo, row.status, row.afterSale])).toEqual(
      expect.arrayContaining([
        [plainId(1), 'completed', ''],
        [plainId(2), 'closed', 'refunded'],
      ]),
    )
  })

  it('reports sub-orders that are twice in the file and those that differ from what is known', async () => {
    await importFile(app, csvText(DOUDIAN_73, [doudianRow(1)]))
    const { summary, rows } = await readFile(
      app,
      csvText(DOUDIAN_73, [
        doudianRow(1, { 商品数量: '2' }),
        doudianRow(2),
        doudianRow(2),
        doudianRow(2, { 商品数量: '9' }),
      ]),
    )
    expect(summary.counts).toMatchObject({ new: 1, unchanged: 1, duplicate: 2 })
    expect(rows.map((row) => row.problems.map((problem) => problem.reason))).toEqual([
      ['line-differs'],
      [],
      [],
      ['duplicate-row'],
    ])
  })

  it('reads GB18030, UTF-16 and files without a mark', async () => {
    const rows = [kuaishouRow(1), kuaishouRow(2, { 商品名称: '路亚饵𠮷' })]
    const plain = csvText(KUAISHOU_61, rows, { bom: false })
    expect((await readFile(app, plain)).summary).toMatchObject({ encoding: 'utf-8', source: 'kuaishou' })
    const wide = new Uint8Array(Buffer.from(`\uFEFF${plain}`, 'utf16le'))
    expect((await readFile(app, wide)).summary).toMatchObject({ encoding: 'utf-16le', rows: 2 })
    const chinese = await readFile(app, gb18030(plain))
    expect(chinese.summary).toMatchObject({ encoding: 'gb18030', rows: 2, counts: { new: 2, problem: 0 } })
    expect(chinese.rows[1]?.productName).toBe('路亚饵𠮷')
  })
})

describe('after-sale', () => {
  it('adds refunds and returns to known orders and points out unknown ones', async () => {
    await importFile(
      app,
      csvText(DOUDIAN_73, [doudianRow(1, { 订单状态: '已完成', 发货时间: '2026-09-11 10:00:00' })]),
    )
    const text = csvText(AFTERSALE_50, [afterSaleRow(1, { '退商品金额（元）': '100.01' }), afterSaleRow(77)])
    const { summary, rows } = await readFile(app, text)
    expect(summary.counts).toMatchObject({ changed: 1, problem: 1 })
    expect(rows[1]?.problems).toMatchObject([{ reason: 'order-unknown', suggestion: 'import-orders-first' }])
    await app.call('import/commit', { importId: summary.importId })
    const listed = await app.call('order/list', {})
    expect(listed.rows).toMatchObject([{ afterSale: 'refunded', refundFen: 10001, status: 'completed' }])
    expect(count('returnItem')).toBe(1)
    await importFile(app, text.replace('100.01', '100.01 '))
    expect(count('returnItem')).toBe(1)
  })
})

describe('unknown codes', () => {
  it('are mapped or made with the commit, and later by hand', async () => {
    const baseId = (await app.call('catalogue/bases', {}))[0]!.id
    const named = { id: null, shortName: '', name: '漂' }
    const factoryId = (await app.call('catalogue/saveFactory', { ...named, baseId })).id
    const { id: lineId } = await app.call('catalogue/saveLine', {
      ...named,
      factoryId,
      kind: 'line',
      unitsPerHour: { float: 90 },
      changeoverMin: { families: ['float'], matrix: [[0]] },
      initialFamily: null,
      shifts: [{ days: [1], fromMin: 480, toMin: 1200 }],
      costFenPerHour: 0,
      kwhPerHour: 0,
    })
    const rows = [
      doudianRow(1, { 商家编码: 'A-1' }),
      doudianRow(2, { 商家编码: 'B-2', 选购商品: '浮漂' }),
      doudianRow(3, { 商家编码: 'C-3' }),
    ]
    const merchantId = app.core.services
      .belt()
      .store.db.prepare<[], { id: string }>('SELECT id FROM merchant')
      .get()!.id
    await importFile(app, csvText(DOUDIAN_73, rows), [
      { code: 'A-1', skuId },
      { code: 'B-2', create: { merchantId, name: '浮漂', family: 'float', priceFen: 900 } },
    ])
    // A product made from a file goes over the lines that can already make its family.
    const made = (await app.call('catalogue/products', { text: '浮漂' })).rows.find(
      ({ name }) => name === '浮漂',
    )
    expect(made?.routing).toEqual([
      { op: 'sample', lineIds: [lineId], durMin: 240 },
      { op: 'production', lineIds: [lineId] },
    ])
    const byCode = (await app.call('demand/bySku', DAY)).rows.map((row) => [row.code, row.openUnits])
    expect(byCode).toEqual([
      ['B-2', 1],
      ['LR-001', 1],
    ])
    await app.call('import/mapSku', { source: 'doudian', code: 'C-3', skuId })
    const after = await app.call('demand/bySku', DAY)
    expect(after.unknown).toEqual([])
    expect(after.rows.find((row) => row.skuId === skuId)?.openUnits).toBe(2)
    const next = await readFile(app, csvText(DOUDIAN_73, [doudianRow(9, { 商家编码: 'C-3' })]))
    expect(next.unknownSkus).toEqual([])
  })
})

describe('refusals', () => {
  const refused = async (content: string | Uint8Array) => {
    const error = await readFile(app, content).then(
      () => null,
      (thrown: unknown) => thrown as { code: string; details: Record<string, unknown> },
    )
    return { code: error?.code, details: error?.details }
  }

  it('says what is wrong with a file that cannot be imported, and leaves nothing behind', async () => {
    const good = csvText(DOUDIAN_73, [doudianRow(1), doudianRow(2)])
    expect(await refused('')).toMatchObject({ code: 'file-empty' })
    expect(await refused('\uFEFF')).toMatchObject({ code: 'file-empty' })
    expect(await refused(csvText(DOUDIAN_73, []))).toMatchObject({ code: 'file-empty' })
    expect(await refused(new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 6, 0]))).toMatchObject({
      code: 'file-not-text',
      details: { kind: 'xlsx' },
    })
    expect(await refused(new Uint8Array(4096).map((_, i) => (i * 7919) % 256))).toMatchObject({
      code: 'file-not-text',
    })
    expect(await refused('name,price\nrod,12\n')).toMatchObject({ code: 'file-not-recognised' })
    expect(
      await refused(
        csvText(
          DOUDIAN_73.filter((name) => name !== '商品数量'),
          [doudianRow(1)],
        ),
      ),
    ).toEqual({
      code: 'file-columns-missing',
      details: { columns: ['商品数量'], format: 'doudian-orders' },
    })
    expect(await refused(good.slice(0, -200))).toMatchObject({ code: 'file-truncated', details: { row: 3 } })
    expect(await refused(`${good}"6917`)).toMatchObject({ code: 'file-truncated', details: { row: 4 } })
    expect(count('orderLine')).toBe(0)
    const { rows } = await app.call('import/history', {})
    expect(new Set(rows.map((row) => row.status))).toEqual(new Set(['failed']))
  })

  it('refuses a file that a spreadsheet program saved again', async () => {
    const row = { ...doudianRow(1), 主订单编号: '6.91793E+18', 子订单编号: '6.91793E+18' }
    expect(await refused(csvText(DOUDIAN_73, [doudianRow(2), row]))).toEqual({
      code: 'file-excel-damaged',
      details: { kind: 'scientific', column: '主订单编号', excerpt: '6.91793E+18', row: 3 },
    })
    const times = doudianRow(1, { 订单提交时间: '2026/9/10 8:00', 支付完成时间: '2026/9/10 8:01' })
    expect(await refused(csvText(DOUDIAN_73, [times]))).toMatchObject({
      code: 'file-excel-damaged',
      details: { kind: 'time' },
    })
    const zeros = [1, 2, 3].map((n) => doudianRow(n, { 子订单编号: `69179300000${n}0000000` }))
    expect(await refused(csvText(DOUDIAN_73, zeros))).toMatchObject({
      code: 'file-excel-damaged',
      details: { kind: 'rounded' },
    })
  })

  it('says so when the file has gone', async () => {
    const path = join(app.dataDir, 'never-there.csv')
    const fileHandle = app.core.registerFile({ path, name: 'x.csv', sizeBytes: 1, ephemeral: false })
    await expect(readHandle(app, fileHandle)).rejects.toMatchObject({ code: 'file-gone' })
  })

  it('takes a handle once', async () => {
    const fileHandle = handFile(app, csvText(DOUDIAN_73, [doudianRow(1)]))
    await app.call('import/start', { fileHandle })
    await expect(app.call('import/start', { fileHandle })).rejects.toMatchObject({ code: 'file-gone' })
  })
})

const data = dataFolder()
describe.skipIf(!data)('real headings (skipped where the sample folder is absent: set CHANBO_DATA)', () => {
  const sample = (name: string) => readFileSync(join(data!, 'formats', name), 'utf8').trimEnd()
  it.each([
    ['doudian_orders_73col_header.csv', 'doudian-orders', doudianRow(1)],
    ['doudian_orders_75col_header.csv', 'doudian-orders', doudianRow(1)],
    ['kuaishou_orders_61col_header.csv', 'kuaishou-orders', kuaishouRow(1)],
  ] as const)('%s', async (name, format, row) => {
    const headings = sample(name).replace('\uFEFF', '').split(',')
    const { summary } = await readFile(app, csvText(headings, [row]))
    expect(summary).toMatchObject({ format, counts: { new: 1, problem: 0 } })
  })

  it('refuses the damaged sample', async () => {
    await expect(
      readFile(app, readFileSync(join(data!, 'formats', 'doudian_orders_resaved_by_excel_BAD.csv'))),
    ).rejects.toMatchObject({ code: 'file-excel-damaged' })
  })
})

/** Encodes by inverting the decoder that the platform has: two bytes for the common characters, four for the others. */
function gb18030(text: string): Uint8Array {
  const decoder = new TextDecoder('gb18030')
  const table = new Map<string, number[]>()
  for (let a = 0x81; a <= 0xfe; a++)
    for (let b = 0x40; b <= 0xfe; b++)
      if (b !== 0x7f) table.set(decoder.decode(new Uint8Array([a, b])), [a, b])
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (code < 0x80) bytes.push(code)
    else if (table.has(character)) bytes.push(...table.get(character)!)
    else {
      let rest = code - 0x10000
      const four = [0, 0, 0, 0x30 + (rest % 10)]
      rest = Math.floor(rest / 10)
      four[2] = 0x81 + (rest % 126)
      rest = Math.floor(rest / 126)
      four[1] = 0x30 + (rest % 10)
      four[0] = 0x90 + Math.floor(rest / 10)
      bytes.push(...four)
    }
  }
  return new Uint8Array(bytes)
}
