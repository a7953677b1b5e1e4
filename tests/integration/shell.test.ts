import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../../electron/launch/lib/build.mjs'
import { CoreProcess } from '../chaos/driver.ts'
import { CHROMIUM_HINT, findChromium } from '../helpers/chromium.ts'
import { NEW_BELT } from '../helpers/core.ts'
import { findKeyringObstacle, startSession } from '../helpers/keyring.ts'
import { startShell } from '../helpers/shell.ts'
import type { ShellProcess } from '../helpers/shell.ts'

const hasChromium = findChromium() !== null
if (!hasChromium) console.log(`shell tests are skipped, no Chromium: ${CHROMIUM_HINT}`)

const keyringObstacle = findKeyringObstacle()
if (keyringObstacle !== null)
  console.log(`the window’s keys in the Secret Service are not tested: ${keyringObstacle}`)

type Bridge = {
  request(name: string, input: unknown): Promise<{ ok: boolean; value?: unknown; error?: { code: string } }>
  on(listener: (event: unknown) => void): () => void
}
declare const chanbo: Bridge

const isKeyFile = (name: string): boolean => /^belt-\w+\.json$/.test(name)

/** The built shell, executed against the stand-in for Electron. */
describe.skipIf(!hasChromium)('the shell executed against a stand-in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chanbo-shell-'))
  const dataDir = join(folder, 'data')
  let shell: ShellProcess
  let page: Page
  beforeAll(async () => {
    ensureBuilt({ quiet: true })
    shell = startShell(['--data-dir', dataDir])
    page = await shell.page()
    await page.waitForFunction(() => typeof chanbo === 'object')
  }, 120_000)
  afterAll(async () => {
    await shell.quit()
    rmSync(folder, { recursive: true, force: true })
  })

  const ask = (name: string, input: unknown = {}) =>
    page.evaluate(([requestName, value]) => chanbo.request(requestName, value), [name, input] as const)

  it('opens one locked-down window', async () => {
    const [options] = await shell.records('window')
    expect(options).toMatchObject({
      webPreferences: {
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        webviewTag: false,
      },
    })
    expect(await shell.control('app')).toMatchObject({ sandboxed: true, userData: join(dataDir, 'window') })
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  })

  it('shows the built page, which finds no Node and no Electron around it', async () => {
    expect(page.url()).toMatch(/^http:\/\/chanbo\.localhost\/(#|$)/)
    const found = await page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'ipcRenderer', '__standInCall'].filter(
        (name) => name in globalThis,
      ),
    )
    expect(found).toEqual([])
    expect(await page.evaluate(() => Object.keys(chanbo).sort())).toEqual(['on', 'request'])
  })

  it('serves the page with its policy, and nothing beside it', async () => {
    const policy = await page.evaluate(async () => (await fetch('/')).headers.get('content-security-policy'))
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*/)
    const statuses = await page.evaluate(() =>
      Promise.all(
        [
          '/../../package.json',
          '/%2e%2e/main/index.js',
          '/..%5cmain%5cindex.js',
          '/assets',
          '/nothing.js',
          '/%00',
        ].map(async (path) => (await fetch(path)).status),
      ),
    )
    expect(statuses).toEqual([404, 404, 404, 404, 404, 404])
  })

  it('runs no inline script and evaluates no text', async () => {
    const ran = await page.evaluate(async () => {
      const script = document.createElement('script')
      script.textContent = 'window.inlineRan = true'
      document.body.append(script)
      await new Promise((done) => setTimeout(done, 50))
      return 'inlineRan' in window
    })
    expect(ran).toBe(false)
  })

  it('relays requests and events', async () => {
    expect(await ask('app/state')).toMatchObject({ ok: true, value: { phase: 'first-run' } })
    expect(await ask('no/such')).toMatchObject({ ok: false, error: { code: 'unknown-request' } })
    await page.evaluate(() => {
      const heard: unknown[] = []
      Object.assign(globalThis, { heard, stop: chanbo.on((event) => heard.push(event)) })
    })
    await shell.control('emit', { target: 'power', event: 'resume' })
    const heard = () => page.evaluate(() => (globalThis as unknown as { heard: unknown[] }).heard)
    await expect.poll(heard).toContainEqual({ kind: 'changed', topics: ['app', 'sync'] })
    const before = (await heard()).length
    await page.evaluate(() => (globalThis as unknown as { stop(): void }).stop())
    await shell.control('emit', { target: 'power', event: 'resume' })
    await ask('app/state')
    expect(await heard()).toHaveLength(before)
  })

  it('answers only the top frame of its own page', async () => {
    const attempt = (url: string, isTop: boolean) =>
      shell.control('invoke-as', { url, isTop, channel: 'chanbo:request', args: ['app/state', {}] })
    expect(await attempt('app://chanbo/', true)).toMatchObject({ ok: true })
    for (const [url, isTop] of [
      ['app://chanbo/', false],
      ['https://evil.example/', true],
      ['app://evil/', true],
      ['file:///etc/passwd', true],
      ['about:blank', true],
    ] as const) {
      expect(await attempt(url, isTop)).toMatchObject({ ok: false, error: { code: 'not-allowed' } })
    }
    const garbage = { url: 'app://chanbo/', isTop: true, channel: 'chanbo:request' }
    expect(await shell.control('invoke-as', { ...garbage, args: [{ toString: 'x' }, {}] })).toMatchObject({
      error: { code: 'bad-input' },
    })
  })

  it('stays on its page, opens no window and reaches no other site', async () => {
    await page.evaluate(() => location.assign('https://evil.example/'))
    await page.evaluate(() => location.assign('http://other.localhost/'))
    await page.waitForTimeout(200)
    expect(page.url()).toMatch(/^http:\/\/chanbo\.localhost\/(#|$)/)
    await page.evaluate(() => void window.open('https://docs.example/help'))
    await page.evaluate(() => void window.open('file:///etc/passwd'))
    await expect.poll(() => shell.records('open-external')).toEqual(['https://docs.example/help'])
    expect(await shell.control('window')).toMatchObject({ count: 1 })
    const reached = await page.evaluate(() =>
      fetch('https://evil.example/', { mode: 'no-cors' }).then(
        () => true,
        () => false,
      ),
    )
    expect(reached).toBe(false)
  })

  it('grants no permission and no download', async () => {
    for (const name of ['geolocation', 'media', 'notifications', 'hid', 'openExternal', 'clipboard-read']) {
      expect(await shell.control('permission', { permission: name })).toEqual({
        granted: false,
        checked: false,
      })
    }
    expect(await shell.control('permission', { permission: 'clipboard-sanitized-write' })).toMatchObject({
      granted: true,
    })
    expect(await shell.records('device-permission')).toEqual([false])
    expect(await shell.control('download')).toEqual({ prevented: true })
  })

  it('hands a chosen file to the page as a handle, never as a path', async () => {
    const path = join(folder, '订单.csv')
    writeFileSync(path, 'a,b\n')
    await shell.control('dialog-answer', { answer: { canceled: false, filePaths: [path] } })
    const answer = await ask('shell/pickFile', { accept: ['.csv'] })
    expect(answer).toMatchObject({ ok: true, value: { name: '订单.csv', sizeBytes: 4 } })
    expect(JSON.stringify(answer)).not.toContain(folder)
    expect(await shell.records('open-dialog')).toMatchObject([{ filters: [{ extensions: ['csv'] }, {}] }])
    expect(await ask('shell/pickFile', { accept: [] })).toEqual({ ok: true, value: null })
    expect(await ask('shell/pickFile', { accept: ['../x'] })).toMatchObject({ error: { code: 'bad-input' } })
  })

  it('takes a dropped file', async () => {
    const status = await page.evaluate(async () => {
      const body = new TextEncoder().encode('a,b\n1,2\n')
      const answer = await fetch('/files?name=dropped.csv', { method: 'POST', body })
      return [answer.status, await answer.json()] as const
    })
    expect(status).toEqual([200, expect.objectContaining({ name: 'dropped.csv', sizeBytes: 8 })])
    expect(readdirSync(join(dataDir, 'incoming'))).toHaveLength(1)
  })

  it('saves only what the core has made', async () => {
    await shell.control('dialog-answer', { answer: { canceled: false, filePath: join(folder, 'out.csv') } })
    const answer = await ask('shell/saveFile', { handle: 'made-up', suggestedName: '../../x.csv' })
    expect(answer).toMatchObject({ ok: false, error: { code: 'file-gone' } })
    expect(await shell.records('save-dialog')).toMatchObject([
      { defaultPath: expect.stringMatching(/[\\/]x\.csv$/) as unknown },
    ])
    expect(readdirSync(folder)).not.toContain('out.csv')
  })

  it('notifies only while the person looks elsewhere', async () => {
    await ask('shell/notify', { title: '开播提醒', body: '荣成浮漂坊 19:00' })
    expect(await shell.records('notification')).toEqual([])
    await shell.control('window', { act: 'blur' })
    await ask('shell/notify', { title: '开播提醒', body: '荣成浮漂坊 19:00' })
    expect(await shell.records('notification')).toMatchObject([
      { title: '开播提醒', body: '荣成浮漂坊 19:00' },
    ])
  })

  it('has its menu in the system language, and a tray that brings the window back', async () => {
    const labels = (await shell.control<{ label?: string }[]>('menu', { which: 'application' })).map(
      (item) => item.label,
    )
    expect(labels).toContain('文件')
    expect(labels).toContain('复制')
    const roles = (await shell.control<{ role?: string }[]>('menu', { which: 'application' })).map(
      (item) => item.role,
    )
    expect(roles).not.toContain('toggleDevTools')
    await shell.control('menu-click', { which: 'application', id: 'data-folder' })
    expect(await shell.records('open-path')).toEqual([dataDir])
    await shell.control('menu-click', { which: 'tray', id: 'show' })
    expect((await shell.records('focus')).length).toBeGreaterThan(0)
  })

  it('lets a second start on the same data only bring the first to the front', async () => {
    const before = (await shell.records('focus')).length
    const second = startShell(['--data-dir', dataDir])
    expect(await second.exitCode).toBe(0)
    await expect.poll(async () => (await shell.records('focus')).length).toBeGreaterThan(before)
  })

  it('loads the page again after it crashed, and says so', async () => {
    await shell.control('window', { act: 'crash' })
    await expect
      .poll(() => shell.records('message-box'))
      .toMatchObject([{ message: '界面刚才停了，已经重新载入。' }])
  })
})

describe.skipIf(!hasChromium)('the shell from start to start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chanbo-shell-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('comes back where it was, and leaves cleanly', async () => {
    const dataDir = join(folder, 'places')
    const first = startShell(['--data-dir', dataDir])
    await first.page()
    const bounds = { x: 111, y: 66, width: 1200, height: 700 }
    await first.control('window', { act: 'bounds', bounds })
    expect(await first.quit()).toBe(0)
    expect(JSON.parse(readFileSync(join(dataDir, 'window', 'window.json'), 'utf8'))).toEqual({
      ...bounds,
      maximized: false,
    })
    expect(readdirSync(dataDir)).not.toContain('incoming')

    const second = startShell(['--data-dir', dataDir], { STAND_IN_LOCALE: 'en-GB' })
    await second.page()
    expect(await second.records('window')).toMatchObject([bounds])
    const labels = (await second.control<{ label?: string }[]>('menu', { which: 'application' })).map(
      (item) => item.label,
    )
    expect(labels).toContain('File')
    await second.control('window', { act: 'close' })
    expect(await second.exitCode).toBe(0)
  })

  it.skipIf(keyringObstacle !== null)('opens keys that were wrapped without a window', async () => {
    const dataDir = join(folder, 'keys')
    const session = await startSession()
    try {
      const core = await CoreProcess.start(dataDir, session.env)
      await core.call('app/createBelt', NEW_BELT)
      await core.end()
      const keyFile = join(dataDir, 'keys', readdirSync(join(dataDir, 'keys')).find(isKeyFile)!)
      expect(JSON.parse(readFileSync(keyFile, 'utf8'))).toHaveProperty('wrapped', 1)
      const shell = startShell(['--data-dir', dataDir], session.env)
      try {
        const page = await shell.page()
        await page.waitForFunction(() => typeof chanbo === 'object')
        expect(await page.evaluate(() => chanbo.request('app/state', {}))).toMatchObject({
          value: { phase: 'sign-in', belt: { name: NEW_BELT.name }, keyGuard: 'system', trouble: null },
        })
      } finally {
        await shell.quit()
      }
    } finally {
      await session.stop()
    }
  })

  it('explains why it cannot start, and ends', async () => {
    const notFolder = join(folder, 'a-file')
    writeFileSync(notFolder, 'x')
    const shell = startShell(['--data-dir', notFolder])
    expect(await shell.exitCode).toBe(1)
    expect(shell.output()).toContain('打不开')
    expect(shell.output()).toContain(notFolder)
  })
})
