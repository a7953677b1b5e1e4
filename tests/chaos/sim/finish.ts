import { fieldsOf } from '../../../shared/domain/table.ts'
import { TABLES } from '../../../shared/domain/tables.ts'
import { decodeOp } from '../../../shared/ops/canonical.ts'
import { opId } from '../../../shared/ops/id.ts'
import { withoutStretches, type Hold } from '../../../shared/ops/lease.ts'
import type { Db } from '../../../electron/sqlite/open.ts'
import { prepared } from '../../../electron/sqlite/prepared.ts'
import { readLink } from '../../../electron/core/sync/link.ts'
import type { SimDevice } from './device.ts'
import { Broken } from './ledger.ts'
import { actAs } from './versions.ts'
import { hadBy, overlapIn } from './watch.ts'
import type { World } from './world.ts'
import { nameNow } from './writes.ts'

const ROUNDS = 30

interface DeviceAtHub {
  author: string
  role: string
  baseId: string | null
  status: string
}

/** The links hold and nobody writes: everybody comes into step. @throws Broken when they do not */
export async function heal(world: World): Promise<void> {
  for (const device of world.devices) device.crashAfter(Number.POSITIVE_INFINITY)
  let calm = 0
  let before = ''
  for (let round = 0; round < ROUNDS && calm < 2; round++) {
    for (const device of world.devices) {
      device.poke()
      for (let step = 0; step < 60; step++) if (!(await world.pump(device, 'ok', 1, 1500))) break
    }
    await world.attend()
    world.nowMs += round < 8 ? 30_000 : 600_000
    const now = JSON.stringify([
      prepared(world.hub.raw, 'SELECT nextSeq, epoch, recoveringUntilMs FROM belt').get(),
      world.devices.map((device) => [
        device.keys.author,
        device.isSyncing,
        prepared(device.db, 'SELECT state, n FROM opTally ORDER BY state').all(),
        prepared(device.db, `SELECT key, value FROM meta WHERE key LIKE 'cursor:%' ORDER BY key`).all(),
      ]),
    ])
    calm = now === before && !isRecovering(world) ? calm + 1 : 0
    before = now
  }
  if (calm < 2) throw new Broken('everything comes to rest', `not after ${ROUNDS} rounds`)
}

const isRecovering = (world: World): boolean =>
  (prepared(world.hub.raw, 'SELECT recoveringUntilMs AS r FROM belt').get() as { r: number | null }).r !==
  null

const atHubOf = (world: World, device: SimDevice): DeviceAtHub | undefined =>
  prepared(world.hub.raw, 'SELECT author, role, baseId, status FROM device WHERE author = ?').get(
    device.keys.author,
  ) as DeviceAtHub | undefined

/** Devices that may speak, and what they may read. */
function readers(world: World): { device: SimDevice; scopes: string[] }[] {
  return world.devices.flatMap((device) => {
    const known = atHubOf(world, device)
    if (known?.status === 'revoked') return []
    if (!known) throw new Broken('clone and restore lose nothing', `${device.name} is a stranger to its hub`)
    const { baseId } = readLink(device.store)!.certificate
    const bases = baseId === null ? world.template.rows.bases : [baseId]
    return [{ device, scopes: ['belt', ...bases.map((base) => `base:${base}`)] }]
  })
}

/** Checks that hold once everybody is in step. */
export function checkAll(world: World): void {
  const active = readers(world)
  acknowledgedIsThere(world)
  nothingWrittenIsLost(world, active)
  sameOps(world, active)
  sameRows(world, active)
  for (const { device } of active) hubDecidesOnWhatIsShown(world, device)
  grantsAgree(world, active)
  leasesKeepTheirPromise(active)
  soleWritersKeepTheirWord(world, active)
  revokedWorkIsKept(world)
}

function acknowledgedIsThere(world: World): void {
  const lost = world.watch.lostAtHub()
  if (lost.length > 0) throw new Broken('acknowledged is at the hub', `${lost.length} gone, first ${lost[0]}`)
}

function nothingWrittenIsLost(world: World, active: readonly { device: SimDevice }[]): void {
  const names = new Set(active.map(({ device }) => device.name))
  for (const [mark, holders] of world.ledger.holders) {
    if (world.ledger.atHub.has(mark)) continue
    const holder = [...holders].find((name) => names.has(name))
    if (holder) throw new Broken('clone and restore lose nothing', `${mark} of ${holder} never arrived`)
  }
  for (const { device } of active) {
    const waiting = prepared(
      device.db,
      `SELECT author, stream, seq, tbl FROM op WHERE state = 'pending' LIMIT 1`,
    ).get() as { author: string; stream: number; seq: number; tbl: string } | undefined
    if (waiting)
      throw new Broken(
        'everything comes to rest',
        `${device.name} still holds ${opId(waiting)} of ${waiting.tbl}`,
      )
  }
}

const REGISTER_KINDS: ReadonlySet<string> = new Set(['create', 'set', 'delete', 'restore'])

function sameOps(world: World, active: ReturnType<typeof readers>): void {
  const had = hadBy(world.hub.raw)
  // Who began again from a snapshot has only what that did not know to be superseded; the rows show whether it was.
  const snapshots = world.hub.snapshotsReached()
  const applied = prepared(
    world.hub.raw,
    'SELECT author, stream, seq, scope, hubSeq, payload FROM op WHERE state = 0',
  ).all() as {
    author: string
    stream: number
    seq: number
    scope: string
    hubSeq: number
    payload: Uint8Array
  }[]
  for (const { device, scopes } of active) {
    const wanted = new Map(applied.filter(({ scope }) => scopes.includes(scope)).map((op) => [opId(op), op]))
    const has = prepared(
      device.db,
      `SELECT author, stream, seq, fields, kind, tbl, row FROM op WHERE state = 'canonical' AND scope <> 'device'`,
    ).all() as {
      author: string
      stream: number
      seq: number
      fields: string
      kind: string
      tbl: string
      row: string
    }[]
    for (const op of has) {
      const id = opId(op)
      const there = wanted.get(id)
      if (!there && had(id)) continue
      if (!there)
        throw new Broken('convergence of canonical ops', `${device.name} has ${id} of ${op.tbl} alone`)
      wanted.delete(id)
      const { fields, row } = decodeOp(there.payload)
      if (canonicalJson(fields) !== canonicalJson(JSON.parse(op.fields)) || row !== op.row)
        throw new Broken('convergence of canonical ops', `${device.name} has another ${id}`)
    }
    for (const [id, { scope, payload, hubSeq }] of wanted)
      if (hubSeq <= (snapshots.get(scope) ?? 0) && REGISTER_KINDS.has(decodeOp(payload).kind))
        wanted.delete(id)
    const [first] = wanted.keys()
    if (first !== undefined) {
      const op = decodeOp(wanted.get(first)!.payload)
      throw new Broken(
        'convergence of canonical ops',
        `${device.name} lacks ${wanted.size}, first ${first} (${op.kind} ${op.table})`,
      )
    }
  }
}

const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

type Rows = readonly Record<string, unknown>[]

/** How many rows each table of a device has. */
function sizesOf(device: SimDevice, tables: readonly string[]): Record<string, number> {
  const counts = tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`)
  return prepared(device.db, `SELECT ${counts.join(', ')}`).get() as Record<string, number>
}

/** What a table shows, by scope. */
function rowsOf(device: SimDevice, table: string): Map<string, Rows> {
  const described = TABLES.get(table)!
  const columns = ['id', 'scope', 'createdMs', ...fieldsOf(described).map(({ name }) => name)]
  const where = described.kind === 'register' ? 'WHERE deleted = 0' : ''
  const rows = prepared(
    device.db,
    `SELECT ${columns.join(', ')} FROM ${table} ${where} ORDER BY id`,
  ).all() as Rows
  return Map.groupBy(rows, (row) => String(row['scope']))
}

function sameRows(world: World, active: ReturnType<typeof readers>): void {
  actAs(world.devices.every(({ version }) => version === 2) ? 2 : 1)
  const scopes = new Set(active.flatMap((reader) => reader.scopes))
  const tables = [...TABLES.keys()]
  const sizes = active.map(({ device }) => sizesOf(device, tables))
  for (const table of tables) {
    if (sizes.every((size) => size[table] === 0)) continue
    const shown = new Map(active.map(({ device }) => [device, rowsOf(device, table)]))
    for (const scope of scopes) {
      const group = active.filter((reader) => reader.scopes.includes(scope)).map(({ device }) => device)
      const [first, ...rest] = group
      const wanted = shown.get(first!)!.get(scope) ?? []
      const text = JSON.stringify(wanted)
      for (const device of rest) {
        const got = shown.get(device)!.get(scope) ?? []
        if (JSON.stringify(got) === text) continue
        throw new Broken(
          'convergence of rows',
          `${table}: ${first!.name} and ${device.name} differ: ${firstDifference(wanted, got)}`,
        )
      }
    }
  }
}

function firstDifference(a: Rows, b: Rows): string {
  const ids = new Set([...a, ...b].map(({ id }) => id))
  for (const id of ids) {
    const [left, right] = [a, b].map((rows) => JSON.stringify(rows.find((row) => row['id'] === id) ?? null))
    if (left !== right) return `${left} / ${right}`
  }
  return 'order'
}

/** The hub grants by its own copy of some registers: it must be what everybody sees. */
function hubDecidesOnWhatIsShown(world: World, device: SimDevice): void {
  actAs(1)
  for (const table of ['studio', 'equipment', 'streamer', 'merchant', 'person', 'liveBase']) {
    const cells = prepared<[string], { row: string; grp: string; fields: string }>(
      world.hub.raw,
      'SELECT row, grp, fields FROM cell WHERE tbl = ? ORDER BY row, grp',
    ).all(table)
    const described = TABLES.get(table)!
    const deleted = new Set(
      cells.flatMap(({ row, grp, fields }) =>
        grp === '$life' && (JSON.parse(fields) as { deleted?: boolean }).deleted === true ? [row] : [],
      ),
    )
    for (const { row, grp, fields } of cells) {
      const shown = prepared(device.db, `SELECT * FROM ${table} WHERE id = ?`).get(row) as
        Record<string, unknown> | undefined
      // A snapshot forgets what was deleted long ago.
      if (deleted.has(row) && (!shown || shown['deleted'] === 2)) continue
      if (deleted.has(row) && shown?.['deleted'] === 0)
        throw new Broken('truncated tombstones never resurrect', `${device.name} shows ${table} ${row}`)
      const said = JSON.parse(fields) as Record<string, unknown>
      if (grp === '$life') {
        const life = shown?.['deleted']
        if (life !== 2 && life !== (said['deleted'] === true ? 1 : 0))
          throw new Broken('the hub decides on what is shown', `${table} ${row}: life ${String(life)}`)
        continue
      }
      for (const { name, group, field } of fieldsOf(described)) {
        if (group !== grp || field.type === 'json' || field.type === 'bool') continue
        if ((said[name] ?? null) !== (shown?.[name] ?? null))
          throw new Broken(
            'the hub decides on what is shown',
            `${table} ${row} ${name}: ${String(said[name])} / ${String(shown?.[name])}`,
          )
      }
    }
  }
}

function grantsAgree(world: World, active: ReturnType<typeof readers>): void {
  const ofHub = holdingsOf(world.hub.raw, 'lease', 'leaseId')
  const answers = (device: SimDevice): unknown[] =>
    prepared(
      device.db,
      'SELECT bookingId, outcome, term, atMs, answerId FROM bookingState ORDER BY bookingId',
    ).all()
  const first = active[0]!.device
  for (const { device } of active) {
    const double = overlapIn(device.db, 'liveGrant')
    if (double) throw new Broken('one live grant per resource and time', `${device.name} shows ${double}`)
    const shown = holdingsOf(device.db, 'slotLease', 'id')
    if (JSON.stringify(shown) !== JSON.stringify(ofHub))
      throw new Broken(
        'one live grant per resource and time',
        `${device.name} shows other grants than the hub holds: ${firstDifference(ofHub, shown)}`,
      )
    if (JSON.stringify(answers(device)) !== JSON.stringify(answers(first)))
      throw new Broken('convergence of rows', `bookingState of ${first.name} and ${device.name}`)
  }
}

interface GrantRow extends Hold {
  readonly bookingId: string
  readonly fence: number
  readonly leaseId: string | null
}

/** Who holds what: a lease what has not been given out of it, in one piece wherever it touches itself. */
function holdingsOf(db: Db, leases: string, key: string): Rows {
  const rows = prepared<[], GrantRow>(
    db,
    'SELECT bookingId, resourceKey, unit, startMs, endMs, fence, leaseId FROM liveGrant ORDER BY resourceKey, unit, startMs, fence',
  ).all()
  const isLease = new Set(
    prepared<[], { id: string }>(db, `SELECT ${key} AS id FROM ${leases}`)
      .all()
      .map(({ id }) => id),
  )
  const given = rows.filter(({ leaseId }) => leaseId !== null)
  const out: Record<string, unknown>[] = []
  for (const row of rows) {
    if (!isLease.has(row.bookingId)) {
      out.push({ ...row, id: row.fence })
      continue
    }
    const own = given.filter(({ leaseId }) => leaseId === row.bookingId)
    for (const { bookingId, resourceKey, unit, startMs, endMs } of withoutStretches(row, own)) {
      const place = `${bookingId} ${resourceKey} ${unit}`
      const last = out.findLast(({ id }) => String(id).startsWith(`${place} `))
      if (last?.['endMs'] === startMs) last['endMs'] = endMs
      else out.push({ id: `${place} ${startMs}`, endMs })
    }
  }
  return out.sort((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))
}

/** What a lease's holder gave away stands as long as the lease does; only rooms and kit that are no more undo it. */
function leasesKeepTheirPromise(active: ReturnType<typeof readers>): void {
  for (const { device } of active) {
    const broken = prepared<[string], { id: string; outcome: string; reason: string }>(
      device.db,
      `SELECT booking.id, answer.outcome, answer.reason FROM booking
           JOIN slotLease ON slotLease.id = booking.leaseId JOIN bookingState AS lease ON lease.bookingId = slotLease.id
           JOIN bookingState AS answer ON answer.bookingId = booking.id
           JOIN op ON op.tbl = 'booking' AND op.row = booking.id AND op.author = slotLease.holder
         WHERE slotLease.holder = ? AND lease.outcome = 'granted'
           AND answer.outcome IN ('refused', 'expired', 'revoked') AND answer.reason NOT IN ('closed', 'kit-short', 'expired')`,
    ).get(device.keys.author)
    if (broken)
      throw new Broken(
        'a lease keeps its promise',
        `${device.name} confirmed ${broken.id}, and it was ${broken.outcome} (${broken.reason})`,
      )
  }
}

function soleWritersKeepTheirWord(world: World, active: ReturnType<typeof readers>): void {
  const names = new Map(active.map(({ device }) => [device.name, device]))
  for (const { device, row, table, values } of world.ledger.solo.values()) {
    const writer = names.get(device)
    if (!writer) continue
    const shown = prepared(writer.db, `SELECT * FROM ${table} WHERE id = ?`).get(nameNow(writer.db, row)) as
      Record<string, unknown> | undefined
    for (const [name, value] of Object.entries(values))
      if (shown?.[name] !== value)
        throw new Broken(
          'compaction preserves final state',
          `${device} wrote ${name} ${value} to ${row} and reads ${String(shown?.[name])}`,
        )
  }
}

/** What a revoked device had written is at the hub, or still on the device for somebody to see. */
function revokedWorkIsKept(world: World): void {
  const had = hadBy(world.hub.raw)
  for (const device of world.devices) {
    if (atHubOf(world, device)?.status !== 'revoked') continue
    const own = prepared(
      device.db,
      `SELECT author, stream, seq, state FROM op WHERE author = ? AND scope <> 'device'`,
    ).all(device.keys.author) as { author: string; stream: number; seq: number; state: string }[]
    for (const op of own) {
      if (had(opId(op)) || op.state === 'pending') continue
      throw new Broken('revocation never drops silently', `${opId(op)} is ${op.state} and not at the hub`)
    }
    const unseen = prepared(
      device.db,
      `SELECT count(*) AS n FROM op WHERE state = 'quarantined' AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.tbl = op.tbl AND conflict.row = op.row)`,
    ).get() as { n: number }
    if (unseen.n > 0) throw new Broken('revocation never drops silently', `${unseen.n} held and not shown`)
  }
}

/** Clocks are off; each device in turn says something about one thing: the last word stands everywhere. */
export async function checkSkew(world: World): Promise<void> {
  const id = world.template.rows.studios[0]!
  let last = ''
  for (const { device } of readers(world)) {
    actAs(device.version)
    if (!prepared(device.db, 'SELECT 1 FROM studio WHERE id = ? AND deleted = 0').get(id)) continue
    last = `said by ${device.name}`
    device.write(null, (write) => write.set('studio', id, { name: last, shortName: 's' }))
    await heal(world)
  }
  for (const { device } of readers(world)) {
    const { name } = prepared(device.db, 'SELECT name FROM studio WHERE id = ?').get(id) as { name: string }
    if (name !== last)
      throw new Broken('skew neither blocks nor wins', `${device.name} reads "${name}", not "${last}"`)
  }
}

/** Everybody gets the newer version: what the old one could not show is there. */
export async function checkUpgrade(world: World): Promise<void> {
  for (const device of world.devices) {
    if (device.version === 2) continue
    device.version = 2
    device.start()
  }
  await heal(world)
  try {
    sameRows(world, readers(world))
  } catch (error) {
    if (error instanceof Broken) throw new Broken('mixed versions keep unknown fields', error.message)
    throw error
  }
}
