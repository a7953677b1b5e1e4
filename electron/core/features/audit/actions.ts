import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  AUDIT_JOB,
  type auditContract,
  type AuditedStream,
  type AuditResult,
} from '../../../../shared/contract/audit.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { dayKeyOf, formatLocalStamp } from '../../../../shared/domain/time.ts'
import { parseOpId } from '../../../../shared/ops/id.ts'
import { EXPORT_ZONE } from '../../../../shared/imports/cells.ts'
import { CSV_BOM, CSV_LINE_END, csvLine } from '../../../../shared/imports/csv-out.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { Db } from '../../../sqlite/open.ts'
import type { ActionHandlers, QueryHandlers } from '../../context.ts'
import { signWith } from '../../keys.ts'
import { isHubAuthor } from '../../hub-author.ts'
import { labelOf } from '../../labels.ts'
import type { OpenBelt, Services } from '../../services.ts'
import { sealText, type CheckedStream, type VerifyInput } from './verify-log.ts'

const KEPT_RUNS = 50
/** Said in every row of an export of the demo belt, so that nobody takes it for business. */
const DEMO_MARK = '演示数据'

const personName = (db: Db, id: string | null): string | null =>
  id === null
    ? null
    : (prepared<[string], { name: string }>(db, 'SELECT name FROM person WHERE id = ?').get(id)?.name ?? null)

export const auditQueries: QueryHandlers<typeof auditContract> = {
  'audit/last': (_, { db }) => {
    const runs = prepared<
      [number],
      { atMs: number; personId: string | null; ops: number; broken: number; streams: string }
    >(db, 'SELECT atMs, personId, ops, broken, streams FROM auditRun ORDER BY id DESC LIMIT ?').all(10)
    const [last, ...earlier] = runs
    const { n } = prepared<[], { n: number }>(db, 'SELECT sum(n) AS n FROM opTally').get()!
    return {
      last: last
        ? {
            atMs: last.atMs,
            personName: personName(db, last.personId),
            ops: last.ops,
            broken: last.broken,
            streams: JSON.parse(last.streams) as AuditedStream[],
          }
        : null,
      earlier: earlier.map(({ atMs, ops, broken }) => ({ atMs, ops, broken })),
      ops: n,
    }
  },
}

export const auditActions: ActionHandlers<typeof auditContract> = {
  'audit/verify': async (_, { actor, services }) => {
    if (services.jobs(AUDIT_JOB).length > 0) throw new Refusal('audit-running')
    const belt = services.belt()
    const input: VerifyInput = { task: 'verifyLog', path: belt.path }
    const run = services.startWorker('import', input, (value) => {
      const { done, total } = value as { done: number; total: number }
      services.emit({ kind: 'progress', jobId: AUDIT_JOB, phase: 'check', done, total })
    })
    let cancelled = false
    const cancel = () => {
      cancelled = true
      run.cancel()
    }
    services.track(AUDIT_JOB, { stop: cancel, cancel }, run.result)
    let streams: CheckedStream[]
    try {
      streams = (await run.result) as CheckedStream[]
    } catch (error) {
      services.emit({ kind: 'finished', jobId: AUDIT_JOB, outcome: cancelled ? 'cancelled' : 'failed' })
      throw cancelled ? new Refusal('cancelled') : error
    }
    if (services.openBelt() !== belt) throw new Refusal('cancelled')
    const result = keep(services, belt, streams, actor.personId)
    services.emit({ kind: 'finished', jobId: AUDIT_JOB, outcome: 'done' })
    services.emit({ kind: 'changed', topics: ['audit'] })
    return result
  },
  'audit/cancel': (_, { services }) => {
    for (const job of services.jobs(AUDIT_JOB)) job.cancel()
    return Promise.resolve(null)
  },
  'audit/export': (_, { actor, services }) => {
    const belt = services.belt()
    const { last } = services.read(actor, (ctx) => auditQueries['audit/last']({}, ctx))
    if (!last) throw new Refusal('not-found', { table: 'auditRun', id: '' })
    const rows = last.streams.map((stream) => [
      stream.deviceName ?? services.files.deviceName,
      stream.author,
      stream.stream,
      stream.scope,
      stream.lane,
      stream.ops,
      stream.sealed,
      stream.verdict,
      stream.broken?.opId ?? '',
      stream.broken?.table ?? '',
      stream.broken?.label ?? '',
      stream.broken ? formatLocalStamp(stream.broken.atMs, EXPORT_ZONE) : '',
    ])
    const head = [
      '设备',
      '身份',
      '流',
      '范围',
      '车道',
      '步数',
      '已核对',
      '结论',
      '断处',
      '类别',
      '名称',
      '时间',
    ]
    const { isDemo } = belt.info
    const text =
      CSV_BOM +
      [head, ...rows]
        .map((cells) => (isDemo ? [...cells, DEMO_MARK] : cells))
        .map((cells) => csvLine(cells) + CSV_LINE_END)
        .join('')
    const folder = join(services.dataDir, 'exports')
    mkdirSync(folder, { recursive: true })
    const path = join(folder, `${randomUUID()}.csv`)
    writeFileSync(path, text, { mode: 0o600 })
    const name = `${isDemo ? 'demo-' : ''}audit-${dayKeyOf(last.atMs, belt.info.timeZone)}.csv`
    return Promise.resolve({ handle: services.offerFile(path, name), name })
  },
}

/** Writes the result down, and seals what was found sound so that the next check can tell. */
function keep(
  services: Services,
  belt: OpenBelt,
  checked: readonly CheckedStream[],
  personId: string | null,
): AuditResult {
  const { store, keys } = belt
  const { db } = store
  const atMs = services.clock()
  const streams = checked.map((stream) => shown(db, stream))
  const ops = checked.reduce((sum, stream) => sum + stream.ops, 0)
  const broken = checked.filter(({ verdict }) => verdict === 'broken').length
  store.transact(() => {
    const putHash = prepared(
      db,
      'INSERT OR IGNORE INTO sealedOp (author, stream, seq, hash) VALUES (?, ?, ?, ?)',
    )
    for (const stream of checked) {
      if (!stream.own || stream.verdict === 'broken') continue
      // With a hub, what waits may still be compacted; its chain is fixed when it is first sent.
      if (store.hasHub) continue
      for (const { seq, hash } of stream.unfrozen) putHash.run(stream.author, stream.stream, seq, hash)
      const last = stream.unfrozen.at(-1)
      if (!last) continue
      const seal = { author: stream.author, stream: stream.stream, seq: last.seq, head: last.hash, atMs }
      prepared(
        db,
        'INSERT OR REPLACE INTO auditSeal (author, stream, seq, head, publicKey, signature, atMs) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ).run(
        seal.author,
        seal.stream,
        seal.seq,
        seal.head,
        keys.publicKey,
        signWith(keys.privateSeed, Buffer.from(sealText(seal))).toString('base64url'),
        atMs,
      )
    }
    prepared(db, 'INSERT INTO auditRun (atMs, personId, ops, broken, streams) VALUES (?, ?, ?, ?, ?)').run(
      atMs,
      personId,
      ops,
      broken,
      JSON.stringify(streams),
    )
    prepared(db, 'DELETE FROM auditRun WHERE id <= (SELECT max(id) FROM auditRun) - ?').run(KEPT_RUNS)
  })
  return { atMs, personName: personName(db, personId), ops, broken, streams }
}

function shown(db: Db, stream: CheckedStream): AuditedStream {
  const { author, ops, sealed, scope, lane, verdict, broken, own } = stream
  const ref = broken ? parseOpId(broken.opId) : null
  const op = ref
    ? prepared<[string, number, number], { atMs: number; person: string | null }>(
        db,
        'SELECT atMs, person FROM op WHERE author = ? AND stream = ? AND seq = ?',
      ).get(ref.author, ref.stream, ref.seq)
    : undefined
  const device = prepared<[string], { name: string }>(
    db,
    'SELECT name FROM device WHERE author = ? LIMIT 1',
  ).get(author)
  return {
    author,
    deviceName: own ? null : (device?.name ?? author),
    isHub: isHubAuthor(db, author),
    stream: stream.stream,
    scope,
    lane,
    ops,
    sealed,
    verdict,
    broken: broken && {
      ...broken,
      label: labelOf(db, broken.table, broken.row),
      atMs: op?.atMs ?? 0,
      personName: personName(db, op?.person ?? null),
    },
  }
}
