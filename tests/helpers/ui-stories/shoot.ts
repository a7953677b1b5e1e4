import { chromium, type Page } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildPage } from './build.ts'
import { servePage } from './serve.ts'

const OUT = join(import.meta.dirname, '../../../out')
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Opens a page in both themes and languages at the product's smallest screen and keeps a picture of each. */
async function shootAll(page: Page, origin: string, name: string): Promise<void> {
  for (const theme of ['light', 'dark']) {
    for (const locale of ['zh-CN', 'en']) {
      await page.goto(origin)
      await page.evaluate(
        ([t, l]) => {
          localStorage.setItem('chanbo.theme', t as string)
          localStorage.setItem('chanbo.locale', l as string)
        },
        [theme, locale],
      )
      await page.reload()
      await page.waitForTimeout(400)
      await page.screenshot({ path: join(OUT, 'shots', `${name}-${theme}-${locale}.png`) })
    }
  }
}

mkdirSync(join(OUT, 'shots'), { recursive: true })
await buildPage(import.meta.dirname, join(OUT, 'ui-stories'))
const { server, origin } = await servePage(join(OUT, 'ui-stories'))
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS })
const page = await browser.newPage({ viewport: { width: 1366, height: 768 } })
page.on('console', (message) => console.log(message.type(), message.text()))
page.on('pageerror', (error) => console.log('page error', error.message))
await shootAll(page, origin, 'kit')
await browser.close()
server.close()
