import { randomBytes } from 'node:crypto'
import type { importsContract } from '../../../../shared/contract/imports.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { ActionHandlers } from '../../context.ts'
import { exportOrders, exportProblems } from './export.ts'
import { insertImport, setImportStatus, summaryOf } from './repo.ts'
import { commitRows, jobKindOf, requireImport, startReading, trackWork, undoRows } from './run.ts'
import { applySkuMappings } from './sku-mapping.ts'
import { removeStaging, stagingPathOf } from './staging.ts'

const newImportId = (): string => randomBytes(9).toString('base64url').replace(/[-_]/g, '0')

export const importsActions: ActionHandlers<typeof importsContract> = {
  'import/start': async ({ fileHandle, baseId }, { actor, services }) => {
    const belt = services.belt()
    const file = services.takeFile(fileHandle)
    if (!file) throw new Refusal('file-gone')
    const importId = newImportId()
    services.transact(actor, (ctx) =>
      insertImport(ctx.db, {
        id: importId,
        fileName: file.name.slice(0, 200),
        baseId: baseId ?? actor.baseId,
        personId: actor.personId,
        createdMs: belt.nowMs(),
      }),
    )
    return { jobId: startReading(services, actor, importId, file), importId }
  },

  'import/commit': async ({ importId, skuMappings }, { actor, services }) => {
    const belt = services.belt()
    const row = requireImport(belt, importId)
    if (row.status === 'committed') return summaryOf(belt.store.db, row)
    // A commit that met a full disk goes on where it stopped.
    if (row.status === 'committing' && services.jobs(jobKindOf(importId)).length === 0)
      return trackWork(services, importId, (isStopped) => commitRows(services, actor, importId, isStopped))
    if (row.status !== 'ready') throw new Refusal('import-not-ready', { status: row.status })
    services.transact(actor, (ctx) => {
      const scoped = row.baseId ? { ...ctx, write: ctx.write.withScope(`base:${row.baseId}`) } : ctx
      applySkuMappings(scoped, row.source, skuMappings)
      setImportStatus(ctx.db, importId, 'committing')
      ctx.db.prepare('UPDATE importFile SET committedMs = ? WHERE id = ?').run(ctx.nowMs, importId)
    })
    return trackWork(services, importId, (isStopped) => commitRows(services, actor, importId, isStopped))
  },

  'import/cancel': async ({ importId }, { services }) => {
    const belt = services.belt()
    const row = requireImport(belt, importId)
    if (row.status === 'reading') for (const job of services.jobs(jobKindOf(importId))) job.cancel()
    if (row.status !== 'ready') return null
    setImportStatus(belt.store.db, importId, 'cancelled', { code: 'cancelled', details: {} })
    removeStaging(stagingPathOf(belt.path, importId))
    services.emit({ kind: 'changed', topics: ['imports'] })
    return null
  },

  'import/undo': async ({ importId }, { actor, services }) => {
    const belt = services.belt()
    const row = requireImport(belt, importId)
    if (row.status === 'undone') return summaryOf(belt.store.db, row)
    if (row.status === 'undoing' && services.jobs(jobKindOf(importId)).length === 0)
      return trackWork(services, importId, (isStopped) => undoRows(services, actor, importId, isStopped))
    if (row.status !== 'committed' || row.format === 'doudian-aftersale')
      throw new Refusal('import-not-undoable', { status: row.status })
    services.transact(actor, (ctx) => setImportStatus(ctx.db, importId, 'undoing'))
    return trackWork(services, importId, (isStopped) => undoRows(services, actor, importId, isStopped))
  },

  'import/exportProblems': ({ importId }, { services }) => exportProblems(services, importId),
  'order/export': (filter, { actor, services }) => exportOrders(services, actor, filter),
}
