import { expect, type Locator, type Page } from '@playwright/test'

/** The catalogue: lists by kind, and the editor beside them. */
export class CataloguePage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  async open(kind: string): Promise<void> {
    await this.page.evaluate((name) => (location.hash = `#/catalogue/${name}`), kind)
  }

  /** Opens an empty editor by the button of the toolbar. */
  async add(title: string): Promise<Locator> {
    await this.page.getByRole('toolbar', { name: '资料' }).getByRole('button', { name: title }).click()
    const panel = this.page.getByRole('complementary', { name: title })
    await expect(panel).toBeVisible()
    return panel
  }

  /** Saves and waits until the row stands in the list, chosen. */
  async save(panel: Locator, name: string): Promise<void> {
    await panel.getByRole('button', { name: '保存' }).click()
    await expect(this.row(name)).toHaveAttribute('aria-selected', 'true')
  }

  row(name: string): Locator {
    return this.page.getByRole('row', { name: new RegExp(`^${name}`) })
  }

  /** Chooses from the list of a labelled field. */
  async choose(panel: Locator, label: string, option: string | RegExp): Promise<void> {
    await panel.getByRole('combobox', { name: label, exact: true }).click()
    await this.page.getByRole('option', { name: option }).click()
  }

  /** A family typed into a field that adds to a list. */
  async addFamily(panel: Locator, family: string): Promise<void> {
    await panel.getByLabel('添一个品类').fill(family)
    await panel.getByLabel('添一个品类').press('Enter')
  }
}
