import { expect, type Page } from '@playwright/test'

/** The frame of every screen: rail, top bar, sync bar. */
export class AppPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** First run: explore the demo belt, and wait until its Today screen is there. */
  async exploreDemo(): Promise<void> {
    await this.page.getByRole('button', { name: '打开示例' }).click()
    await expect(this.title()).toHaveText('今日', { timeout: 60_000 })
  }

  title() {
    return this.page.getByRole('banner').getByRole('heading', { level: 1 })
  }

  /** Goes to a screen by the rail. */
  async goTo(name: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name }).click()
  }

  syncBar() {
    return this.page.locator('.sync')
  }
}
