import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NEW_BELT, startCore, type TestCore } from '../helpers/core.ts'
import { handFile, importFile, makeSku, readFile } from '../helpers/imports.ts'
import { DOUDIAN_73, csvText, doudianRow, plainId } from '../fixtures/exports.ts'

let app: TestCore
let skuId: string
const NOW = Date.UTC(2026, 8, 11)
const PERIOD = { fromMs: Date.UTC(2026, 8, 1), toMs: Date.UTC(2026, 9, 1) }
const HOUR = 3_600_000

const db = () => app.core.services.belt().store.db
const all = <T>(sql: string): T[] => db().prepare<[], T>(sql).all()
const count = (table: string) => all<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]!.n
const actor = () => app.core.actorOf(app.connection)
const many = (rows: number, cells = {}) =>
  csvText(
    DOUDIAN_73,
    Array.from({ length: rows }, (_, n) => doudianRow(n, cells)),
  )

beforeEach(async () => {
  app = startCore({ clock: () => NOW })
  await app.call('app/createBelt', NEW_BELT)
  skuId = makeSku(app)
})
afterEach(() => app.close())

describe('demand becomes production orders', () => {
  const orders = () =>
    all<{ quantity: number; dueMs: number; status: string; kind: string; sourceKey: string }>(
      `SELECT quantity, dueMs, status, kind, sourceKey FROM productionOrder WHERE deleted = 0 ORDER BY dueMs, sourceKey`,
    )
  const stock = (quantity: number) =>
    app.core.services.transact(actor(), ({ write, nowMs }) =>
      write.fact('stockMove', { skuId, quantity, reason: 'counted', atMs: nowMs - HOUR, sourceKey: null }),
    )

  it('by the day it is due, beyond stock, and only once', async () => {
    stock(2)
    await importFile(
      app,
      csvText(DOUDIAN_73, [
        doudianRow(1, { 商品数量: '3', 承诺发货时间: '2026-09-12 18:00:00' }),
        doudianRow(2, { 商品数量: '4', 承诺发货时间: '2026-09-12 20:00:00' }),
        doudianRow(3, { 商品数量: '5', 承诺发货时间: '2026-09-14 20:00:00' }),
        doudianRow(4, { 商品数量: '9', 订单状态: '已关闭', 售后状态: '退款成功' }),
      ]),
    )
    const made = await app.call('demand/toProductionOrders', {})
    expect(made).toEqual({ created: 2, updated: 0, cancelled: 0, units: 10 })
    expect(orders()).toMatchObject([
      { quantity: 5, kind: 'quick-response', status: 'open', dueMs: Date.UTC(2026, 8, 12, 10) },
      { quantity: 5, sourceKey: `demand:${skuId}:2026-09-14` },
    ])
    const ops = count('op')
    expect(await app.call('demand/toProductionOrders', { skuIds: [skuId] })).toMatchObject({
      created: 0,
      updated: 0,
      cancelled: 0,
    })
    expect(count('op')).toBe(ops)
    expect((await app.call('demand/bySku', PERIOD)).rows).toMatchObject([
      { openUnits: 12, stockUnits: 2, productionUnits: 10, shortUnits: 0 },
    ])
  })

  it('follows demand while nobody has started, and adds to what has been', async () => {
    await importFile(app, csvText(DOUDIAN_73, [doudianRow(1, { 商品数量: '3' })]))
    await app.call('demand/toProductionOrders', {})
    await importFile(app, csvText(DOUDIAN_73, [doudianRow(2, { 商品数量: '2' })]))
    expect(await app.call('demand/toProductionOrders', {})).toMatchObject({ created: 0, updated: 1 })
    expect(orders()).toMatchObject([{ quantity: 5 }])
    const [{ id }] = all<{ id: string }>('SELECT id FROM productionOrder') as [{ id: string }]
    app.core.services.transact(actor(), ({ write }) =>
      write.set('productionOrder', id, { status: 'running' }),
    )
    await importFile(app, csvText(DOUDIAN_73, [doudianRow(3)]))
    expect(await app.call('demand/toProductionOrders', {})).toMatchObject({ created: 1, units: 1 })
    expect(orders().map((order) => order.quantity)).toEqual([5, 1])
    const shipped = [1, 2, 3].map((n) =>
      doudianRow(n, { 商品数量: `${4 - n}`, 订单状态: '已发货', 发货时间: '2026-09-11 07:00:00' }),
    )
    await importFile(app, csvText(DOUDIAN_73, shipped))
    expect(await app.call('demand/toProductionOrders', {})).toMatchObject({ cancelled: 1, units: 0 })
    expect(orders().map((order) => order.status)).toEqual(['running', 'cancelled'])
  })

  it('takes shipped units out of a stock that is kept', async () => {
    stock(10)
    const shipped = (time: string) => ({ 商品数量: '2', 订单状态: '已发货', 发货时间: time })
    await importFile(
      app,
      csvText(DOUDIAN_73, [
        doudianRow(1, shipped('2026-09-11 09:00:00')),
        doudianRow(2, shipped('2026-09-10 21:00:00')),
      ]),
    )
    const { rows } = await app.call('demand/bySku', PERIOD)
    expect(rows).toMatchObject([{ stockUnits: 8, openUnits: 0 }])
  })
})

describe('undo', () => {
  it('withdraws new orders, gives changed ones their earlier standing, and lets the right file come', async () => {
    await importFile(app, csvText(DOUDIAN_73, [doudianRow(1)]))
    const wrong = csvText(DOUDIAN_73, [
      doudianRow(1, { 订单状态: '已发货', 发货时间: '2026-09-11 10:00:00' }),
      doudianRow(2),
    ])
    const { importId } = await importFile(app, wrong)
    expect(await app.call('import/undo', { importId })).toMatchObject({ status: 'undone' })
    const { rows } = await app.call('order/list', {})
    expect(rows).toMatchObject([{ subOrderNo: plainId(1), status: 'to-ship', clickedShipMs: null }])
    expect((await app.call('demand/bySku', PERIOD)).rows).toMatchObject([{ orderedUnits: 1, openUnits: 1 }])
    const again = await importFile(app, wrong)
    expect(again.counts).toMatchObject({ new: 0, changed: 2 })
    expect((await app.call('order/list', {})).rows.map((row) => row.status)).toEqual(['to-ship', 'shipped'])
  })

  it('is refused before the commit', async () => {
    const { summary } = await readFile(app, many(2))
    await expect(app.call('import/undo', { importId: summary.importId })).rejects.toMatchObject({
      code: 'import-not-undoable',
    })
  })
})

/** The same data directory after its process ended. */
function restart(dataDir: string): TestCore {
  const next = startCore({ dataDir, clock: () => NOW })
  const close = async () => {
    await next.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return { ...next, close }
}

describe('interruption', () => {
  it('goes on with a commit where the process died, and ends the same', async () => {
    const { summary } = await readFile(app, many(400))
    const { services } = app.core
    const { importId } = summary
    // What a crash between two slices leaves: some rows are in, the journal says how far.
    const { rowApplier } = await import('../../electron/core/features/imports/apply.ts')
    const { findImport, setImportStatus } = await import('../../electron/core/features/imports/repo.ts')
    const { openStaging, stagingPathOf } = await import('../../electron/core/features/imports/staging.ts')
    const path = stagingPathOf(services.belt().path, importId)
    const staging = openStaging(path)!
    services.transact(actor(), (ctx) => setImportStatus(ctx.db, importId, 'committing'))
    const applier = rowApplier(db(), staging, findImport(db(), importId)!)
    services.transact(actor(), (ctx) => applier.slice(ctx, 0, 0))
    staging.close()
    const partial = count('orderLine')
    expect(partial).toBeGreaterThan(0)
    expect(partial).toBeLessThan(400)

    const { dataDir } = app
    await app.core.close()
    app = restart(dataDir)
    await app.call('session/open', {
      personId: (await app.call('app/state', {})).people[0]!.id,
      pin: NEW_BELT.administrator.pin,
    })
    while ((await app.call('import/history', {})).rows[0]!.status !== 'committed')
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect([count('orderLine'), count('orderState'), count('importBatch')]).toEqual([400, 400, 1])
  })

  it('stops for a shutdown and ends when the belt is opened again', async () => {
    const { summary } = await readFile(app, many(2000))
    const { dataDir } = app
    const commit = app.call('import/commit', { importId: summary.importId })
    commit.catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 60))
    await app.core.close()
    await expect(commit).rejects.toMatchObject({ code: 'cancelled' })
    app = restart(dataDir)
    const status = () => all<{ status: string }>('SELECT status FROM importFile')[0]!.status
    while (status() === 'committing') await new Promise((resolve) => setTimeout(resolve, 20))
    expect([status(), count('orderLine'), count('orderState')]).toEqual(['committed', 2000, 2000])
  })

  it('takes back a half-done commit whose rows were lost', async () => {
    const { summary } = await readFile(app, many(60))
    const { services } = app.core
    const { rowApplier } = await import('../../electron/core/features/imports/apply.ts')
    const { findImport, setImportStatus } = await import('../../electron/core/features/imports/repo.ts')
    const { openStaging, removeStaging, stagingPathOf } =
      await import('../../electron/core/features/imports/staging.ts')
    const { resumeImports } = await import('../../electron/core/features/imports/resume.ts')
    const path = stagingPathOf(services.belt().path, summary.importId)
    const staging = openStaging(path)!
    services.transact(actor(), (ctx) => setImportStatus(ctx.db, summary.importId, 'committing'))
    const applier = rowApplier(db(), staging, findImport(db(), summary.importId)!)
    services.transact(actor(), (ctx) => applier.slice(ctx, 0, 0))
    staging.close()
    removeStaging(path)
    await resumeImports(services)
    expect((await app.call('import/history', {})).rows).toMatchObject([{ status: 'undone' }])
    expect((await app.call('order/list', {})).rows).toEqual([])
    expect((await app.call('demand/bySku', PERIOD)).totals).toMatchObject({ openUnits: 0 })
  })

  it('forgets a reading that was cut off and removes its rows', async () => {
    const fileHandle = handFile(app, many(2000))
    const { importId } = await app.call('import/start', { fileHandle })
    await app.call('import/cancel', { importId })
    while ((await app.call('import/history', {})).rows[0]!.status === 'reading')
      await new Promise((resolve) => setTimeout(resolve, 20))
    await expect(app.call('import/preview', { importId })).rejects.toMatchObject({ code: 'cancelled' })
    await expect(app.call('import/commit', { importId })).rejects.toMatchObject({ code: 'import-not-ready' })
    const folder = join(app.dataDir, 'imports')
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
    expect(count('orderLine')).toBe(0)
  })

  it('answers other requests while a commit runs, and never holds the store for long', async () => {
    const { summary } = await readFile(app, many(3000))
    const commit = app.call('import/commit', { importId: summary.importId })
    let between = 0
    let over = false
    void commit.then(() => (over = true))
    while (!over) {
      await app.call('order/list', { limit: 1 })
      between++
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await commit).counts.new).toBe(3000)
    expect(between).toBeGreaterThan(3)
  })
})

describe('exports', () => {
  const download = (handle: string): string => {
    const offer = app.core.takeOffer(handle)!
    copyFileSync(offer.path, `${offer.path}.copy`)
    return readFileSync(`${offer.path}.copy`, 'utf8')
  }

  it('write order rows that spreadsheets cannot run, and that come back as they were', async () => {
    const hostile = ['=cmd|calc', '+1', '-1', '@SUM(A1)', 'x"y,z', '<img src=x onerror=alert(1)>']
    await importFile(
      app,
      csvText(
        DOUDIAN_73,
        hostile.map((name, n) => doudianRow(n, { 选购商品: name, 商家编码: `${name}-${n}` })),
      ),
    )
    const { handle, rows, name } = await app.call('order/export', {})
    expect(rows).toBe(6)
    expect(name).toBe('orders-2026-09-11.csv')
    const text = download(handle)
    expect(text.startsWith('\uFEFF来源,主订单编号')).toBe(true)
    expect(text).not.toMatch(/(^|[,\r\n"])[=+@\t]/)
    const before = all(
      'SELECT subOrderNo, productName, skuCode, payableFen FROM orderLine ORDER BY subOrderNo',
    )
    const ops = count('op')
    const back = await readFile(app, text)
    expect(back.summary).toMatchObject({ format: 'chanbo-orders', counts: { unchanged: 6, problem: 0 } })
    await app.call('import/commit', { importId: back.summary.importId })
    expect(
      all('SELECT subOrderNo, productName, skuCode, payableFen FROM orderLine ORDER BY subOrderNo'),
    ).toEqual(before)
    expect(count('orderState')).toBe(6)
    expect(count('op')).toBeLessThanOrEqual(ops + 1)
  })

  it('write the problems of a preview', async () => {
    const { summary } = await readFile(
      app,
      csvText(DOUDIAN_73, [doudianRow(1), doudianRow(2, { 商品数量: '=2+3' })]),
    )
    const { handle, rows } = await app.call('import/exportProblems', { importId: summary.importId })
    expect(rows).toBe(1)
    expect(download(handle)).toContain(`3,error,商品数量,'=2+3,quantity-unreadable`)
  })
})
