import type { Actor } from '../../context.ts'
import type { Services } from '../../services.ts'
import { sweepExports } from './export.ts'
import { importsWithStatus, setImportStatus } from './repo.ts'
import { commitRows, trackWork, undoRows } from './run.ts'
import { sweepStaging } from './staging.ts'

/** Committed imports whose rows can still be looked at. */
const KEPT_PREVIEWS = 5

/** After a belt was opened: finishes what was interrupted and forgets what cannot go on. */
export async function resumeImports(services: Services): Promise<void> {
  const belt = services.openBelt()
  if (!belt) return
  const { db } = belt.store
  sweepExports(services)
  for (const row of importsWithStatus(db, 'reading'))
    setImportStatus(db, row.id, 'cancelled', { code: 'cancelled', details: {} })
  const waiting = importsWithStatus(db, 'ready', 'committing').map((row) => row.id)
  const recent = importsWithStatus(db, 'committed')
    .slice(-KEPT_PREVIEWS)
    .map((row) => row.id)
  sweepStaging(belt.path, new Set([...waiting, ...recent]))
  for (const row of importsWithStatus(db, 'committing', 'undoing')) {
    const actor: Actor = { connectionId: '', personId: row.personId, role: null, baseId: row.baseId }
    const work = row.status === 'committing' ? commitRows : undoRows
    await trackWork(services, row.id, (isStopped) => work(services, actor, row.id, isStopped))
    services.log.info('an interrupted import was finished', { importId: row.id })
  }
}
