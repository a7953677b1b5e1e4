import { performance } from 'node:perf_hooks'
import type { Page } from '@playwright/test'
import { explainTask, makeBoardView } from '../../helpers/ui-stories/board-view.ts'
import { launchBrowser, openStory, serveRenderer, type Answers } from '../../helpers/ui-stories/open-story.ts'
import { percentile, round } from '../figures.ts'

export interface Sample {
  readonly bench: 'board'
  readonly case: string
  readonly metric: string
  readonly value: number
  readonly unit: string
}

/** Sessions of the measured board; each has a sample, a test, a broadcast on two lanes and a production run. */
const SESSIONS = 200
const SECONDS = 4

interface Frames {
  readonly perSecond: number
  readonly p95Ms: number
}

/** Counts animation frames in the page while `act` works the mouse or the keyboard. */
async function measureFrames(page: Page, act: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    const stamps: number[] = []
    const scope = window as unknown as { frameStamps: number[] }
    scope.frameStamps = stamps
    const tick = (at: number) => {
      if (scope.frameStamps !== stamps) return
      stamps.push(at)
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  })
  await act()
  const stamps = await page.evaluate(() => {
    const scope = window as unknown as { frameStamps: number[] }
    const seen = scope.frameStamps
    scope.frameStamps = []
    return seen
  })
  const gaps = stamps.slice(1).map((at, index) => at - (stamps[index] ?? at))
  const total = (stamps[stamps.length - 1] ?? 0) - (stamps[0] ?? 0)
  return {
    perSecond: (gaps.length / total) * 1000,
    p95Ms: percentile(gaps, 95),
  }
}

async function forSeconds(seconds: number, step: (phase: number) => Promise<unknown>): Promise<void> {
  const start = performance.now()
  for (let now = start; now - start < seconds * 1000; now = performance.now())
    await step((now - start) / (seconds * 1000))
}

const CENTRE = { x: 700, y: 420 }

async function pan(page: Page): Promise<void> {
  await page.mouse.move(1100, CENTRE.y)
  await page.mouse.down()
  await forSeconds(SECONDS, (phase) => {
    const swing = Math.sin(phase * Math.PI * 6)
    return page.mouse.move(CENTRE.x + 350 * swing, CENTRE.y + 120 * swing)
  })
  await page.mouse.up()
}

async function zoom(page: Page): Promise<void> {
  await page.mouse.move(CENTRE.x, CENTRE.y)
  await page.keyboard.down('Control')
  await forSeconds(SECONDS, (phase) => page.mouse.wheel(0, Math.sin(phase * Math.PI * 4) > 0 ? -20 : 20))
  await page.keyboard.up('Control')
}

async function drag(page: Page): Promise<void> {
  const board = page.locator('.board-timeline')
  await board.focus()
  const start = await page.evaluate(() => {
    const canvas = document.querySelector('.stage canvas')
    const box = canvas?.getBoundingClientRect()
    return box ? { x: box.left, y: box.top } : null
  })
  if (!start) throw new Error('the board has no canvas')
  const spot = await findMovable(page, start)
  await page.mouse.move(spot.x, spot.y)
  await page.mouse.down()
  await forSeconds(SECONDS, (phase) =>
    page.mouse.move(
      spot.x + 200 * Math.sin(phase * Math.PI * 6),
      spot.y + 30 * Math.sin(phase * Math.PI * 10),
    ),
  )
  const carried = await page.locator('.carry-overlay .ghost').count()
  await page.keyboard.press('Escape')
  await page.mouse.up()
  if (carried === 0) throw new Error('nothing was carried')
}

/** A place on the canvas where a bar can be picked up: the cursor says so, and pressing it shows a ghost. */
async function findMovable(page: Page, origin: { x: number; y: number }): Promise<{ x: number; y: number }> {
  for (let y = origin.y + 70; y < 640; y += 30)
    for (let x = origin.x + 420; x < 1000; x += 24) {
      await page.mouse.move(x, y)
      const cursor = await page.locator('.stage').evaluate((element) => element.style.cursor)
      if (cursor !== 'pointer') continue
      await page.mouse.down()
      await page.mouse.move(x + 8, y)
      const lifted = await page.locator('.carry-overlay .ghost').count()
      await page.keyboard.press('Escape')
      await page.mouse.up()
      if (lifted > 0) return { x, y }
    }
  throw new Error('no bar can be moved')
}

async function measureBoard(): Promise<Sample[]> {
  const view = makeBoardView({ lines: 15, studios: 8, streamers: 20, sessions: SESSIONS })
  const answers: Answers = {
    'board/view': () => view,
    'plan/explain': (input) => explainTask(view, String(input.taskKey)),
    'plan/proposals': () => [],
    'plan/running': () => ({ jobId: null }),
    'plan/tryMove': () => ({ feasible: true, deltas: [], broken: [], alternatives: [] }),
  }
  const server = await serveRenderer()
  const browser = await launchBrowser()
  const samples: Sample[] = []
  const add = (name: string, metric: string, value: number, unit: string) =>
    samples.push({ bench: 'board', case: name, metric, value: round(value, 1), unit })
  try {
    const page = await openStory(browser, { url: server.url, path: '/board', answers })
    await page.waitForSelector('.board-timeline canvas', { timeout: 120_000 })
    await page.waitForTimeout(1500)
    add('all', 'items', view.items.length, 'bars')
    for (const preset of ['2 日', '周']) {
      await page.getByRole('radio', { name: preset, exact: true }).click()
      for (const [name, act] of Object.entries({ pan, zoom })) {
        const frames = await measureFrames(page, () => act(page))
        add(`${name} ${preset}`, 'frames', frames.perSecond, 'frames/s')
        add(`${name} ${preset}`, 'frame p95', frames.p95Ms, 'ms')
      }
      await page.getByRole('radio', { name: preset, exact: true }).click()
    }
    await page.getByRole('radio', { name: '2 日', exact: true }).click()
    await page.getByRole('button', { name: '今天', exact: true }).click()
    const frames = await measureFrames(page, () => drag(page))
    add('drag', 'frames', frames.perSecond, 'frames/s')
    add('drag', 'frame p95', frames.p95Ms, 'ms')
  } finally {
    await browser.close()
    await server.close()
  }
  return samples
}

/** Frames per second while panning, zooming and dragging a board of 1,000 bars in Chromium; one JSON line per figure. */
export async function run(): Promise<number> {
  for (const sample of await measureBoard()) console.log(JSON.stringify(sample))
  return 0
}
