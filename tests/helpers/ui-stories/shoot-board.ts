import { mkdirSync } from 'node:fs'
import { explainTask, makeBoardView } from './board-view.ts'
import { launchBrowser, openStory, serveRenderer, type Answers } from './open-story.ts'

/** `node tests/helpers/ui-stories/shoot-board.ts`: pictures of a screen over generated view models, for looking at. */
const compare = makeBoardView({ compare: true })
const plain = makeBoardView()
const answers: Answers = {
  'board/view': (input) => (input.proposalId ? compare : plain),
  'plan/explain': (input) => explainTask(compare, String(input.taskKey)),
  'plan/proposals': () => [compare.proposal],
  'plan/running': () => ({ jobId: null }),
  'plan/tryMove': () => ({ feasible: true, deltas: [], broken: [], alternatives: [] }),
}

const server = await serveRenderer()
const browser = await launchBrowser()
mkdirSync('test-results/stories', { recursive: true })
try {
  for (const theme of ['light', 'dark'] as const) {
    const page = await openStory(browser, { url: server.url, path: '/board', answers, theme })
    page.on('console', (message) => console.log(message.text()))
    page.on('pageerror', (error) => console.log(error.stack))
    await page.waitForSelector('.board-timeline canvas', { timeout: 60_000 })
    await page.waitForTimeout(600)
    await page.screenshot({ path: `test-results/stories/board-${theme}.png` })
    const late = compare.items.find(
      (item) => item.plan === 'late' && item.startMs < compare.nowMs + 86_400_000 * 2,
    )
    if (late) {
      await page.goto(`${server.url}#/board?task=${encodeURIComponent(late.taskKey)}`)
      await page.waitForTimeout(900)
      await page.screenshot({ path: `test-results/stories/board-selected-${theme}.png` })
    }
    await page.close()
  }
} finally {
  await browser.close()
  await server.close()
}
