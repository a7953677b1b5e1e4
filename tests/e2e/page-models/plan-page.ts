import { expect, type Locator, type Page } from '@playwright/test'

/** What happens to a plan: events reported on the board, cases tried out, dates promised. */
export class PlanPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** What the board says of the event that matters first. */
  fit(): Locator {
    return this.page.locator('.plan-fit')
  }

  /** Opens the report of an event from the board's menu. */
  async report(kind: string): Promise<Locator> {
    await this.page.getByRole('button', { name: '更多' }).click()
    await this.page.getByRole('menuitem', { name: '报告变化' }).click()
    const panel = this.page.getByRole('complementary', { name: '报告变化' })
    await this.choose(panel, '发生了什么', kind)
    return panel
  }

  async submit(panel: Locator): Promise<void> {
    await panel.getByRole('button', { name: '记下并重排' }).click()
    await expect(panel).toBeHidden({ timeout: 30_000 })
  }

  /** From when to when, on the days that are proposed. */
  async times(panel: Locator, from: string, until: string): Promise<void> {
    await panel.getByLabel('从 几点').fill(from)
    await panel.getByLabel('到 几点').fill(until)
  }

  /** Chooses from the list of a labelled field. */
  async choose(scope: Locator, label: string, option: string): Promise<void> {
    const box = this.page.getByRole('combobox', { name: label, exact: true })
    await scope.locator('.el-select').filter({ has: box }).first().click()
    await (await this.optionsOf(scope, label)).filter({ hasText: option }).first().click()
  }

  /** Types into a field that looks its options up, and takes the only one found. */
  async search(scope: Locator, label: string, words: string): Promise<string> {
    await scope.getByRole('combobox', { name: label, exact: true }).fill(words)
    const options = await this.optionsOf(scope, label)
    await expect(options).toHaveCount(1)
    const text = (await options.textContent()) ?? ''
    await options.click()
    return text.trim()
  }

  /** A list just closed may still be fading out: only the field's own options count. */
  private async optionsOf(scope: Locator, label: string): Promise<Locator> {
    const box = scope.getByRole('combobox', { name: label, exact: true }).first()
    const list = (await box.getAttribute('aria-controls')) ?? ''
    return this.page.locator(`[id="${list}"]`).getByRole('option')
  }

  /** The row of the comparison that starts with `name`, as figures: the present plan, then the cases. */
  async figures(name: string): Promise<number[]> {
    const row = this.page
      .locator('.figure-table tr')
      .filter({ has: this.page.getByRole('rowheader', { name, exact: true }) })
    const texts = await row.getByRole('cell').allTextContents()
    return texts.map((text) => Number(text.replaceAll(/[^\d.]/g, '')))
  }
}
