import { expect, type Page } from '@playwright/test'

export interface NewBelt {
  readonly base: string
  readonly belt: string
  readonly person: string
  readonly pin: string
}

/** First run: the wizard of an empty belt, joining by code, signing in, and the pasted tables that follow. */
export class FirstRunPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Answers the three pages of the wizard and puts the recovery code away. */
  async createBelt({ base, belt, person, pin }: NewBelt): Promise<void> {
    const { page } = this
    await page.getByRole('button', { name: '开始填' }).click()
    await page.getByLabel('基地名称').fill(base)
    await page.getByRole('button', { name: '下一步' }).click()
    await page.getByLabel('产业带名称').fill(belt)
    await page.getByLabel('主要行当').fill('渔具')
    await page.getByRole('button', { name: '下一步' }).click()
    await page.getByLabel('你的名字').fill(person)
    await page.getByLabel('PIN', { exact: true }).fill(pin)
    await page.getByLabel('再输一遍 PIN').fill(pin)
    await page.getByRole('button', { name: '建好，进去' }).click()
    await expect(page.getByText('抄下恢复码，只显示这一次')).toBeVisible({ timeout: 30_000 })
    await page.getByText('我抄好了，放在安全的地方').click()
    await page.getByRole('button', { name: '进入产播' }).click()
  }

  async join(invitation: { url: string; code: string }): Promise<void> {
    await this.page.getByRole('button', { name: '贴接入码' }).click()
    await this.invite(invitation)
    await this.page.getByRole('button', { name: '加入', exact: true }).click()
  }

  /** Fills in where the hub is and the one-time code, here and in the sync screen. */
  async invite({ url, code }: { url: string; code: string }): Promise<void> {
    await this.page.getByLabel('枢纽地址').fill(url)
    await this.page.getByLabel('接入码').fill(code)
  }

  /** The first sign-in of this person on this machine: the PIN is chosen, not checked. */
  async signInFirst(person: string, pin: string): Promise<void> {
    await this.page.getByRole('option', { name: person }).click({ timeout: 30_000 })
    await expect(this.page.getByText('第一次在这台机器上登录')).toBeVisible()
    await this.page.getByLabel('PIN', { exact: true }).fill(pin)
    await this.page.getByRole('button', { name: '进入', exact: true }).click()
  }

  /** Pastes a table as a spreadsheet copies it, and stores its rows. */
  async paste(kind: '直播间' | '主播', rows: readonly (readonly string[])[], base?: string): Promise<void> {
    const { page } = this
    await page.evaluate(() => (location.hash = '#/start/add'))
    await page.getByRole('main').getByText(kind, { exact: true }).first().click()
    if (base) {
      await page.locator('.el-select', { has: page.getByRole('combobox', { name: '基地' }) }).click()
      await page.getByRole('option', { name: base }).click()
    }
    await page.getByLabel('从 Excel 复制整块，贴在这里').fill(rows.map((row) => row.join('\t')).join('\n'))
    await page.getByRole('button', { name: `存 ${rows.length - 1} 行` }).click()
    await expect(page.getByText(`新添 ${rows.length - 1} 行`)).toBeVisible()
  }
}
