import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome.exe',
  'msedge.exe',
]
const FIXED = [
  '/usr/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** Flags a browser needs inside a container or without a graphics card. */
export const CHROMIUM_FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']

export const CHROMIUM_HINT =
  'install it (Debian: apt-get install chromium fonts-noto-cjk) or set CHANBO_CHROMIUM to its path'

/** Path of a Chromium to drive in tests, or null. */
export function findChromium(): string | null {
  const fromPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  const candidates = [process.env.CHANBO_CHROMIUM ?? '', ...FIXED, ...fromPath]
  return candidates.find((path) => path !== '' && existsSync(path)) ?? null
}
