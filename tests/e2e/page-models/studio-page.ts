import { expect, type Locator, type Page } from '@playwright/test'

/** The studio calendar: claims by keyboard or form, bookings by the names a screen reader says. */
export class StudioPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Shows next week, where no hour has passed yet. */
  async open(): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name: '直播间' }).click()
    const thisWeek = this.page.getByRole('button', { name: '本周' })
    if (await thisWeek.isEnabled()) await thisWeek.click()
    await this.page.getByRole('button', { name: '后一周' }).click()
  }

  /** Claims the hours that a new claim begins with: the first day of the week shown, 19:00, three hours. */
  async claim(label: string): Promise<void> {
    await this.page.getByRole('button', { name: '新申请' }).click()
    const panel = this.page.getByRole('complementary', { name: '新申请' })
    await panel.getByLabel('名称').fill(label)
    await panel.getByRole('button', { name: /^申请 周一 19:00/ }).click()
  }

  /** Names of the streamers that a new claim could have. */
  async streamers(): Promise<string[]> {
    const { page } = this
    await page.getByRole('button', { name: '新申请' }).click()
    const panel = page.getByRole('complementary', { name: '新申请' })
    await panel.locator('.el-select', { has: page.getByRole('combobox', { name: '主播' }) }).click()
    await expect(page.getByRole('option').first()).toBeVisible()
    const names = await page.getByRole('option').allTextContents()
    await page.keyboard.press('Escape')
    await panel.getByRole('button', { name: '取消' }).click()
    return names.map((name) => name.trim())
  }

  /** A booking in the week by its name and what became of it. */
  booking(label: string, state: '暂定' | '已确认' | '被拒'): Locator {
    return this.page.getByRole('button', { name: new RegExp(`^${label}, .*, ${state}$`) })
  }

  panel(label: string): Locator {
    return this.page.getByRole('complementary', { name: label })
  }

  asOf(): Locator {
    return this.page.getByRole('toolbar').getByText(/^\s*截至 /)
  }

  async expectBookings(expected: Readonly<Record<string, '暂定' | '已确认' | '被拒'>>): Promise<void> {
    for (const [label, state] of Object.entries(expected))
      await expect(this.booking(label, state)).toHaveCount(1, { timeout: 30_000 })
  }
}
