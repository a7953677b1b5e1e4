import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from '@playwright/test'
import { expect, test } from './_electron.ts'
import { BuiltHub } from '../helpers/built-hub.ts'
import { startProduct, type RunningProduct } from '../helpers/built-product.ts'
import { FirstRunPage } from './page-models/first-run-page.ts'
import { request } from './page-models/page-transport.ts'
import { StudioPage } from './page-models/studio-page.ts'
import { SyncPage } from './page-models/sync-page.ts'

test.use({ actionTimeout: 15_000 })

const FOUNDER = { base: '文登基地', belt: '威海渔具产业带', person: '王岩', pin: '482619' }
const JOINER = { base: '荣成基地', person: '丛珊', pin: '739150' }
const STUDIO_HEADS = ['直播间', '面积', '开门', '关门', '复位']
const STREAMER_HEADS = ['主播', '品类', '等级', '实名', '可播']

interface Base {
  readonly product: RunningProduct
  readonly page: Page
  readonly start: FirstRunPage
  readonly studios: StudioPage
  readonly sync: SyncPage
  /** What this base claims while the link is cut. */
  readonly label: string
  close(): Promise<void>
}

async function openBase(browser: Browser, dataDir: string, label: string): Promise<Base> {
  const product = await startProduct({ dataDir })
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(product.link)
  return {
    product,
    page,
    label,
    start: new FirstRunPage(page),
    studios: new StudioPage(page),
    sync: new SyncPage(page),
    close: async () => {
      await context.close()
      await product.stop()
    },
  }
}

test('two bases: both claim one hour while the link is cut; one is granted, the other gets other places', async ({
  browser,
}, info) => {
  test.skip(info.project.name !== 'browser', 'two products with a browser each')
  test.setTimeout(240_000)
  const root = mkdtempSync(join(tmpdir(), 'chanbo-two-bases-'))
  const hub = await BuiltHub.start(join(root, 'hub'))
  const open: Base[] = []
  try {
    const first = await openBase(browser, join(root, 'first'), '鲈竿首发')
    open.push(first)
    await first.start.createBelt(FOUNDER)
    await expect(first.sync.network()).toHaveText(/仅本机/)
    await first.start.paste('直播间', [STUDIO_HEADS, ['1 号间', '72', '08:00', '次日02:00', '30']])
    await expect.poll(() => first.sync.count('本机')).toBeGreaterThan(0)

    const state = await request(first.page, 'app/state', {})
    const beltId = state.belt!.id
    const founder = { personId: state.people[0]!.id, pin: FOUNDER.pin }
    const base = await request(
      first.page,
      'catalogue/saveBase',
      {
        id: null,
        name: JOINER.base,
        shortName: '荣成',
        kind: 'rural',
        networkProfile: 'poor',
        openMin: 480,
        closeMin: 1560,
      },
      founder,
    )
    await request(
      first.page,
      'person/save',
      { id: null, name: JOINER.person, role: 'planner', baseId: base.id },
      founder,
    )

    // The belt moves to the hub; the second base joins and its planner chooses a PIN there.
    await first.sync.handOver({ url: hub.url, code: hub.makeCode(null) })
    await expect(first.sync.network()).toHaveText(/在线，已同步/, { timeout: 30_000 })
    await expect.poll(() => first.sync.count('待发')).toBe(0)
    await expect.poll(() => first.sync.count('已确认')).toBeGreaterThan(0)

    const second = await openBase(browser, join(root, 'second'), '浮漂专场')
    open.push(second)
    // As people copy it: a slash too many, small letters, spaces.
    const code = hub.makeCode({ beltId, role: 'planner', baseId: base.id })
    await second.start.join({ url: `${hub.url}/ `, code: ` ${code.toLowerCase().replaceAll('-', ' ')} ` })
    await second.start.signInFirst(JOINER.person, JOINER.pin)
    await expect(second.sync.network()).toHaveText(/在线，已同步/, { timeout: 30_000 })
    for (const { studios } of open) await studios.open()
    await expect(second.page.getByText('还没有直播间')).toHaveCount(0)

    // Without the hub both go on working: the same hour, and one edit each.
    await hub.cut()
    for (const { page, studios, sync, label } of open) {
      // The bar may still show what it was before the last answer of the hub.
      const { confirmed } = await request(page, 'app/syncBar', {})
      await studios.claim(label)
      await studios.expectBookings({ [label]: '暂定' })
      await expect(studios.panel(label)).toContainText('等枢纽确认')
      await expect(studios.asOf()).toBeVisible()
      await expect(sync.network()).toHaveText(/离线/, { timeout: 30_000 })
      await expect(sync.bar).toContainText(/上次同步 /)
      await expect.poll(() => sync.count('待发')).toBeGreaterThan(0)
      await expect.poll(() => sync.count('已确认')).toBe(confirmed)
      await expect.poll(() => sync.count('被拒')).toBe(0)
    }
    await first.start.paste(
      '直播间',
      [STUDIO_HEADS, ['2 号间', '40', '08:00', '次日02:00', '20']],
      FOUNDER.base,
    )
    await second.start.paste(
      '主播',
      [STREAMER_HEADS, ['于海洋', '浮漂、线组', 'B', '是', '2-7 14:00-次日02:00']],
      JOINER.base,
    )
    for (const { studios, label } of open) {
      await studios.open()
      await studios.expectBookings({ [label]: '暂定' })
    }
    await expect(first.page.getByRole('button', { name: second.label })).toHaveCount(0)
    await expect(second.page.getByRole('button', { name: first.label })).toHaveCount(0)

    // The link is back: everything arrives, exactly one has the hour.
    await hub.restore()
    for (const { sync } of open) await sync.tryNow()
    for (const { sync } of open) {
      await expect(sync.network()).toHaveText(/在线，已同步/, { timeout: 45_000 })
      await expect.poll(() => sync.count('待发')).toBe(0)
      await expect(sync.bar).toContainText(/枢纽 /)
    }
    for (const { studios } of open) await studios.open()
    const granted = /, 已确认$/
    const settled = first.page.getByRole('button', { name: granted })
    await expect(settled).toHaveCount(1, { timeout: 30_000 })
    const firstWon = ((await settled.getAttribute('aria-label')) ?? '').startsWith(first.label)
    const winner = firstWon ? first : second
    const loser = firstWon ? second : first
    for (const { studios, page } of open) {
      await studios.expectBookings({ [winner.label]: '已确认', [loser.label]: '被拒' })
      await expect(page.getByRole('button', { name: granted })).toHaveCount(1)
      await expect(page.getByRole('button', { name: /, 暂定$/ })).toHaveCount(0)
      await expect(studios.asOf()).toBeVisible()
    }

    // Why, and where else: in the calendars of both, and in the sync screen of the one it concerns.
    for (const { studios, sync } of open) {
      await studios.booking(loser.label, '被拒').click()
      const card = studios.panel(loser.label).getByRole('alert')
      await expect(card).toContainText('这个时段被拒')
      await expect(card.locator('p').first()).not.toBeEmpty()
      await expectNumbered(sync, card)
    }
    await expect.poll(() => winner.sync.count('被拒')).toBe(0)
    await expect.poll(() => loser.sync.count('被拒')).toBe(1)
    await loser.sync.open()
    const refusal = loser.sync.refusal(loser.label)
    await expect(refusal).toContainText(winner.label)
    await expectNumbered(loser.sync, refusal)
    await winner.sync.open()
    await expect(winner.page.getByText('没有要你处理的')).toBeVisible()

    // Each sees what the other did meanwhile.
    for (const { studios, page } of open) {
      await studios.open()
      await expect(page.getByTitle('2 号间').first()).toBeVisible({ timeout: 15_000 })
      expect(await studios.streamers()).toContain('于海洋')
    }

    // The way out is one key: the first other place is asked for and granted.
    await loser.sync.open()
    await expect(loser.sync.refusal(loser.label)).toBeVisible()
    await loser.page.keyboard.press('1')
    await expect(loser.page.getByText('没有要你处理的')).toBeVisible({ timeout: 30_000 })
    for (const { studios } of open) {
      await studios.open()
      await studios.expectBookings({ [winner.label]: '已确认' })
      await expect(studios.booking(loser.label, '已确认')).toHaveCount(1, { timeout: 60_000 })
    }
    await expect.poll(() => loser.sync.count('被拒')).toBe(0)
  } finally {
    for (const { close } of open) await close()
    await hub.cut()
    rmSync(root, { recursive: true, force: true })
  }
})

/** At most three other places, numbered from 1. */
async function expectNumbered(sync: SyncPage, card: ReturnType<SyncPage['refusal']>): Promise<void> {
  const places = sync.alternatives(card)
  await expect(places.first()).toBeVisible()
  const count = await places.count()
  expect(count).toBeGreaterThan(0)
  expect(count).toBeLessThanOrEqual(3)
  for (let index = 0; index < count; index++)
    await expect(places.nth(index)).toHaveAccessibleName(new RegExp(`^${index + 1} `))
}
