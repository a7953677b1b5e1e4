import { describe, expect, it } from 'vitest'
import { readAfterSaleRow } from '../../../shared/imports/aftersale-row.ts'
import { cleanCell, parseCount, parseExportTime, plainText } from '../../../shared/imports/cells.ts'
import { damageFinder, detectFormat } from '../../../shared/imports/detect.ts'
import { normaliseHeading } from '../../../shared/imports/formats.ts'
import { readOrderRow } from '../../../shared/imports/order-row.ts'
import { findShapeProblem, rowReader } from '../../../shared/imports/row-reader.ts'
import { readAfterSale, readStatus } from '../../../shared/imports/statuses.ts'
import {
  AFTERSALE_50,
  DOUDIAN_73,
  DOUDIAN_75,
  KUAISHOU_61,
  afterSaleRow,
  doudianRow,
  kuaishouRow,
  plainId,
  type Cells,
} from '../../fixtures/exports.ts'

function reader(headings: readonly string[], cells: Cells) {
  const detection = detectFormat(headings)
  if (!detection.ok) throw new Error(detection.reason)
  return {
    detection,
    row: rowReader(
      detection.headings,
      detection.columns,
      headings.map((name) => cells[name] ?? '-'),
    ),
  }
}

function order(headings: readonly string[], cells: Cells) {
  const { detection, row } = reader(headings, cells)
  return { read: readOrderRow(row, detection.format.source), problems: row.problems }
}

describe('headings', () => {
  it.each([
    ['doudian-orders', DOUDIAN_73, 73],
    ['doudian-orders', DOUDIAN_75, 75],
    ['doudian-aftersale', AFTERSALE_50, 50],
    ['kuaishou-orders', KUAISHOU_61, 61],
  ] as const)('recognises %s', (id, headings, count) => {
    expect(headings).toHaveLength(count)
    const detection = detectFormat(headings.map((name, i) => (i === 0 ? `\uFEFF${name}` : `"${name}" `)))
    expect(detection).toMatchObject({ ok: true, format: { id } })
  })

  it('names the columns that are missing, also when the order numbers are among them', () => {
    const without = (...names: string[]) => DOUDIAN_73.filter((heading) => !names.includes(heading))
    expect(detectFormat(without('商品数量', '订单状态'))).toMatchObject({
      ok: false,
      reason: 'columns-missing',
      missing: ['商品数量', '订单状态'],
    })
    expect(detectFormat(without('主订单编号'))).toMatchObject({
      reason: 'columns-missing',
      missing: ['主订单编号'],
    })
  })

  it('does not guess at foreign files', () => {
    expect(detectFormat(['name', 'price', '订单状态'])).toMatchObject({ reason: 'not-recognised' })
    expect(detectFormat([])).toMatchObject({ reason: 'not-recognised' })
  })

  it('compares headings whatever the width of their brackets', () => {
    expect(normaliseHeading(' 退商品金额（元） ')).toBe('退商品金额(元)')
  })
})

describe('Doudian order rows', () => {
  it.each([DOUDIAN_73, DOUDIAN_75])('reads a sub-order', (...headings) => {
    const { read, problems } = order(headings, doudianRow(7, { 支付优惠: '1.10', 订单应付金额: '128.35' }))
    expect(problems).toEqual([])
    expect(read).toMatchObject({
      kind: 'order',
      draft: {
        source: 'doudian',
        subOrderNo: plainId(7),
        skuCode: 'LR-001',
        quantity: 1,
        isGift: false,
        payableFen: 12835,
        paidFen: 12725,
        unitPriceFen: 12900,
        orderedMs: Date.UTC(2026, 8, 10, 12, 1, 2),
        paidMs: Date.UTC(2026, 8, 10, 12, 1, 30),
        promisedMs: Date.UTC(2026, 8, 12, 12, 1, 30),
        provinceName: '山东省',
        standing: { status: 'to-ship', afterSale: '', refundFen: 0 },
      },
    })
  })

  it('keeps nothing personal, not even masked', () => {
    const text = JSON.stringify(order(DOUDIAN_73, doudianRow(1, { 选购商品: '##张三 13800000000' })).read)
    expect(text).not.toMatch(/张|138|\*\*|##|\$\$/)
  })

  it('takes a zero-yuan sub-order for a gift', () => {
    const { read } = order(DOUDIAN_73, doudianRow(1, { 订单应付金额: '0.00', 商品单价: '0.00' }))
    expect(read).toMatchObject({ kind: 'order', draft: { isGift: true, paidFen: 0, quantity: 1 } })
  })

  it('leaves out what nobody paid', () => {
    const unpaid = { 支付完成时间: '-', 承诺发货时间: '-' }
    expect(order(DOUDIAN_73, doudianRow(1, { ...unpaid, 订单状态: '待支付' })).read.kind).toBe('unpaid')
    expect(order(DOUDIAN_73, doudianRow(1, { ...unpaid, 订单状态: '已关闭' })).read.kind).toBe('unpaid')
  })

  it('says which cell is wrong and why', () => {
    const { read, problems } = order(
      DOUDIAN_73,
      doudianRow(1, { 商品数量: '一件', 订单应付金额: '1.005', 订单提交时间: '昨天', 子订单编号: '-' }),
    )
    expect(read.kind).toBe('problem')
    expect(problems.map(({ column, reason, severity }) => [column, reason, severity])).toEqual([
      ['子订单编号', 'cell-missing', 'error'],
      ['商品数量', 'quantity-unreadable', 'error'],
      ['订单提交时间', 'time-unreadable', 'error'],
      ['订单应付金额', 'amount-unreadable', 'error'],
    ])
    expect(problems[1]?.excerpt).toBe('一件')
  })

  it('infers an unknown status from the times and warns', () => {
    const { read, problems } = order(
      DOUDIAN_73,
      doudianRow(1, { 订单状态: '星际运输', 发货时间: '2026-09-11 09:00:00' }),
    )
    expect(read).toMatchObject({ kind: 'order', draft: { standing: { status: 'shipped' } } })
    expect(problems).toMatchObject([
      { severity: 'warning', reason: 'status-unknown', suggestion: 'inferred-from-times' },
    ])
  })

  it('keeps hostile cells as plain text', () => {
    const name = `=cmd|' /C calc'!A0 <img src=x onerror=alert(1)>\u202Etxt`
    const { read } = order(DOUDIAN_73, doudianRow(1, { 选购商品: name }))
    expect(read).toMatchObject({
      draft: { productName: `=cmd|' /C calc'!A0 <img src=x onerror=alert(1)>txt` },
    })
  })

  it('falls back to product and specification where the merchant gave no code', () => {
    const { read } = order(DOUDIAN_73, doudianRow(1, { 商家编码: '-' }))
    expect(read).toMatchObject({ draft: { skuCode: '3690000000000000123|颜色:黑;长度:3.6米' } })
  })
})

describe('other formats', () => {
  it('reads Kuaishou with its own promised time', () => {
    const { read } = order(KUAISHOU_61, kuaishouRow(3, { 支付优惠: '2.00' }))
    expect(read).toMatchObject({
      draft: {
        source: 'kuaishou',
        paidFen: 5990,
        payableFen: 6190,
        promisedMs: Date.UTC(2026, 8, 12, 12, 1, 30),
        standing: { status: 'to-ship' },
      },
    })
  })

  it('reads a finished and an open after-sale case', () => {
    const read = (cells: Cells) => {
      const { row } = reader(AFTERSALE_50, afterSaleRow(5, cells))
      return readAfterSaleRow(row, 'doudian')
    }
    expect(read({ '退运费金额（元）': '6.00' })).toMatchObject({
      subOrderNo: plainId(5),
      afterSale: 'refunded',
      refundFen: 13500,
      isQuality: true,
      isReturn: true,
    })
    expect(read({ 售后状态: '待商家处理', 售后原因: '不想要了' })).toMatchObject({
      afterSale: 'open',
      refundFen: 0,
      isQuality: false,
      isReturn: false,
    })
    expect(read({ 售后类型: '未发货仅退款', 商品发货状态: '未发货' })).toMatchObject({ isReturn: false })
  })
})

describe('cells', () => {
  it('strips guards and reads empty marks as empty', () => {
    expect(cleanCell('\t6917930000000000001')).toBe('6917930000000000001')
    expect(cleanCell("'6917930000000000001 ")).toBe('6917930000000000001')
    expect(['-', ' — ', '', '\t-'].map(cleanCell)).toEqual(['', '', '', ''])
  })

  it('reads counts and times, and nothing that only looks like them', () => {
    expect(['3', '3.0', '0', '-1', '1.5', '１', '1e3', ''].map(parseCount)).toEqual([
      3,
      3,
      0,
      null,
      null,
      null,
      null,
      null,
    ])
    expect(parseExportTime('2026-02-29 00:00:00')).toBeNull()
    expect(parseExportTime('1970-01-01 08:00:00')).toBeNull()
    expect(parseExportTime('2024-02-29 00:00:00')).toBe(Date.UTC(2024, 1, 28, 16))
  })

  it('shortens long text by characters, not by half of one', () => {
    expect(plainText('🎣'.repeat(400))).toBe('🎣'.repeat(300))
  })

  it('puts platform words into ours', () => {
    expect(['待支付', '备货中', '部分发货', '已发货', '已完成', '已关闭', '天书'].map(readStatus)).toEqual([
      'unpaid',
      'to-ship',
      'to-ship',
      'shipped',
      'completed',
      'closed',
      null,
    ])
    expect(['', '退款成功', '售后关闭', '待商家处理', '换货成功'].map(readAfterSale)).toEqual([
      '',
      'refunded',
      'closed',
      'open',
      'closed',
    ])
  })
})

describe('damage', () => {
  const find = damageFinder(DOUDIAN_73)
  const cells = (row: Cells) => DOUDIAN_73.map((name) => row[name] ?? '-')

  it('sees what a spreadsheet program did', () => {
    expect(find(cells(doudianRow(1)))).toBeNull()
    expect(find(cells(doudianRow(1, { 主订单编号: '6.91793E+18' })))).toMatchObject({
      kind: 'scientific',
      heading: '主订单编号',
    })
    expect(find(cells(doudianRow(1, { 订单提交时间: '2026/9/10 8:00' })))).toMatchObject({ kind: 'time' })
    expect(find(cells(doudianRow(1, { 子订单编号: '6917930000000000000' })))).toMatchObject({
      kind: 'rounded',
    })
  })

  it('finds rows that are too short, too long or swallowed by an open quote', () => {
    const sound = cells(doudianRow(1))
    expect(findShapeProblem(DOUDIAN_73, sound, ',')).toBeNull()
    expect(findShapeProblem(DOUDIAN_73, [...sound, '', ' '], ',')).toBeNull()
    expect(findShapeProblem(DOUDIAN_73, sound.slice(1), ',')?.reason).toBe('row-too-short')
    expect(findShapeProblem(DOUDIAN_73, [...sound, 'x'], ',')?.reason).toBe('row-too-long')
    const swallowed = [...sound.slice(1), `note\n${sound.slice(30).join(',')}`]
    const note = [...sound.slice(1), '黑色,谢谢\n要快,要好,多谢']
    expect(findShapeProblem(DOUDIAN_73, note, ',')).toBeNull()
    expect(findShapeProblem(DOUDIAN_73, swallowed, ',')).toMatchObject({
      reason: 'quote-unclosed',
      excerpt: '',
    })
  })
})
