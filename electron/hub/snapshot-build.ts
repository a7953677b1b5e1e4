import { TABLES } from '../../shared/domain/tables.ts'
import { decodeOp } from '../../shared/ops/canonical.ts'
import { opId } from '../../shared/ops/id.ts'
import type { CanonicalOp } from '../../shared/ops/types.ts'
import { decodeCanonicalBatch, encodeCanonicalBatch } from '../../shared/wire/batch.ts'
import { seal, unseal, type Coding } from '../../shared/wire/envelope.ts'
import { liveRow, standsAlone, type LiveRow } from '../../shared/wire/snapshot-live.ts'
import { forToday, type Candidate } from '../../shared/wire/snapshot-today.ts'
import { chunkSchema, manifestSchema, type ChunkRef } from '../../shared/wire/snapshot.ts'
import type { HubContext } from './context.ts'
import { sha256 } from './crypto.ts'
import { OP_STATE, type SnapshotRow } from './schema.ts'
import type { View } from './views.ts'
import { textOf } from './values.ts'

const DAY_MS = 86_400_000
/** About 30 kB once sealed: some seconds of a bad link, and quickly read. */
const CHUNK_OPS = 2000
const CHUNK_JSON_BYTES = 1_500_000
const FULL_BYTES = 64 * 1024
const READ_SLICE = 2000
const MAX_CHUNK_BODY = 64 * 1024 * 1024
/** Facts that screens of today need as long as they are young; older ones are put with the bulk. */
const STATE_FACTS = new Set(['planVersion', 'gateVerdict', 'creditChange', 'violation'])
const YOUNG_MS = 60 * DAY_MS
const YOUNG_PLAN_MS = 3 * DAY_MS

/** The cut through a belt that a snapshot describes. */
export interface Cut {
  readonly belt: string
  readonly view: View
  readonly coding: Coding
  readonly epoch: number
  readonly seq: number
  readonly nowMs: number
  readonly today: { readonly startMs: number; readonly endMs: number }
  /** Deletions stamped before this, of rows with nothing beyond `truncatedSeq`, are dropped with their rows. */
  readonly forgetBeforeMs: number
  readonly truncatedSeq: number
}

export interface Packed {
  readonly ref: ChunkRef
  readonly bytes: Uint8Array
}

/** A snapshot's chunks in the order in which a device wants them. */
export interface Layout {
  readonly usable: number
  readonly chunks: readonly ChunkRef[]
  /** Oldest first. */
  readonly facts: readonly ChunkRef[]
  readonly fresh: ReadonlyMap<string, Uint8Array>
  /** Rows that were deleted so long ago that nothing is told of them. */
  readonly forgotten: readonly string[]
}

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Lays out what counts at the cut: the previous snapshot and the log after it, without superseded register writes. Full
 * chunks of facts are taken over as they are, so that a snapshot costs what is new.
 */
export async function layOut(hub: HubContext, cut: Cut, from: SnapshotRow | null): Promise<Layout> {
  const builder = new Builder(hub, cut)
  await builder.readSnapshot(from)
  await builder.readLog(from?.seq ?? 0)
  return builder.finish()
}

/** All ops of a snapshot, chunk by chunk, oldest first. */
export async function* readSnapshotOps(
  hub: HubContext,
  snapshot: SnapshotRow,
): AsyncGenerator<readonly CanonicalOp[]> {
  const { chunks } = manifestSchema.parse(JSON.parse(snapshot.manifest))
  for (const [hash] of chunks.toReversed()) yield readChunk(hub, snapshot.belt, hash)
}

async function readChunk(hub: HubContext, belt: string, hash: string): Promise<readonly CanonicalOp[]> {
  const { bytes } = await hub.database.db
    .selectFrom('snapshotChunk')
    .select('bytes')
    .where('belt', '=', belt)
    .where('hash', '=', hash)
    .executeTakeFirstOrThrow()
  return decodeCanonicalBatch(unseal(hub.compression, bytes, MAX_CHUNK_BODY), { maxOps: 1_000_000 }).ops
}

class Builder {
  readonly #hub: HubContext
  readonly #cut: Cut
  readonly #rows = new Map<string, CanonicalOp[]>()
  readonly #alone = new Map<string, CanonicalOp>()
  #facts: CanonicalOp[] = []
  #fullFacts: ChunkRef[] = []
  readonly #fresh = new Map<string, Uint8Array>()
  readonly #forgotten: string[] = []

  constructor(hub: HubContext, cut: Cut) {
    this.#hub = hub
    this.#cut = cut
  }

  async readSnapshot(from: SnapshotRow | null): Promise<void> {
    if (!from) return
    const { view, coding } = this.#cut
    const manifest = manifestSchema.parse(JSON.parse(from.manifest))
    const facts = chunkSchema.array().parse(JSON.parse(from.facts))
    const same = from.view === view.name && from.coding === coding
    const full = same ? facts.filter(isFull) : []
    this.#fullFacts = full
    const kept = new Set(full.map(([hash]) => hash))
    // Newest first on the way to devices, oldest first here.
    for (const [hash] of manifest.chunks.toReversed()) {
      if (kept.has(hash)) continue
      for (const op of await readChunk(this.#hub, this.#cut.belt, hash)) this.#add(op)
      await breathe()
    }
  }

  async readLog(after: number): Promise<void> {
    const { belt, view, seq } = this.#cut
    for (let from = after; ;) {
      const rows = await this.#hub.database.db
        .selectFrom('op')
        .select(['hubSeq', 'stampMs', 'stampCtr', 'payload'])
        .where('belt', '=', belt)
        .where('scope', '=', view.scope)
        .where('state', '=', OP_STATE.applied)
        .where('hubSeq', '>', from)
        .where('hubSeq', '<=', seq)
        .orderBy('hubSeq')
        .limit(READ_SLICE)
        .execute()
      for (const row of rows)
        this.#add({
          ...decodeOp(row.payload),
          hubEpoch: this.#cut.epoch,
          hubSeq: row.hubSeq,
          stamp: { ms: row.stampMs, ctr: row.stampCtr },
        })
      if (rows.length < READ_SLICE) return
      from = rows.at(-1)!.hubSeq
      await breathe()
    }
  }

  async finish(): Promise<Layout> {
    const candidates = this.#candidates()
    const today = forToday(candidates, this.#cut.today)
    const first = await this.#pack(candidates.filter((candidate) => today.has(candidate)).map(opsOf))
    const rest = await this.#pack(candidates.filter((candidate) => !today.has(candidate)).map(opsOf))
    this.#facts.sort((a, b) => a.hubSeq - b.hubSeq)
    const facts = [...this.#fullFacts, ...(await this.#pack(this.#facts.map((op) => [op])))]
    return {
      usable: first.length,
      chunks: [...first, ...rest, ...facts.toReversed()],
      facts,
      fresh: this.#fresh,
      forgotten: this.#forgotten,
    }
  }

  #add(op: CanonicalOp): void {
    if (!this.#cut.view.shows(op)) return
    if (!standsAlone(op)) {
      const key = `${op.table} ${op.row}`
      const ops = this.#rows.get(key)
      if (ops) ops.push(op)
      else this.#rows.set(key, [op])
    } else if (op.lane === 'urgent' || STATE_FACTS.has(op.table)) this.#alone.set(opId(op), op)
    else this.#facts.push(op)
  }

  #candidates(): Candidate[] {
    const candidates: Candidate[] = []
    const pointedAt = new Set<string>()
    for (const ops of this.#rows.values()) {
      const { table, row } = ops[0]!
      const live = liveRow(ops, TABLES.get(table))
      if (this.#isForgotten(live, ops)) {
        this.#forgotten.push(row)
        continue
      }
      if (table === 'currentPlan') pointedAt.add(textOf(live.values.planId))
      candidates.push({ table, row, values: live.values, ops: live.ops })
    }
    const { nowMs } = this.#cut
    for (const op of this.#alone.values()) {
      const youngMs = op.table === 'planVersion' ? YOUNG_PLAN_MS : YOUNG_MS
      if (op.stamp.ms >= nowMs - youngMs || pointedAt.has(op.row))
        candidates.push({ table: op.table, row: op.row, values: op.fields, ops: [op] })
      else this.#facts.push(op)
    }
    return candidates
  }

  /** Every device that reads on from its cursor has seen the deletion; nobody else may. */
  #isForgotten({ deletedBy }: LiveRow, ops: readonly CanonicalOp[]): boolean {
    const { forgetBeforeMs, truncatedSeq } = this.#cut
    if (!deletedBy || deletedBy.stamp.ms >= forgetBeforeMs) return false
    return ops.every(({ hubSeq }) => hubSeq <= truncatedSeq)
  }

  /** Ops of one row stay together. */
  async #pack(groups: readonly (readonly CanonicalOp[])[]): Promise<ChunkRef[]> {
    const refs: ChunkRef[] = []
    let ops: CanonicalOp[] = []
    let bytes = 0
    const close = async (): Promise<void> => {
      if (ops.length === 0) return
      ops.sort((a, b) => a.hubSeq - b.hubSeq)
      refs.push(this.#seal(ops))
      ops = []
      bytes = 0
      await breathe()
    }
    for (const group of groups) {
      for (const op of group) {
        ops.push(op)
        bytes += JSON.stringify(op.fields).length
      }
      if (ops.length >= CHUNK_OPS || bytes >= CHUNK_JSON_BYTES) await close()
    }
    await close()
    return refs
  }

  #seal(ops: readonly CanonicalOp[]): ChunkRef {
    const { coding, epoch } = this.#cut
    const bytes = seal(this.#hub.compression, coding, encodeCanonicalBatch({ hubEpoch: epoch, ops }))
    const hash = Buffer.from(sha256(bytes)).toString('base64url')
    this.#fresh.set(hash, bytes)
    return [hash, bytes.length, ops.length]
  }
}

/** Large enough to be handed on as it is. */
const isFull = ([, bytes, ops]: ChunkRef): boolean => ops >= CHUNK_OPS || bytes >= FULL_BYTES
const opsOf = ({ ops }: Candidate): readonly CanonicalOp[] => ops
