import type { Locator, Page } from '@playwright/test'

export class ImportPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Drops a file on the page, as from a folder. */
  async drop(name: string, content: string): Promise<void> {
    const transfer = await this.page.evaluateHandle(
      ([fileName, text]) => {
        const data = new DataTransfer()
        data.items.add(new File([text as string], fileName as string, { type: 'text/csv' }))
        return data
      },
      [name, content],
    )
    await this.page.locator('.zone').dispatchEvent('drop', { dataTransfer: transfer })
  }

  preview(): Locator {
    return this.page.locator('.import-preview')
  }

  chip(text: string): Locator {
    return this.preview().getByRole('button', { name: new RegExp(`^${text}`) })
  }

  take(): Locator {
    return this.page.getByRole('button', { name: /^存入/ })
  }

  demand(): Locator {
    return this.page.getByRole('grid', { name: '需求' })
  }
}
