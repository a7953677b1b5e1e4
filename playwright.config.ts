import { defineConfig } from '@playwright/test'
import { CHROMIUM_FLAGS, CHROMIUM_HINT, findChromium } from './tests/helpers/chromium.ts'
import { findElectron, findWindowObstacle } from './electron/launch/lib/electron.mjs'

// Nobody's own credential store is touched.
process.env.CHANBO_KEY_STORE = 'file'

const chromium = findChromium()
const canOpenWindow = findElectron() !== null && findWindowObstacle() === null
if (process.env.TEST_WORKER_INDEX === undefined) {
  if (!chromium) console.log(`e2e: browser specs are skipped, no Chromium found: ${CHROMIUM_HINT}`)
  if (!canOpenWindow) {
    const reason = findElectron() ? findWindowObstacle() : 'no Electron binary (npm run fetch-window gets it)'
    console.log(`e2e: the electron project is left out: ${reason}`)
  }
}

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results/e2e',
  fullyParallel: false,
  workers: 2,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [
    ['list'],
    ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ?? 'test-results/e2e.json' }],
  ],
  use: {
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    viewport: { width: 1366, height: 768 },
    screenshot: 'only-on-failure',
    trace: 'off',
    launchOptions: { executablePath: chromium ?? undefined, args: CHROMIUM_FLAGS },
  },
  projects: [
    { name: 'browser', testMatch: '**/*.spec.ts', testIgnore: chromium ? [] : '**' },
    // The same specs through Playwright's _electron, wherever a window can really be opened.
    ...(canOpenWindow ? [{ name: 'electron', testMatch: '**/*.spec.ts' }] : []),
  ],
})
