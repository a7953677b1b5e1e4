import { readFileSync } from 'node:fs'
import type { Locator, Page } from '@playwright/test'
import { DOUDIAN_73, csvText, doudianRow } from '../fixtures/exports.ts'
import { FORMULA, MARKUP, STARTS, hostileCode, makeHostile } from '../fixtures/hostile.ts'
import { NEW_BELT, startCore } from '../helpers/core.ts'
import { importFile } from '../helpers/imports.ts'
import { expect, test as base } from './_electron.ts'
import { AppPage } from './page-models/app-page.ts'
import { BoardPage } from './page-models/board-page.ts'
import { ImportPage } from './page-models/import-page.ts'

/** The demo belt with a hostile name on every row that carries one. */
const onHostileDemo = base.extend({
  dataDir: async ({ dataDir }, use) => {
    const app = startCore({ dataDir })
    await app.call('app/openDemo', {})
    makeHostile(app.core, app.connection)
    await app.close()
    await use(dataDir)
  },
})
/** A belt of people with PINs, all of it hostile, so that the sign-in screen comes first. */
const onHostileBelt = base.extend({
  dataDir: async ({ dataDir }, use) => {
    const app = startCore({ dataDir, deviceName: `${MARKUP} device` })
    await app.call('app/createBelt', {
      ...NEW_BELT,
      name: `${MARKUP} belt`,
      shortName: '<b>x</b>',
      base: { ...NEW_BELT.base, name: FORMULA, shortName: '=1+1' },
      administrator: { name: MARKUP, pin: NEW_BELT.administrator.pin },
    })
    await app.close()
    await use(dataDir)
  },
})
onHostileDemo.use({ actionTimeout: 15_000 })
onHostileBelt.use({ actionTimeout: 15_000 })

/** Nothing ran, and nothing of a name became an element. */
async function expectOnlyText(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    hit: '__hit' in window,
    elements: document.querySelectorAll('img[src="x"], [onerror]').length,
  }))
  expect(found).toEqual({ hit: false, elements: 0 })
}

/** Shown as written: in the text, or in what a screen reader is told. */
async function expectShown(scope: Locator, text: string): Promise<void> {
  await expect
    .poll(
      () =>
        scope.evaluate(
          (root, wanted) =>
            root.textContent.includes(wanted) ||
            [...root.querySelectorAll('[aria-label], [title]')].some((element) =>
              `${element.getAttribute('aria-label') ?? ''} ${element.getAttribute('title') ?? ''}`.includes(
                wanted,
              ),
            ),
          text,
        ),
      { message: `"${text}" should be on the page as text`, timeout: 20_000 },
    )
    .toBe(true)
}

const open = async (page: Page, path: string) => {
  await page.evaluate((hash) => (location.hash = hash), `#${path}`)
}

/** Order rows whose every free cell is hostile; the last one is refused for its quantity. */
function hostileExport(): string {
  const rows = STARTS.map((start, n) =>
    doudianRow(n + 1, {
      商家编码: n % 2 === 0 ? hostileCode(n) : `${start} unknown`,
      选购商品: `${start} product`,
      商品规格: MARKUP,
      买家留言: FORMULA,
      取消原因: start,
      省: start,
      达人昵称: MARKUP,
      订单提交时间: '2026-09-17 13:00:00',
      支付完成时间: '2026-09-17 13:10:00',
    }),
  )
  rows.push(doudianRow(20, { 商品数量: MARKUP }), doudianRow(21, { 商品数量: FORMULA }))
  return csvText(DOUDIAN_73, rows)
}

onHostileDemo(
  'names with markup or formulas are text on every screen, in both languages',
  async ({ cockpit }) => {
    onHostileDemo.setTimeout(300_000)
    const { page, complaints } = cockpit
    await expect(page.locator('.today-screen h1')).toBeVisible({ timeout: 30_000 })
    await expectShown(page.locator('.top-bar'), MARKUP)

    const imports = new ImportPage(page)
    await open(page, '/import')
    await imports.drop(`${MARKUP}.csv`, hostileExport())
    await expect(imports.preview()).toBeVisible({ timeout: 30_000 })
    await imports.chip('全部').click()
    await expectShown(imports.preview(), `${MARKUP} product`)
    await expectShown(imports.preview(), `${FORMULA} product`)
    await page.getByRole('button', { name: '现在配' }).click()
    await expectShown(imports.preview(), `${FORMULA} unknown`)
    await imports.preview().locator('.sku').getByRole('combobox').first().click()
    await expectOnlyText(page)
    await page.keyboard.press('Escape')
    await imports.take().click()
    await expect(page.getByText(/新增 \d+ 行/)).toBeVisible({ timeout: 30_000 })

    await open(page, '/board')
    await new BoardPage(page).plan()

    for (const language of ['zh-CN', 'en']) {
      if (language === 'en') await page.locator('.top-bar .language').click()
      await expect(page.locator('html')).toHaveAttribute('lang', language)
      await visitBoard(page)
      await visitToday(page)
      await visitStudio(page)
      await visitBelt(page)
      await visitImport(page)
      await visitSync(page)
      await visitCatalogue(page)
      await visitPlan(page)
      await visitPromise(page)
      await visitSettings(page)
      await searchFor(page, 'onerror', MARKUP)
      await searchFor(page, '=cmd', FORMULA)
      expect(complaints).toEqual([])
    }
  },
)

async function visitBoard(page: Page): Promise<void> {
  await open(page, '/board')
  const timeline = page.locator('.board-timeline')
  await expectShown(timeline, MARKUP)
  await expectShown(timeline, FORMULA)
  await expectOnlyText(page)
  // The proposal's summary, open already or behind the button that publishes.
  const publish = page.locator('.board-toolbar').getByRole('button', { name: /v1$/ })
  if (await publish.isVisible()) await publish.click()
  await expect(page.locator('.side-panel')).toContainText('v1')
  await expectOnlyText(page)
  await timeline.focus()
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) {
    await page.keyboard.press(key)
    await expect(page.locator('.side-panel').first()).toBeVisible()
    await expectOnlyText(page)
  }
  await expect(timeline.locator('[role=option][aria-selected=true]')).toHaveCount(1)
  await page.locator('.board-toolbar .end .icon-button').click()
  await expectShown(page.locator('.board-table'), MARKUP)
  await expectOnlyText(page)
  await page.locator('.board-toolbar .end .icon-button').click()
}

async function visitToday(page: Page): Promise<void> {
  await open(page, '/today')
  const screen = page.locator('.today-screen')
  await expectShown(screen.locator('.session-table'), MARKUP)
  await expectShown(screen.locator('.session-table'), FORMULA)
  await screen.locator('.session-table [role=row]').nth(1).click()
  await expect(screen.locator('.right')).toBeVisible()
  await page.waitForTimeout(300)
  await expectOnlyText(page)
}

async function visitStudio(page: Page): Promise<void> {
  await open(page, '/studio')
  const screen = page.locator('.studio-screen')
  await expectShown(screen, MARKUP)
  await expectOnlyText(page)
  await screen.locator('.booking').first().click()
  await expectOnlyText(page)
  await screen.locator('.toolbar [role=radio]').last().click()
  await expectShown(screen.getByRole('grid').first(), MARKUP)
  await expectOnlyText(page)
}

async function visitBelt(page: Page): Promise<void> {
  await open(page, '/belt')
  const screen = page.locator('.belt-screen')
  await expect(screen.locator('.kpi-cell').first()).toBeVisible({ timeout: 20_000 })
  await expectShown(screen, MARKUP)
  await expectOnlyText(page)
  // A chart writes its words on a canvas; what it says at the pointer must not be HTML either.
  for (const plot of await screen.locator('.chart-card .plot').all()) {
    await plot.hover()
    await expectOnlyText(page)
  }
  for (const toTable of await screen.locator('.chart-card').all()) {
    await toTable.locator('.icon-button').first().click()
    await expectOnlyText(page)
    await toTable.locator('.icon-button').first().click()
  }
  const names = screen.locator('.kpi-cell .name')
  for (let index = 0; index < (await names.count()); index++) {
    await names.nth(index).click()
    await expect(screen.locator('.kpi-panel')).toBeVisible()
    await expectOnlyText(page)
  }
}

async function visitImport(page: Page): Promise<void> {
  await open(page, '/import')
  const sides = page.locator('.import-screen .side [role=radio]')
  await sides.first().click()
  await expectShown(page.locator('.demand-table'), MARKUP)
  await expectShown(page.locator('.demand-table'), hostileCode(0))
  await expectOnlyText(page)
  await sides.last().click()
  const history = page.locator('.import-screen .side')
  await expectShown(history, MARKUP)
  await history.locator('[role=row]').nth(1).click()
  await expectOnlyText(page)
}

async function visitSync(page: Page): Promise<void> {
  await open(page, '/sync')
  await expectShown(page.locator('.sync').first(), MARKUP)
  await expectOnlyText(page)
}

async function visitSettings(page: Page): Promise<void> {
  await open(page, '/settings')
  const links = page.locator('.settings nav a')
  await expect(links.first()).toBeVisible()
  const hrefs = await links.evaluateAll((list) => list.map((link) => link.getAttribute('href') ?? ''))
  expect(hrefs.length).toBeGreaterThan(4)
  for (const href of hrefs) {
    await page.evaluate((hash) => (location.hash = hash), href)
    await expect(page.locator('.settings .section')).not.toBeEmpty()
    if (/people|belt/.test(href)) await expectShown(page.locator('.settings .section'), MARKUP)
    await expectOnlyText(page)
  }
}

async function visitCatalogue(page: Page): Promise<void> {
  await open(page, '/catalogue')
  const screen = page.locator('.catalogue-screen')
  const tabs = screen.locator('.toolbar [role=radio]')
  await expect(tabs).toHaveCount(9)
  for (const tab of await tabs.all()) {
    await tab.click()
    await expectShown(screen, MARKUP)
    await screen.locator('[role=row]').nth(1).click()
    await expect(screen.getByRole('textbox').nth(1)).toBeVisible()
    await expectOnlyText(page)
  }
}

async function visitPlan(page: Page): Promise<void> {
  await open(page, '/plan')
  const screen = page.locator('.plan-screen')
  await expect(screen).toBeVisible()
  await expectOnlyText(page)
  await open(page, '/plan?tab=what-if')
  await expect(screen.locator('.what-if')).toBeVisible()
  await screen.locator('.what-if').getByRole('combobox').last().click()
  await expectOnlyText(page)
  await page.keyboard.press('Escape')
}

async function visitPromise(page: Page): Promise<void> {
  await open(page, '/promise')
  const screen = page.locator('.promise-screen')
  await screen.getByRole('combobox').first().click()
  const option = page.getByRole('option').first()
  await expectShown(option, ' name')
  await option.click()
  await screen.locator('button[type=submit]').click()
  await expect(screen.locator('.dates').or(screen.locator('.inline-notice')).first()).toBeVisible({
    timeout: 20_000,
  })
  await expectOnlyText(page)
}

async function searchFor(page: Page, words: string, expected: string): Promise<void> {
  await page.keyboard.press('Control+k')
  const bar = page.locator('.command-bar')
  await bar.getByRole('combobox').fill(words)
  await expectShown(bar.getByRole('listbox'), expected)
  await expectOnlyText(page)
  await bar.getByRole('combobox').fill(`${MARKUP} nobody`)
  await expectShown(bar, `${MARKUP} nobody`)
  await expectOnlyText(page)
  await page.keyboard.press('Escape')
}

onHostileBelt('the sign-in screen and first run show hostile names as text', async ({ cockpit }) => {
  const { page, complaints } = cockpit
  await expect(page.locator('.sign-in')).toBeVisible({ timeout: 30_000 })
  for (const language of ['zh-CN', 'en']) {
    if (language === 'en') await page.locator('.top-bar .language').click()
    await expect(page.locator('html')).toHaveAttribute('lang', language)
    await expectShown(page.locator('.sign-in .who'), `${MARKUP} belt · ${MARKUP} device`)
    await expectShown(page.getByRole('listbox'), MARKUP)
    await page.getByRole('option').first().click()
    await expectShown(page.locator('.sign-in .pin'), MARKUP)
    await expectOnlyText(page)
  }
  await page.locator('.sign-in .leave').click()
  for (const language of ['en', 'zh-CN']) {
    if (language === 'zh-CN') await page.locator('.top-bar .language').click()
    await expectShown(page.locator('.known'), `${MARKUP} belt`)
    await expectOnlyText(page)
  }
  expect(complaints).toEqual([])
})

/** Cells of a CSV file as a spreadsheet would take them apart. */
function cellsOf(csv: string): string[][] {
  const rows: string[][] = [[]]
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/gy
  for (const [whole, quoted, plain, end] of csv.replace(/^\uFEFF/, '').matchAll(pattern)) {
    if (whole === '') break
    rows.at(-1)?.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    if (end === '\r\n') rows.push([])
  }
  return rows.filter((row) => row.length > 0)
}

/** Reads a finished export; no cell may start a formula. Amounts are figures, not text. */
function expectHarmless(csv: string): string[] {
  expect(csv.startsWith('\uFEFF')).toBe(true)
  const rows = cellsOf(csv)
  // Every row was taken apart whole: as wide as the heading.
  expect(new Set(rows.map(({ length }) => length)).size).toBe(1)
  const cells = rows.flat()
  expect(
    cells.filter((cell) => /^[=+\-@\t\r\n＝＋－＠]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell)),
  ).toEqual([])
  expect(csv).not.toMatch(/&lt;|&quot;/)
  return cells
}

async function downloadText(page: Page, button: Locator): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
  expect(download.suggestedFilename()).toMatch(/^[^\\/:*?"<>|]+\.csv$/)
  return readFileSync(await download.path(), 'utf8')
}

onHostileDemo('no export carries a formula, and markup leaves as it was written', async ({ cockpit }) => {
  onHostileDemo.skip(cockpit.link === null, 'a window saves files through its own dialog')
  onHostileDemo.setTimeout(240_000)
  const { page, complaints } = cockpit
  const app = new AppPage(page)
  await expect(app.title()).toHaveText('今日', { timeout: 30_000 })

  await open(page, '/import')
  const imports = new ImportPage(page)
  await imports.drop('orders.csv', hostileExport())
  await expect(imports.preview()).toBeVisible({ timeout: 30_000 })
  await imports.take().click()
  await expect(page.getByText(/新增 \d+ 行/)).toBeVisible({ timeout: 30_000 })
  await page.getByText('导入记录', { exact: true }).click()
  await page.locator('.import-screen .side [role=row]').nth(1).click()
  const problems = expectHarmless(await downloadText(page, page.getByRole('button', { name: '存下问题行' })))
  expect(problems).toContain(MARKUP)
  expect(problems).toContain(`'${FORMULA}`)

  await open(page, '/belt')
  const cards = page.locator('.chart-card')
  await expect(cards.first()).toBeVisible({ timeout: 20_000 })
  for (const card of await cards.all())
    expectHarmless(await downloadText(page, card.getByRole('button', { name: '导出明细' })))

  const cells: string[] = []
  const names = page.locator('.kpi-cell .name')
  for (let index = 0; index < (await names.count()); index++) {
    await names.nth(index).click()
    const panel = page.locator('.kpi-panel')
    await expect(panel.locator('.data-table')).toBeVisible()
    const save = panel.getByRole('button', { name: '导出明细' })
    await expect.poll(async () => (await panel.locator('h3').textContent()) ?? '').toMatch(/\d/)
    if (await save.isEnabled()) cells.push(...expectHarmless(await downloadText(page, save)))
  }
  expect(cells.some((cell) => cell.startsWith(MARKUP))).toBe(true)
  expect(cells.some((cell) => cell.startsWith(`'${FORMULA}`))).toBe(true)
  expect(complaints).toEqual([])
})

base('the export of all orders guards every cell', async ({ dataDir }) => {
  const app = startCore({ dataDir })
  try {
    await app.call('app/openDemo', {})
    makeHostile(app.core, app.connection)
    await importFile(app, hostileExport())
    const { handle } = await app.call('order/export', {})
    const cells = expectHarmless(readFileSync(app.core.takeOffer(handle)?.path ?? '', 'utf8'))
    expect(cells).toContain(`${MARKUP} product`)
    expect(cells).toContain(`'${FORMULA} product`)
  } finally {
    await app.close()
  }
})
