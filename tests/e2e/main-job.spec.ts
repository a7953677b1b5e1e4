import { expect, test } from './_electron.ts'
import { DOUDIAN_73, csvText, doudianRow } from '../fixtures/exports.ts'
import { AppPage } from './page-models/app-page.ts'
import { BoardPage } from './page-models/board-page.ts'
import { ImportPage } from './page-models/import-page.ts'

// A step that does not happen should fail soon, not at the end of the test.
test.use({ actionTimeout: 15_000 })

/** A SKU of the demo belt; and an unknown one whose name tries to be markup. */
const SKU = 'HAI01-11'
const HOSTILE = '<img src=x onerror=alert(1)>'

function makeExport(): string {
  const rows = [1, 2, 3, 4].map((n) =>
    doudianRow(n, {
      商家编码: SKU,
      商品数量: '10',
      订单提交时间: '2026-09-17 13:0' + n + ':00',
      支付完成时间: '2026-09-17 13:1' + n + ':00',
    }),
  )
  rows.push(doudianRow(5, { 商家编码: 'NEW-1', 选购商品: HOSTILE, 商品数量: '1' }))
  rows.push(doudianRow(6, { 商家编码: SKU, 商品数量: 'three' }))
  return csvText(DOUDIAN_73, rows)
}

test('the main job: explore, import, demand, plan, publish, board, today and dashboard', async ({
  cockpit,
}) => {
  test.setTimeout(240_000)
  const { page, complaints } = cockpit
  const app = new AppPage(page)
  await app.exploreDemo()
  await expect(page.locator('.today-screen h1')).toContainText('。')
  await expect(page.getByRole('grid', { name: '场次' }).getByRole('row')).not.toHaveCount(1)

  // Import: a preview with its problems first, then stored; unknown names are text.
  await app.goTo('导入')
  const imports = new ImportPage(page)
  const before = await demandOf(imports, SKU)
  await imports.drop('orders.csv', makeExport())
  await expect(imports.preview()).toBeVisible({ timeout: 30_000 })
  await expect(imports.chip('有问题')).toContainText('1')
  await imports.chip('全部').click()
  await expect(imports.preview()).toContainText(HOSTILE)
  await expect(imports.preview().locator('img')).toHaveCount(0)
  await imports.take().click()
  await expect(page.getByText('新增 5 行')).toBeVisible({ timeout: 30_000 })
  await expect.poll(() => demandOf(imports, SKU)).toBe(before + 40)

  // The same file again changes nothing.
  await page.getByRole('button', { name: '再导入一份' }).click()
  await imports.drop('orders.csv', makeExport())
  await expect(imports.chip('没变')).toContainText('5')
  await expect(imports.take()).toBeDisabled()
  await page.getByRole('button', { name: '不要这份' }).click()

  await page.getByRole('button', { name: '缺口转成生产单' }).click()
  await expect(page.locator('.demand-table .inline-notice')).toBeVisible()

  // Plan, look, publish.
  await app.goTo('排期板')
  const board = new BoardPage(page)
  const opening = await board.plan()
  expect(Number(/共 (\d+) 项/.exec(opening)?.[1])).toBeGreaterThan(100)
  await board.publish('主播档期已定')
  await expect(board.notice()).toContainText('已发布', { timeout: 30_000 })
  await expect(page.locator('.sync')).toContainText('计划 v1')
  expect(await board.bars().count()).toBeGreaterThan(100)

  // One bar is picked up by keyboard and put back.
  const moved = await board.selectFirstMovable()
  expect(moved).not.toBe('')
  await board.timeline.focus()
  await page.keyboard.press('m')
  await expect(page.locator('.carry-overlay .ghost')).toBeVisible()
  for (let quarter = 0; quarter < 4; quarter++) await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Escape')
  await expect(page.locator('.carry-overlay .ghost')).toHaveCount(0)

  // Pinned: said in words and counted.
  await board.timeline.focus()
  await page.keyboard.press('p')
  await expect(page.getByRole('button', { name: /^固定 1/ })).toBeVisible({ timeout: 15_000 })
  await page.keyboard.press('p')
  await expect(page.getByRole('button', { name: /^固定 0/ })).toBeVisible({ timeout: 15_000 })

  // Dropped two hours later: either a proposal around the new place, or a refusal with numbered places that would do.
  await board.dropLater(8)
  await expect(page.getByRole('button', { name: '发布 v2' })).toBeVisible({ timeout: 30_000 })
  await expect(page.locator('.sync')).toContainText('计划 v1')

  // The dashboard from the stored rows: a figure opens its definition and rows; a chart has its table.
  await app.goTo('产业带')
  await page.getByRole('button', { name: /^成交（用户支付）/ }).click()
  const definition = page.getByRole('complementary', { name: '成交（用户支付）' })
  await expect(definition).toContainText('用户实付金额之和')
  await expect(definition.getByRole('row').nth(1)).toBeVisible({ timeout: 15_000 })
  await page.getByRole('button', { name: '看表格' }).first().click()
  await expect(page.getByRole('grid').first()).toBeVisible()

  expect(complaints).toEqual([])
})

async function demandOf(imports: ImportPage, code: string): Promise<number> {
  const row = imports.demand().getByRole('row').filter({ hasText: code })
  await expect(row).toHaveCount(1)
  return Number((await row.getByRole('gridcell').nth(2).textContent())?.replace(/\D/g, ''))
}
