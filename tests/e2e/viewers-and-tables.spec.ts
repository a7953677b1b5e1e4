import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from './_electron.ts'
import { startProduct } from '../helpers/built-product.ts'
import { AppPage } from './page-models/app-page.ts'
import { CataloguePage } from './page-models/catalogue-page.ts'

test.use({ actionTimeout: 15_000 })

test('goods are pasted and taken back; a recording of comments is shown as text, and read twice adds nothing', async ({
  browser,
}, info) => {
  test.skip(info.project.name !== 'browser', 'a product of its own')
  test.setTimeout(180_000)
  const root = mkdtempSync(join(tmpdir(), 'chanbo-tables-'))
  const product = await startProduct({ dataDir: join(root, 'data'), args: ['--demo'] })
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(product.link)
    const app = new AppPage(page)
    await app.goTo('资料')
    const catalogue = new CataloguePage(page)
    await catalogue.open('skus')

    // A block as a spreadsheet copies it: one sound row, one whose merchant nobody knows, one that repeats a code.
    await page.getByRole('toolbar', { name: '资料' }).getByRole('button', { name: '从表格粘贴' }).click()
    const chooseBase = async () => {
      await page.locator('.el-select', { has: page.getByRole('combobox', { name: '基地' }) }).click()
      await page.getByRole('option', { name: '文登基地' }).click()
    }
    await chooseBase()
    const table = [
      ['商家', '商品', '规格', '编码', '品类', '售价'],
      ['海钓匠', '试卖竿', '试卖款', 'TRY-1', '路亚竿', '199'],
      ['没有的店', '试卖竿', '试卖款', 'TRY-2', '路亚竿', '199'],
      ['海钓匠', '试卖竿', '2.4 m', 'TRY-1', '路亚竿', '219'],
    ]
    await page.getByLabel('从 Excel 复制整块，贴在这里').fill(table.map((row) => row.join('\t')).join('\n'))
    await expect(page.getByText('3 行里 1 行能用')).toBeVisible()
    await expect(page.getByText('没有商家“没有的店”。')).toBeVisible()
    await expect(page.getByText('编码和第 2 行重复。')).toBeVisible()
    await page.getByRole('button', { name: '存 1 行' }).click()
    await expect(page.getByText('新添 1 行，更新 0 行，跳过 2 行。')).toBeVisible()
    await catalogue.open('skus')
    await page.getByRole('toolbar', { name: '资料' }).getByLabel('筛选').fill('TRY-1')
    await expect(catalogue.row('试卖款')).toBeVisible()
    // The same again with another price is one step, and is taken back as one; without a change there is nothing to take back.
    await page.goBack()
    await chooseBase()
    const again = async (price: string) => {
      const rows = [table[0]!, [...table[1]!.slice(0, 5), price]]
      await page.getByLabel('从 Excel 复制整块，贴在这里').fill(rows.map((row) => row.join('\t')).join('\n'))
      await page.getByRole('button', { name: '存 1 行' }).click()
      await expect(page.getByText('新添 0 行，更新 1 行，跳过 0 行。')).toBeVisible()
    }
    const takeBack = page.getByRole('button', { name: '撤回这一次' })
    await again('199')
    await expect(takeBack).toHaveCount(0)
    await again('299')
    await takeBack.click()
    await expect(page.getByText('已撤回，全部恢复原样。')).toBeVisible()
    await catalogue.open('skus')
    await page.getByRole('toolbar', { name: '资料' }).getByLabel('筛选').fill('TRY-1')
    await expect(catalogue.row('试卖款')).toContainText('199')

    // Comments of the session on air.
    await app.goTo('今日')
    await page.getByRole('row', { name: /直播中/ }).click()
    const panel = page.locator('.danmaku')
    await expect(panel).toContainText('弹幕 260 条')
    const hostile = '&lt;img src=x onerror=alert(1)&gt;怎么买'
    const recording = [10, 11, 12]
      .map((second) => `<d p="${second},1,25,1,1,0,v${second},1">${hostile}</d>`)
      .join('')
    for (const told of ['新收 3 条，0 条以前收过。 录制中途断了', '新收 0 条，3 条以前收过。']) {
      const choosing = page.waitForEvent('filechooser')
      await panel.getByRole('button', { name: '导入弹幕文件' }).click()
      await (
        await choosing
      ).setFiles({ name: 'live.xml', mimeType: 'text/xml', buffer: Buffer.from(`<i>${recording}<d p="1`) })
      await expect(panel).toContainText(told)
    }
    await expect(panel).toContainText('弹幕 263 条')
    await expect(page.locator('.danmaku img')).toHaveCount(0)
    expect(complaints).toEqual([])
  } finally {
    await context.close()
    await product.stop()
    rmSync(root, { recursive: true, force: true })
  }
})
