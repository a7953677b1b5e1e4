import type { Locator, Page } from '@playwright/test'
import { AppPage } from './app-page.ts'
import { FirstRunPage } from './first-run-page.ts'

export type CountWord = '本机' | '待发' | '已确认' | '被拒'

/** The sync screen and the bar at the bottom of every screen. */
export class SyncPage {
  readonly page: Page
  readonly bar: Locator

  constructor(page: Page) {
    this.page = page
    this.bar = page.getByRole('contentinfo', { name: '同步状态' })
  }

  async open(): Promise<void> {
    await new AppPage(this.page).goTo('同步')
  }

  async handOver(invitation: { url: string; code: string }): Promise<void> {
    await this.open()
    await this.page.getByRole('button', { name: '连到枢纽' }).click()
    await new FirstRunPage(this.page).invite(invitation)
    await this.page.getByRole('button', { name: '搬过去' }).click()
  }

  async tryNow(): Promise<void> {
    await this.open()
    await this.page.getByRole('button', { name: '现在试连' }).click()
  }

  network(): Locator {
    return this.bar.getByRole('status')
  }

  /** The number that the bar shows beside a state. */
  async count(word: CountWord): Promise<number> {
    const text = await this.bar.getByRole('link', { name: new RegExp(`^${word}`) }).textContent()
    return Number(text?.replace(/\D/g, ''))
  }

  /** One refused claim, with its reason and the places that would do. */
  refusal(label: string): Locator {
    return this.page.getByRole('main').getByRole('alert').filter({ hasText: label })
  }

  /** The choices of a refusal, each with the number that takes it. */
  alternatives(card: Locator): Locator {
    return card.getByRole('list', { name: '可选的改法' }).getByRole('button')
  }
}
