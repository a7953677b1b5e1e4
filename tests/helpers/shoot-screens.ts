import { mkdirSync } from 'node:fs'
import { chromium, type Page } from '@playwright/test'
import { startProduct } from './built-product.ts'
import { CHROMIUM_FLAGS, findChromium } from './chromium.ts'

/**
 * `node tests/helpers/shoot-screens.ts [path …]`: pictures of screens of the built product on the demo belt, both languages and
 * both themes, at 1366 × 768, in test-results/screens. For looking at, not for comparing.
 */
const PATHS = ['/today', '/board', '/belt', '/import', '/plan', '/studio', '/sync', '/settings']
const paths = process.argv.length > 2 ? process.argv.slice(2) : PATHS
const looks =
  process.env.CHANBO_LOOKS === 'one'
    ? [['zh-CN', 'light']]
    : [
        ['zh-CN', 'light'],
        ['zh-CN', 'dark'],
        ['en', 'light'],
        ['en', 'dark'],
      ]
const FOLDER = 'test-results/screens'

async function dress(page: Page, locale: string, theme: string): Promise<void> {
  await page.evaluate(
    ([nextLocale, nextTheme]) => {
      localStorage.setItem('chanbo.locale', nextLocale as string)
      localStorage.setItem('chanbo.theme', nextTheme as string)
    },
    [locale, theme],
  )
  await page.reload()
}

const product = await startProduct({ args: ['--demo'] })
const browser = await chromium.launch({ executablePath: findChromium() ?? undefined, args: CHROMIUM_FLAGS })
try {
  mkdirSync(FOLDER, { recursive: true })
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' })
  page.on('console', (message) => message.type() === 'error' && console.log(`console: ${message.text()}`))
  page.on('pageerror', (error) => console.log(`page: ${error.stack ?? error.message}`))
  await page.goto(product.link)
  await page.waitForSelector('.app-shell')
  await page.waitForTimeout(1500)
  for (const [locale, theme] of looks) {
    await dress(page, locale as string, theme as string)
    for (const path of paths) {
      await page.evaluate((hash) => (location.hash = hash), `#${path}`)
      await page.waitForTimeout(1800)
      await page.screenshot({
        path: `${FOLDER}/${path.slice(1).replaceAll('/', '-')}-${locale}-${theme}.png`,
      })
    }
  }
} finally {
  await browser.close()
  await product.stop()
}
