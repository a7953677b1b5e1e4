import type { CanonicalOp, Scope } from '../../../shared/ops/types.ts'
import { manifestSchema, type Manifest, type SnapshotAnswer } from '../../../shared/wire/snapshot.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { Store } from '../store/store.ts'
import { writeCursor, type SharedScope } from './cursors.ts'
import type { SweepJob } from './resync.ts'

export interface Job extends SweepJob {
  readonly scope: SharedScope
  readonly sweeps: boolean
  /** Places in the manifest that have not been applied, in its order. */
  readonly missing: readonly number[]
}

interface JobRow {
  readonly scope: SharedScope
  readonly seq: number
  readonly manifest: string
  readonly sweep: number
  readonly held: string
}

/** The snapshots that are being taken over, as the store keeps them: after a crash it goes on from here. */
export class FirstSyncJobs {
  readonly #store: Store
  readonly #only: SharedScope | null

  /** @param only looks at nothing but this scope */
  constructor(store: Store, only: SharedScope | null) {
    this.#store = store
    this.#only = only
  }

  /** True while something of a snapshot is missing. */
  get any(): boolean {
    return (
      prepared<[string | null, string | null]>(
        this.#store.db,
        'SELECT 1 FROM snapshotJob WHERE ? IS NULL OR scope = ? LIMIT 1',
      ).get(this.#only, this.#only) !== undefined
    )
  }

  of(scope: Scope): Pick<JobRow, 'sweep'> | undefined {
    return prepared<[string], JobRow>(this.#store.db, 'SELECT * FROM snapshotJob WHERE scope = ?').get(scope)
  }

  /** Whether a scope is still being taken over from that snapshot, and in that manner: another may have made way for it meanwhile. */
  isCurrent({ scope, manifest, sweeps }: Pick<Job, 'scope' | 'manifest' | 'sweeps'>): boolean {
    return (
      prepared<[string, string, number]>(
        this.#store.db,
        `SELECT 1 FROM snapshotJob WHERE scope = ? AND manifest ->> '$.signature' = ? AND sweep = ?`,
      ).get(scope, manifest.signature, sweeps ? 1 : 0) !== undefined
    )
  }

  /** The belt first: it says which bases there are. */
  list(): Job[] {
    const { db } = this.#store
    const rows = prepared<[string | null, string | null], JobRow>(
      db,
      `SELECT * FROM snapshotJob WHERE ? IS NULL OR scope = ? ORDER BY scope <> 'belt', scope`,
    ).all(this.#only, this.#only)
    return rows.map((row) => {
      const { scope } = row
      const done = new Set(
        prepared<[string], { hash: string }>(db, 'SELECT hash FROM snapshotDone WHERE scope = ?')
          .all(scope)
          .map(({ hash }) => hash),
      )
      const manifest = manifestSchema.parse(JSON.parse(row.manifest))
      const missing = [...manifest.chunks.keys()].filter((index) => !done.has(manifest.chunks[index]![0]))
      const held = JSON.parse(row.held) as SnapshotAnswer['held']
      return { scope, manifest, held, sweeps: row.sweep === 1, missing }
    })
  }

  /** Begins with a snapshot, in the place of another one of the scope, and moves the cursor to where the log goes on after it. */
  begin(
    manifest: Manifest,
    about: {
      readonly scope: SharedScope
      readonly held: SnapshotAnswer['held']
      readonly resync: boolean
      readonly nowMs: number
    },
  ): void {
    const { db } = this.#store
    const { scope, held, resync, nowMs } = about
    const { epoch, seq } = manifest
    this.#store.transact(() => {
      const before = this.of(scope)
      // A device that has read some of this scope may hold what the snapshot does not.
      const sweeps = resync || before?.sweep === 1 || (!before && this.#hasRead(scope))
      // Begun again from the same snapshot, it goes on: what is being applied at this moment still counts.
      if (!this.isCurrent({ scope, manifest, sweeps })) this.#forgetOther(manifest, scope, sweeps)
      prepared(
        db,
        'INSERT OR REPLACE INTO snapshotJob (scope, epoch, seq, manifest, sweep, held, startedMs) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ).run(scope, epoch, seq, JSON.stringify(manifest), sweeps ? 1 : 0, JSON.stringify(held), nowMs)
      const putHead = prepared(
        db,
        'INSERT OR REPLACE INTO streamHead (author, stream, seq, head) VALUES (?, ?, ?, ?)',
      )
      for (const head of manifest.streams) putHead.run(...head)
      writeCursor(this.#store, scope, { epoch, seq })
    })
  }

  /** What the snapshot holds, so that the sweep at its end spares it; inside a transaction. */
  keep(scope: Scope, ops: readonly CanonicalOp[]): void {
    const put = prepared(
      this.#store.db,
      'INSERT OR IGNORE INTO snapshotKept (scope, author, stream, seq) VALUES (?, ?, ?, ?)',
    )
    for (const op of ops) put.run(scope, op.author, op.stream, op.seq)
  }

  /** A chunk has been applied whole; inside a transaction. */
  chunkDone(scope: Scope, chunk: string): void {
    prepared(this.#store.db, 'INSERT OR IGNORE INTO snapshotDone (scope, hash) VALUES (?, ?)').run(
      scope,
      chunk,
    )
    this.dropBytes(scope, chunk)
  }

  /** Forgets what has arrived of a chunk; inside a transaction. */
  dropBytes(scope: Scope, chunk: string): void {
    prepared(this.#store.db, 'DELETE FROM snapshotPart WHERE scope = ? AND hash = ?').run(scope, chunk)
  }

  end(scope: Scope): void {
    this.#store.transact(() => {
      for (const table of ['snapshotJob', 'snapshotDone', 'snapshotPart', 'snapshotKept'])
        prepared(this.#store.db, `DELETE FROM ${table} WHERE scope = ?`).run(scope)
      this.#store.touch('sync')
    })
  }

  #hasRead(scope: Scope): boolean {
    return (
      prepared(this.#store.db, `SELECT 1 FROM op WHERE scope = ? AND state = 'canonical' LIMIT 1`).get(
        scope,
      ) !== undefined
    )
  }

  /** What was begun of an earlier snapshot serves where chunks are the same. */
  #forgetOther(manifest: Manifest, scope: Scope, sweeps: boolean): void {
    const { db } = this.#store
    const named = new Set(manifest.chunks.map(([chunk]) => chunk))
    const parts = prepared<[string], { hash: string }>(
      db,
      'SELECT DISTINCT hash FROM snapshotPart WHERE scope = ?',
    ).all(scope)
    for (const { hash } of parts) if (!named.has(hash)) this.dropBytes(scope, hash)
    if (!sweeps) return
    prepared(db, 'DELETE FROM snapshotDone WHERE scope = ?').run(scope)
    prepared(db, 'DELETE FROM snapshotKept WHERE scope = ?').run(scope)
  }
}
