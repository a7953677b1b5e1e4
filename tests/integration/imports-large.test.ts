import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StageResult } from '../../electron/core/features/imports/stage.ts'
import type { WorkerMessage, WorkerStart } from '../../electron/core/workers.ts'
import { migrate, readMigrations } from '../../electron/sqlite/migrate.ts'
import { openDb } from '../../electron/sqlite/open.ts'
import { DOUDIAN_73, csvText, doudianRow, tabId } from '../fixtures/exports.ts'
import { RESOURCES_DIR, WORKER_URLS, tempDir } from '../helpers/core.ts'

const FILE_BYTES = 200_000_000
/** A twentieth of the file: nothing that keeps rows could live in it. */
const HEAP_MB = 40

let folder: string
beforeAll(() => {
  folder = tempDir()
  mkdirSync(join(folder, 'belts'))
  const db = openDb(join(folder, 'belts', 'belt.db'))
  migrate(db, readMigrations(join(RESOURCES_DIR, 'migrations', 'local')), 0)
  db.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Writes an export of at least `bytes`. @returns its rows */
function writeExport(path: string, bytes: number): number {
  const file = openSync(path, 'w')
  const note = '想要黑色的,配"收纳包"\n谢谢 '.repeat(60)
  const text = csvText(DOUDIAN_73, [doudianRow(0, { 买家留言: note })], { bom: false })
  const start = text.indexOf('\r\n') + 2
  let written = writeSync(file, text.slice(0, start))
  let rows = 0
  while (written < bytes) {
    let block = ''
    for (let i = 0; i < 500; i++) block += text.slice(start).replaceAll(tabId(0), tabId(++rows))
    written += writeSync(file, block)
  }
  closeSync(file)
  return rows
}

function stage(path: string, cancelAt?: number): Promise<{ result: WorkerMessage; steps: number }> {
  const flags = new Int32Array(new SharedArrayBuffer(4))
  const payload = {
    path,
    stagingPath: join(folder, 'imports', 'belt-x.db'),
    beltPath: join(folder, 'belts', 'belt.db'),
  }
  const worker = new Worker(WORKER_URLS.import, {
    workerData: { payload, flags } satisfies WorkerStart,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  return new Promise((resolve, reject) => {
    let steps = 0
    worker.on('error', reject)
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind !== 'progress') void worker.terminate().then(() => resolve({ result: message, steps }))
      else if (++steps === cancelAt) Atomics.store(flags, 0, 2)
    })
  })
}

describe('a file of 200 MB', () => {
  it(
    'is streamed through a heap of 40 MB without losing a row, and can be cancelled',
    { timeout: 300_000 },
    async () => {
      const path = join(folder, 'large.csv')
      const rows = writeExport(path, FILE_BYTES)
      const { result, steps } = await stage(path)
      expect(result).toMatchObject({ kind: 'done' })
      const { counts, ...staged } = (result as { value: StageResult }).value
      expect(staged).toMatchObject({ rows, units: rows, payableFen: rows * 12900 })
      expect(counts).toMatchObject({ new: rows, problem: 0, duplicate: 0 })
      expect(steps).toBeGreaterThan(10)

      const cancelled = await stage(path, 3)
      expect(cancelled.result).toMatchObject({ kind: 'failed', refusal: { code: 'cancelled' } })
    },
  )
})
