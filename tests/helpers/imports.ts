import { Buffer } from 'node:buffer'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Call } from '../../shared/contract/index.ts'
import type { ImportPreview, ImportSummary } from '../../shared/contract/imports.ts'
import type { TestCore } from './core.ts'
import { MERCHANT } from '../fixtures/rows.ts'

/** Public samples kept outside the repository; null where they are absent. */
export function dataFolder(): string | null {
  const candidate =
    process.env['CHANBO_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
  return existsSync(join(candidate, 'formats')) ? candidate : null
}

let files = 0

/** Puts a file where the shell would hand it over from. @returns its handle */
export function handFile(app: TestCore, content: string | Uint8Array, name = 'orders.csv'): string {
  const path = join(app.dataDir, `upload-${++files}.csv`)
  writeFileSync(path, content)
  return app.core.registerFile({ path, name, sizeBytes: Buffer.byteLength(content), ephemeral: true })
}

/** Reads a file to the end. The preview call rejects with the refusal of a file that cannot be imported. */
export async function readFile(
  app: TestCore,
  content: string | Uint8Array,
  name?: string,
): Promise<ImportPreview> {
  return readHandle(app, handFile(app, content, name))
}

export async function readHandle(app: TestCore, fileHandle: string): Promise<ImportPreview> {
  const finished = new Set<string>()
  let wake: () => void = () => {}
  const off = app.core.onEvent((_, event) => {
    if (event.kind !== 'finished') return
    finished.add(event.jobId)
    wake()
  })
  try {
    const { jobId, importId } = await app.call('import/start', { fileHandle })
    while (!finished.has(jobId)) await new Promise<void>((resolve) => (wake = resolve))
    return await app.call('import/preview', { importId, limit: 500 })
  } finally {
    off()
  }
}

/** Reads a file and takes it over. */
export async function importFile(
  app: TestCore,
  content: string | Uint8Array,
  skuMappings: Call<'import/commit'>['skuMappings'] = [],
): Promise<ImportSummary> {
  const { summary } = await readFile(app, content)
  return app.call('import/commit', { importId: summary.importId, skuMappings })
}

/** A merchant with one product and one SKU `LR-001`, through the store's own door. */
export function makeSku(core: TestCore): string {
  const { services } = core.core
  const actor = core.core.actorOf(core.connection)
  return services.transact(actor, ({ db, write }) => {
    const base = db.prepare<[], { id: string }>('SELECT id FROM liveBase').get()!.id
    const merchantId = write.create('merchant', {
      ...MERCHANT,
      returnRatePct: 8,
      name: '文登渔具',
      shortName: '文登',
      baseId: base,
    })
    const productId = write.create('product', {
      name: '海竿',
      shortName: '海竿',
      merchantId,
      family: 'hand-rod',
      routing: [],
      returnPolicy: '7d',
      categoryKey: '',
    })
    return write.create('sku', {
      name: '海竿 3.6米',
      productId,
      code: 'LR-001',
      externalId: null,
      priceFen: 12900,
      costFen: 6000,
      weightG: 400,
      packaging: 'tube',
      packagingG: 120,
    })
  })
}
