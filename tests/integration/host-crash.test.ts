import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openCoreHost, startCoreHost } from '../../electron/core/host.ts'
import { findPlaces } from '../../electron/core/shell/places.ts'
import type { CorePort } from '../../electron/core/shell/port.ts'
import type { AppEvent } from '../../shared/contract/event.ts'
import { SILENT } from '../helpers/core.ts'

const ENTRY = pathToFileURL(resolve(import.meta.dirname, '../../electron/standalone/index.ts')).href
const FAILING = pathToFileURL(resolve(import.meta.dirname, '../fixtures/failing-core.ts'))

const SOON = { timeout: 20_000 }

const outcomes: string[] = []
let dataDir: string
let host: CorePort
beforeEach(async () => {
  outcomes.length = 0
  dataDir = mkdtempSync(join(tmpdir(), 'chanbo-crash-'))
  const places = findPlaces(ENTRY)
  host = await startCoreHost({
    dataDir,
    log: { ...SILENT, error: () => undefined },
    readers: 1,
    ...places,
    workerUrls: { ...places.workerUrls, core: FAILING },
    onCrash: (outcome) => outcomes.push(outcome),
  })
})
afterEach(async () => {
  await host.close()
  rmSync(dataDir, { recursive: true, force: true })
})

it('takes calls before the core is there, and answers them when it is', async () => {
  const early = join(dataDir, 'early')
  mkdirSync(early)
  const { core } = openCoreHost({ dataDir: early, log: SILENT, ...findPlaces(ENTRY) })
  const id = core.openConnection({ kind: 'window', remote: false })
  expect(await core.request(id, 'app/state', {})).toMatchObject({ ok: true, value: { phase: 'first-run' } })
  await core.close()
})

it('answers the calls that were open when the core cannot start', async () => {
  const places = findPlaces(ENTRY)
  const file = join(dataDir, 'a-file')
  writeFileSync(file, '')
  const { core, ready } = openCoreHost({ dataDir: file, log: SILENT, ...places })
  const id = core.openConnection({ kind: 'window', remote: false })
  expect(await core.request(id, 'app/state', {})).toMatchObject({ ok: false, error: { code: 'internal' } })
  await expect(ready).rejects.toThrow()
})

it('answers the calls that were open, starts the core again and tells the shell and the screens', async () => {
  const events: AppEvent[] = []
  host.onEvent((_connection, event) => events.push(event))
  const id = host.openConnection({ kind: 'window', remote: false })
  const answer = await host.request(id, 'app/leaveBelt', {})
  expect(answer).toMatchObject({ ok: false, error: { code: 'internal' } })
  await expect.poll(() => outcomes, SOON).toEqual(['restarted'])
  expect(events).toContainEqual({ kind: 'changed', topics: ['app', 'store'] })
  expect(await host.request(id, 'app/state', {})).toEqual({ ok: true, value: 'alive' })
})

it('leaves a core stopped that keeps dying, and says that instead', async () => {
  const id = host.openConnection({ kind: 'window', remote: false })
  for (let i = 0; i < 4; i += 1) {
    await host.request(id, 'app/leaveBelt', {})
    await expect.poll(() => outcomes.length, SOON).toBe(i + 1)
  }
  expect(outcomes).toEqual(['restarted', 'restarted', 'restarted', 'stopped'])
  expect(await host.request(id, 'app/state', {})).toMatchObject({ ok: false, error: { code: 'internal' } })
})
