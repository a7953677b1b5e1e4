// Renders resources/icons/*.svg to the PNG sizes the packager and the tray want. Usage: node tests/helpers/make-icons.ts
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chromium } from '@playwright/test'
import { CHROMIUM_FLAGS, CHROMIUM_HINT, findChromium } from './chromium.ts'

const ICONS = resolve(import.meta.dirname, '../../resources/icons')
const SIZES = [
  { source: 'icon.svg', target: 'icon.png', sizePx: 512 },
  { source: 'tray.svg', target: 'tray.png', sizePx: 36 },
]

const executablePath = findChromium()
if (!executablePath) throw new Error(`No Chromium: ${CHROMIUM_HINT}`)
const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS })
try {
  for (const { source, target, sizePx } of SIZES) {
    const page = await browser.newPage({ viewport: { width: sizePx, height: sizePx } })
    const svg = readFileSync(join(ICONS, source)).toString('base64')
    await page.setContent(
      `<style>body{margin:0}img{display:block;width:100vw;height:100vh}</style><img src="data:image/svg+xml;base64,${svg}">`,
    )
    await page.screenshot({ path: join(ICONS, target), omitBackground: true })
    await page.close()
  }
} finally {
  await browser.close()
}
