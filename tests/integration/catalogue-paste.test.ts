import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NEW_BELT, startCore, type TestCore } from '../helpers/core.ts'
import type { PasteKind } from '../../shared/contract/catalogue.ts'

let core: TestCore
let baseId: string

beforeEach(async () => {
  core = startCore()
  await core.call('app/createBelt', NEW_BELT)
  baseId = (await core.call('app/state', {})).bases[0]!.id
})
afterEach(() => core.close())

const add = (kind: PasteKind, text: string) => core.call('catalogue/addPasted', { kind, baseId, text })
const problemsOf = async (kind: PasteKind, text: string) =>
  (await core.call('catalogue/parsePaste', { kind, baseId, text })).rows.map((row) =>
    row.problems.map(({ field, key, value }) => `${field}:${key}:${value}`),
  )
const merchants = async () => (await core.call('catalogue/merchants', {})).rows
const skus = async () => (await core.call('catalogue/skus', {})).rows

const MERCHANTS = [
  '商家名称\t商家简称\t规模\t退货率',
  '威海海钓匠渔具有限公司\t海钓匠\t头部\t8%',
  '荣成浮漂坊\t\t长尾\t12.5',
].join('\r\n')
const SKUS = [
  '商家\t商品\t规格\t编码\t品类\t售价\t成本\t重量',
  '荣成浮漂坊\t芦苇浮漂\t1 号\tFP-1\t浮漂\t29.90\t9.5\t60',
  '荣成浮漂坊\t芦苇浮漂\t2 号\tFP-2\t浮漂\t¥1,032.90\t10.2\t0.065kg',
  '海钓匠\t路亚竿\t\t6917930000000000001\t路亚竿\t299\t120\t310g',
].join('\n')

describe('merchants and goods pasted from a spreadsheet', () => {
  it('are stored as they stand in the table, a product with its first SKU', async () => {
    expect(await add('merchant', MERCHANTS)).toMatchObject({ added: 2, replaced: 0, skipped: 0 })
    expect(
      (await merchants()).map((row) => [row.name, row.shortName, row.sizeClass, row.returnRatePct]),
    ).toEqual(
      expect.arrayContaining([
        ['威海海钓匠渔具有限公司', '海钓匠', 'head', 8],
        ['荣成浮漂坊', '荣成浮漂', 'long-tail', 12.5],
      ]),
    )
    expect(await add('sku', SKUS)).toMatchObject({ added: 3, replaced: 0, skipped: 0 })
    const products = (await core.call('catalogue/products', {})).rows
    expect(products.map(({ name, family }) => [name, family]).sort()).toEqual([
      ['芦苇浮漂', 'float'],
      ['路亚竿', 'lure-rod'],
    ])
    expect((await skus()).map((sku) => [sku.code, sku.name, sku.priceFen, sku.weightG])).toEqual(
      expect.arrayContaining([
        ['FP-1', '1 号', 2990, 60],
        ['FP-2', '2 号', 103290, 65],
        ['6917930000000000001', '路亚竿', 29900, 310],
      ]),
    )
  })

  it('of the same code or name are changed only in what the new table says', async () => {
    await add('merchant', MERCHANTS)
    await add('sku', SKUS)
    expect(await add('merchant', '商家\t退货率\n荣成浮漂坊\t9')).toMatchObject({ added: 0, replaced: 1 })
    expect((await merchants()).find(({ name }) => name === '荣成浮漂坊')).toMatchObject({
      sizeClass: 'long-tail',
      returnRatePct: 9,
      shortName: '荣成浮漂',
    })
    const changed = '编码,店铺,商品,成本\nFP-1,荣成浮漂坊,芦苇浮漂,8.8\n'
    expect(await add('sku', changed)).toMatchObject({ added: 0, replaced: 1 })
    expect((await skus()).find(({ code }) => code === 'FP-1')).toMatchObject({
      name: '1 号',
      priceFen: 2990,
      costFen: 880,
      weightG: 60,
    })
    expect(await skus()).toHaveLength(3)
  })

  it('are shown with what is wrong in each row, and only the sound rows are stored', async () => {
    await add('merchant', MERCHANTS)
    const table = [
      '商家\t商品\t规格\t编码\t品类\t售价',
      '没有的店\t浮漂\t1 号\tA-1\t浮漂\t10',
      '海钓匠\t新品\t1 号\tA-2\t\t10',
      '海钓匠\t渔轮\t2000\t6.91793E+18\t渔轮\t10',
      '海钓匠\t渔轮\t2000\tA-4\t渔轮\t很贵',
      '海钓匠\t渔轮\t3000\tA-5\t渔轮\t10',
      '海钓匠\t渔轮\t3000\tA-5\t渔轮\t12',
      '荣成浮漂坊\t渔轮\t3000\tA-5\t渔轮\t12',
    ].join('\n')
    expect(await problemsOf('sku', table)).toEqual([
      ['merchant:paste.unknownMerchant:没有的店'],
      ['family:paste.missing:'],
      ['code:paste.unreadable:6.91793E+18'],
      ['priceFen:paste.unreadable:很贵'],
      [],
      ['code:paste.twice:6'],
      [],
    ])
    expect(await problemsOf('merchant', '商家\t规模\t退货率\n甲\t超大\t8\n乙\t中\t180\n丙\t\t')).toEqual([
      ['sizeClass:paste.unreadable:超大'],
      ['returnRatePct:paste.outOfRange:180'],
      [],
    ])
    expect(await add('sku', table)).toMatchObject({ added: 2, skipped: 5 })
    expect((await skus()).map(({ code }) => code)).toEqual(['A-5', 'A-5'])
  })

  it('say when the merchant is another base’s, instead of making it twice', async () => {
    const base = await core.call('catalogue/saveBase', {
      id: null,
      ...NEW_BELT.base,
      name: '荣成基地',
      shortName: '荣成',
    })
    await core.call('catalogue/addPasted', { kind: 'merchant', baseId: base.id, text: MERCHANTS })
    expect((await problemsOf('sku', SKUS))[0]).toEqual(['merchant:paste.otherBase:荣成浮漂坊 · 荣成基地'])
  })

  it('keep text from outside as text', async () => {
    const name = `=HYPERLINK("http://x")<img src=x onerror=1>`
    const cell = `"${name.replaceAll('"', '""')}"`
    await add('merchant', `商家\t规模\n${cell}\t小`)
    expect((await merchants())[0]).toMatchObject({ name, sizeClass: 'long-tail' })
  })

  it('are taken back as one step, also those that replaced something, unless somebody has gone on from there', async () => {
    await add('merchant', MERCHANTS)
    const first = await add('sku', SKUS)
    const before = await skus()
    const second = await add(
      'sku',
      `${SKUS.replace('29.90', '19.90')}\n海钓匠\t渔轮\t2000\tYL-1\t渔轮\t88\t40\t200`,
    )
    expect(second).toMatchObject({ added: 1, replaced: 3 })
    await core.call('history/undoSteps', { ids: second.steps })
    expect(await skus()).toEqual(before)
    expect((await core.call('catalogue/products', {})).rows).toHaveLength(2)

    const { id, name, productId, code, externalId, costFen, weightG, packaging, packagingG } = before[0]!
    await core.call('catalogue/saveSku', {
      ...{ id, name, productId, code, externalId, costFen, weightG, packaging, packagingG },
      priceFen: 4711,
    })
    await expect(core.call('history/undoSteps', { ids: first.steps })).rejects.toMatchObject({
      code: 'history-overtaken',
    })
    expect(await skus()).toHaveLength(3)
  })
})
