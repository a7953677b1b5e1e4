import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { _electron, test as base } from '@playwright/test'
import type { Browser, Page } from '@playwright/test'
import { findElectron } from '../../electron/launch/lib/electron.mjs'
import { startProduct } from '../helpers/built-product.ts'

const ROOT = resolve(import.meta.dirname, '../..')

export interface Cockpit {
  readonly page: Page
  readonly dataDir: string
  /** The launch link the page was opened with; null in a window, which needs none. */
  readonly link: string | null
  /** Console messages of the content security policy, uncaught errors and dialogs; a healthy page has none. */
  readonly complaints: string[]
}

interface Opened {
  cockpit: Cockpit
  close(): Promise<void>
}

function listen(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) complaints.push(message.text())
  })
  page.on('dialog', (dialog) => {
    complaints.push(`${dialog.type()}: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return complaints
}

async function openInBrowser(browser: Browser, dataDir: string, args: readonly string[]): Promise<Opened> {
  const product = await startProduct({ dataDir, args })
  const context = await browser.newContext()
  const page = await context.newPage()
  const complaints = listen(page)
  await page.goto(product.link)
  return {
    cockpit: { page, dataDir, link: product.link, complaints },
    close: async () => {
      await context.close()
      await product.stop()
    },
  }
}

async function openInWindow(dataDir: string, args: readonly string[]): Promise<Opened> {
  const app = await _electron.launch({
    executablePath: findElectron() ?? undefined,
    args: [ROOT, '--data-dir', dataDir, ...args],
  })
  const page = await app.firstWindow()
  return {
    cockpit: { page, dataDir, link: null, complaints: listen(page) },
    close: () => app.close(),
  }
}

/**
 * The built product, opened the way the project says: in Chromium through the standalone server, or in Electron's own
 * window. Specs that use `cockpit` run in both.
 */
export const test = base.extend<{ cockpitArgs: string[]; dataDir: string; cockpit: Cockpit }>({
  cockpitArgs: [[], { option: true }],
  /** Empty; a spec that needs something in it before the start extends this. */
  // eslint-disable-next-line no-empty-pattern -- Playwright reads what a fixture needs from this pattern
  dataDir: async ({}, use) => {
    const root = mkdtempSync(join(tmpdir(), 'chanbo-e2e-'))
    await use(join(root, 'data'))
    rmSync(root, { recursive: true, force: true })
  },
  cockpit: async ({ browser, cockpitArgs, dataDir }, use, info) => {
    const opened =
      info.project.name === 'electron'
        ? await openInWindow(dataDir, cockpitArgs)
        : await openInBrowser(browser, dataDir, cockpitArgs)
    await use(opened.cockpit)
    await opened.close()
  },
})

export { expect } from '@playwright/test'
