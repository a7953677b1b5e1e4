import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { CoreProcess, Killed } from './driver.ts'
import { DOUDIAN_73, csvText, doudianRow, plainId } from '../fixtures/exports.ts'

export const KILL_KINDS = ['command', 'import', 'plan'] as const
export type KillKind = (typeof KILL_KINDS)[number]

export interface KillReport {
  readonly kind: KillKind | 'sync'
  readonly kills: number
  /** Answers that said "saved". */
  readonly acknowledged: number
  /** Acknowledged work that was not there after the next start. */
  readonly missing: string[]
  /** Stores that failed SQLite's integrity check, half-applied imports, errors the core logged. */
  readonly damage: string[]
}

/** What was acknowledged, and how to see in the store that it is there. */
interface Promised {
  readonly what: string
  readonly isThere: (db: Database.Database) => boolean
}

/** Small deterministic random source: a failing run can be repeated with its seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

async function commands(core: CoreProcess, promised: Promised[], tag: string): Promise<void> {
  for (let n = 0; ; n++) {
    const name = `${tag} ${n}`
    const { id } = await core.call('person/save', { id: null, name, role: 'planner', baseId: null })
    promised.push({
      what: `person ${name}`,
      isThere: (db) =>
        db.prepare('SELECT 1 FROM person WHERE id = ? AND name = ?').get(id, name) !== undefined,
    })
  }
}

const IMPORT_ROWS = 120

async function imports(
  core: CoreProcess,
  promised: Promised[],
  offset: number,
  folder: string,
): Promise<void> {
  for (let n = 0; ; n++) {
    const first = offset + n * IMPORT_ROWS
    const name = `${first}.csv`
    const path = join(folder, name)
    writeFileSync(
      path,
      csvText(
        DOUDIAN_73,
        Array.from({ length: IMPORT_ROWS }, (_, row) => doudianRow(first + row)),
      ),
    )
    const { jobId, importId } = await core.call(
      'import/start',
      { fileHandle: '' },
      { path, name, sizeBytes: statSync(path).size },
    )
    await core.finished(jobId)
    await core.call('import/commit', { importId, skuMappings: [] })
    promised.push({
      what: `import ${name}`,
      isThere: (db) =>
        (
          db
            .prepare('SELECT count(*) AS n FROM orderLine WHERE subOrderNo BETWEEN ? AND ?')
            .get(plainId(first), plainId(first + IMPORT_ROWS - 1)) as { n: number }
        ).n === IMPORT_ROWS,
    })
  }
}

async function plans(core: CoreProcess, promised: Promised[]): Promise<void> {
  for (let n = 0; ; n++) {
    const { jobId } = await core.call('plan/start', { timeLimitMs: 250, seed: n })
    await core.finished(jobId)
    const [proposal] = await core.call('plan/proposals', {})
    if (!proposal) throw new Error('a finished plan left no proposal')
    promised.push({
      what: `proposal ${proposal.id}`,
      isThere: (db) =>
        db.prepare('SELECT 1 FROM proposal WHERE id = ?').get(proposal.id) !== undefined || wasPruned(db),
    })
    const { planId } = await core.call('plan/publish', { proposalId: proposal.id, reason: `chaos ${n}` })
    promised.push({
      what: `plan ${planId}`,
      isThere: (db) =>
        db.prepare('SELECT 1 FROM planVersion WHERE id = ?').get(planId) !== undefined &&
        (db.prepare('SELECT count(*) AS n FROM planItem WHERE planId = ?').get(planId) as { n: number }).n ===
          proposal.tasks,
    })
  }
}

/** Old proposals are dropped by design once there are more than a dozen. */
const wasPruned = (db: Database.Database) =>
  (db.prepare('SELECT count(*) AS n FROM proposal').get() as { n: number }).n >= 12

function check(storePath: string, promised: readonly Promised[], damage: string[]): string[] {
  const db = new Database(storePath, { readonly: true })
  try {
    const state = db.pragma('integrity_check', { simple: true })
    if (state !== 'ok') damage.push(`integrity: ${String(state)}`)
    const torn = db
      .prepare(
        `SELECT author, stream, nextSeq, (SELECT max(seq) FROM op WHERE op.author = stream.author AND op.stream = stream.stream) AS last FROM stream`,
      )
      .all() as { author: string; stream: number; nextSeq: number; last: number | null }[]
    for (const row of torn)
      if (row.last !== null && row.nextSeq !== row.last + 1)
        damage.push(`stream ${row.stream}: next ${row.nextSeq} after ${row.last}`)
    return promised.filter((entry) => !entry.isThere(db)).map((entry) => entry.what)
  } finally {
    db.close()
  }
}

/** Starts a core on the demo belt, works it, kills it at a random moment, and looks at the store; `kills` times over. */
export async function killRepeatedly(kind: KillKind, kills: number, seed: number): Promise<KillReport> {
  const dataDir = mkdtempSync(join(tmpdir(), `chanbo-kill-${kind}-`))
  const random = randomOf(seed)
  const promised: Promised[] = []
  const missing = new Set<string>()
  const damage: string[] = []
  let acknowledged = 0
  // Kills fall evenly over the time that two pieces of work take here, so that every moment of one is hit.
  let pieceMs = 600
  try {
    const first = await CoreProcess.start(dataDir)
    await first.call('app/openDemo', {})
    await first.end()
    for (let kill = 0; kill < kills; kill++) {
      const core = await CoreProcess.start(dataDir)
      const before = promised.length
      const work =
        kind === 'command'
          ? commands(core, promised, `k${kill}`)
          : kind === 'import'
            ? imports(core, promised, 1_000_000 + kill * 10_000, dataDir)
            : plans(core, promised)
      const ended = work.catch((error: unknown) => {
        if (!(error instanceof Killed)) damage.push(`kill ${kill}: ${String(error)}`)
      })
      const startMs = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 5 + random() * 2.5 * pieceMs))
      await core.kill()
      await ended
      damage.push(...core.errors)
      const done = promised.length - before
      acknowledged += done
      const tookMs = performance.now() - startMs
      pieceMs =
        done > 0
          ? Math.max(100, 0.5 * pieceMs + (0.5 * tookMs) / done)
          : Math.min(10_000, Math.max(pieceMs, tookMs) * 1.3)
      for (const what of check(join(dataDir, 'belts', 'demo.db'), promised, damage)) missing.add(what)
    }
    const last = await CoreProcess.start(dataDir)
    const { phase } = await last.call('app/state', {})
    if (phase !== 'ready') damage.push(`the last start ended in ${phase}`)
    await last.kill()
    return { kind, kills, acknowledged, missing: [...missing], damage }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
