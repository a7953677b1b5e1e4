import { expect, type Locator, type Page } from '@playwright/test'

/** The board, read through its accessible list and worked by keyboard and mouse as a person would. */
export class BoardPage {
  readonly page: Page
  readonly timeline: Locator

  constructor(page: Page) {
    this.page = page
    this.timeline = page.getByRole('listbox', { name: '排期板时间线' })
  }

  bars(): Locator {
    return this.timeline.getByRole('option')
  }

  selected(): Locator {
    return this.timeline.locator('[role=option][aria-selected=true]')
  }

  /** Solves, waits for the proposal's summary, and returns what it says first. */
  async plan(): Promise<string> {
    await this.page
      .getByRole('button', { name: /^(排期|重排)$/ })
      .first()
      .click()
    const summary = this.panel('提案')
    await expect(summary).toBeVisible({ timeout: 60_000 })
    return (await summary.locator('p').first().textContent()) ?? ''
  }

  async publish(reason: string): Promise<void> {
    const summary = this.panel('提案')
    await summary.getByLabel('发布原因').fill(reason)
    await summary.getByRole('button', { name: /^发布 v/ }).click()
  }

  panel(name: string | RegExp): Locator {
    return this.page.getByRole('complementary', { name })
  }

  /** Walks with the arrow keys until a bar of this description is selected. */
  async selectFirstMovable(): Promise<string> {
    await this.timeline.focus()
    await this.page.keyboard.press('ArrowRight')
    for (let step = 0; step < 60; step++) {
      const move = this.page.getByRole('button', { name: /^移动/ })
      await expect(this.selected()).toHaveCount(1)
      if (await move.isVisible()) return (await this.selected().textContent()) ?? ''
      await this.timeline.focus()
      await this.page.keyboard.press(step % 6 === 5 ? 'ArrowDown' : 'ArrowRight')
    }
    throw new Error('no bar on the board can be moved')
  }

  /** Carries the selected bar by quarter hours and drops it; a refusal is answered with its first alternative. */
  async dropLater(quarters: number): Promise<void> {
    await this.timeline.focus()
    await this.page.keyboard.press('m')
    for (let step = 0; step < quarters; step++) await this.page.keyboard.press('ArrowRight')
    await this.page.keyboard.press('Enter')
    const refusal = this.page.locator('.refusal-card')
    const publish = this.page.getByRole('button', { name: /^发布 v/ })
    await expect(refusal.or(publish).first()).toBeVisible({ timeout: 30_000 })
    if (await refusal.isVisible()) await this.page.keyboard.press('1')
  }

  notice(): Locator {
    return this.page.locator('.board-screen .inline-notice')
  }
}
