import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from './_electron.ts'
import { startProduct } from '../helpers/built-product.ts'
import { AppPage } from './page-models/app-page.ts'
import { BoardPage } from './page-models/board-page.ts'
import { CataloguePage } from './page-models/catalogue-page.ts'
import { FirstRunPage } from './page-models/first-run-page.ts'

test.use({ actionTimeout: 15_000 })

test('an empty belt is filled by hand, from the studio to a session on the board', async ({
  browser,
}, info) => {
  test.skip(info.project.name !== 'browser', 'a product of its own')
  test.setTimeout(240_000)
  const root = mkdtempSync(join(tmpdir(), 'chanbo-catalogue-'))
  const product = await startProduct({ dataDir: join(root, 'data') })
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(product.link)
    await new FirstRunPage(page).createBelt({
      base: '文登基地',
      belt: '威海渔具产业带',
      person: '王岩',
      pin: '482619',
    })
    const app = new AppPage(page)
    const catalogue = new CataloguePage(page)

    // Empty lists teach the order: a product needs a merchant first.
    await app.goTo('资料')
    await expect(page.getByText('还没有商家')).toBeVisible()
    await catalogue.open('products')
    await expect(page.getByRole('button', { name: '先添商家' })).toBeVisible()

    await catalogue.open('studios')
    let panel = await catalogue.add('添直播间')
    await panel.getByRole('button', { name: '保存' }).click()
    await expect(panel.getByText('还有 1 处要改')).toBeVisible()
    await panel.getByLabel('名称').fill('1 号间')
    await catalogue.save(panel, '1 号间')

    await catalogue.open('factories')
    panel = await catalogue.add('添工厂')
    await panel.getByLabel('名称').fill('环翠竿厂')
    await catalogue.save(panel, '环翠竿厂')

    await catalogue.open('lines')
    panel = await catalogue.add('添产线')
    await panel.getByLabel('名称').fill('竿线 A')
    await catalogue.addFamily(panel, '路亚竿')
    await catalogue.addFamily(panel, '手竿')
    await panel.getByLabel('从路亚竿换到手竿的分钟').fill('45')
    await catalogue.save(panel, '竿线 A')
    await expect(catalogue.row('竿线 A')).toContainText('路亚竿 60 · 手竿 60')
    await expect(
      page.getByRole('complementary', { name: '竿线 A' }).getByLabel('从路亚竿换到手竿的分钟'),
    ).toHaveValue('45')

    await catalogue.open('streamers')
    panel = await catalogue.add('添主播')
    await panel.getByLabel('名称').fill('丛珊')
    await catalogue.addFamily(panel, '路亚竿')
    await catalogue.save(panel, '丛珊')

    await catalogue.open('merchants')
    panel = await catalogue.add('添商家')
    await panel.getByLabel('名称').fill('海钓匠渔具')
    await panel.getByLabel('简称').fill('海钓匠')
    await catalogue.save(panel, '海钓匠渔具')

    // The family brings the routing of the line that can make it.
    await page.getByRole('button', { name: '给它添商品' }).click()
    panel = page.getByRole('complementary', { name: '添商品' })
    await panel.getByLabel('名称').fill('2.4 m 路亚竿')
    await panel.getByLabel('品类').fill('路亚竿')
    await panel.getByLabel('品类').press('Enter')
    await expect(panel.getByRole('group', { name: '生产' })).toContainText('竿线 A')
    await catalogue.save(panel, '2.4 m 路亚竿')

    await page.getByRole('button', { name: '给它添 SKU' }).click()
    panel = page.getByRole('complementary', { name: '添 SKU' })
    await panel.getByLabel('名称').fill('ML 调')
    await panel.getByLabel('商家编码').fill('HAI-1')
    await catalogue.save(panel, 'ML 调')

    // Taken out and put back.
    panel = page.getByRole('complementary', { name: 'ML 调' })
    await panel.getByRole('button', { name: '移除' }).click()
    await panel.getByRole('button', { name: '移除' }).last().click()
    await expect(catalogue.row('ML 调')).toHaveCount(0)
    await page.getByRole('button', { name: '放回来' }).click()
    await expect(catalogue.row('ML 调')).toHaveCount(1)

    // The list as a file, as it is shown.
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: '导出' }).click()
    const file = await download
    expect(file.suggestedFilename()).toMatch(/SKU\.csv$/)
    const lines = readFileSync(await file.path(), 'utf8').split('\r\n')
    expect(lines[0]).toContain('商家编码')
    expect(lines[1]).toMatch(/^ML 调,HAI-1,海钓匠,/)

    // A session from the command bar.
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('新场次')
    await page.keyboard.press('Enter')
    panel = page.getByRole('complementary', { name: '新场次' })
    await panel.getByRole('button', { name: '建好这一场' }).click()
    await expect(panel.getByText('选一家商家')).toBeVisible()
    await catalogue.choose(panel, '商家', '海钓匠渔具')
    await panel
      .getByRole('combobox', { name: '添一个 SKU' })
      .or(panel.getByLabel('本场 SKU 与预计件数'))
      .first()
      .click()
    await page.getByRole('option', { name: /HAI-1/ }).click()
    await panel.getByRole('button', { name: '建好这一场' }).click()
    await expect(panel.getByText('已建好，等排期')).toBeVisible()
    await panel.getByRole('button', { name: '去排期板' }).click()

    // Planned, published, on the board.
    const board = new BoardPage(page)
    await board.plan()
    await board.publish('第一场')
    await expect(board.notice()).toContainText('已发布', { timeout: 30_000 })
    await expect(board.bars().filter({ hasText: '海钓匠' }).first()).toBeAttached()
    expect(complaints).toEqual([])
  } finally {
    await context.close()
    await product.stop()
    rmSync(root, { recursive: true, force: true })
  }
})
