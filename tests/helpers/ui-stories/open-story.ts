import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { chromium, type Browser, type Page } from '@playwright/test'
import { createServer } from 'vite'
import type { AppState, SyncBar } from '../../../shared/contract/app.ts'
import { CHROMIUM_FLAGS, findChromium } from '../chromium.ts'
import { STORY_NOW_MS } from './board-view.ts'

/** Answers of a story, by request name. A story shows screens; it never stands in for the core in a test of behaviour. */
export type Answers = Readonly<Record<string, (input: Record<string, unknown>) => unknown>>

export const storyState: AppState = {
  phase: 'ready',
  trouble: null,
  belt: { id: 'b', name: '威海渔具产业带', shortName: '威海', isDemo: true, timeZone: 'Asia/Shanghai' },
  people: [],
  person: { id: 'p', name: '邹立新', shortName: '邹', role: 'cluster-manager', baseId: null },
  bases: [
    { id: 'base-1', name: '文登基地', shortName: '文登', kind: 'cluster' },
    { id: 'base-2', name: '荣成基地', shortName: '荣成', kind: 'rural' },
    { id: 'base-3', name: '乳山基地', shortName: '乳山', kind: 'rural' },
  ],
  deviceName: '文登基地 · 一号机',
  keyGuard: null,
  nowMs: STORY_NOW_MS,
  version: '0',
}

const storySync: SyncBar = {
  network: 'sending',
  offlineSinceMs: null,
  receiving: null,
  local: 0,
  pending: 3,
  confirmed: 228,
  refused: 0,
  lastContactMs: STORY_NOW_MS - 60_000,
  latencyMs: 400,
  plan: { no: 31, publishedMs: STORY_NOW_MS - 160 * 60_000 },
  deviceName: '文登基地 · 一号机',
  badge: 'calm',
}

/** Serves the renderer from its sources, or from a build folder. */
export async function serveRenderer(): Promise<{ url: string; close: () => Promise<void> }> {
  const server = await createServer({
    root: fileURLToPath(new URL('../../../renderer', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    plugins: [vue()],
    server: { port: 0, host: '127.0.0.1', hmr: false, fs: { strict: false } },
  })
  await server.listen()
  const address = server.resolvedUrls?.local[0]
  if (!address) throw new Error('the story server has no address')
  return { url: address, close: () => server.close() }
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('no Chromium found')
  return chromium.launch({ executablePath, args: CHROMIUM_FLAGS })
}

interface StoryOptions {
  readonly url: string
  readonly path: string
  readonly answers: Answers
  readonly theme?: 'light' | 'dark'
  readonly locale?: 'zh-CN' | 'en'
  readonly widthPx?: number
  readonly heightPx?: number
}

/** A page whose bridge is answered by the story. */
export async function openStory(browser: Browser, options: StoryOptions): Promise<Page> {
  const page = await browser.newPage({
    viewport: { width: options.widthPx ?? 1366, height: options.heightPx ?? 768 },
    locale: options.locale ?? 'zh-CN',
  })
  const answers: Answers = {
    'app/state': () => storyState,
    'app/syncBar': () => storySync,
    ...options.answers,
  }
  await page.exposeFunction('storyAnswer', (name: string, input: Record<string, unknown>) => {
    const answer = answers[name]
    return answer
      ? { ok: true, value: answer(input) }
      : { ok: false, error: { code: 'unknown-request', details: { name } } }
  })
  await page.addInitScript(
    ({ theme, locale }) => {
      localStorage.setItem('chanbo.theme', theme)
      localStorage.setItem('chanbo.locale', locale)
      const scope = window as unknown as {
        storyAnswer: (name: string, input: unknown) => Promise<unknown>
        chanbo: unknown
      }
      scope.chanbo = {
        request: (name: string, input: unknown) => scope.storyAnswer(name, input),
        on: () => () => undefined,
      }
    },
    { theme: options.theme ?? 'light', locale: options.locale ?? 'zh-CN' },
  )
  await page.goto(`${options.url}#${options.path}`)
  return page
}
