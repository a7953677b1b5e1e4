import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshSnapshot } from '../../electron/hub/snapshot-make.ts'
import { noteBackup, truncate } from '../../electron/hub/truncate.ts'
import { wholeView } from '../../electron/hub/views.ts'
import { readLink } from '../../electron/core/sync/link.ts'
import type { Table } from '../../shared/domain/table.ts'
import { TABLES } from '../../shared/domain/tables.ts'
import { opId } from '../../shared/ops/id.ts'
import type { Fields, Op } from '../../shared/ops/types.ts'
import {
  makeRig,
  openDevice,
  settled,
  until as untilWithin,
  type Rig,
  type RigDevice,
} from '../helpers/sync-rig.ts'

const until = (done: () => boolean | Promise<boolean>, what: string, timeoutMs = 60_000): Promise<void> =>
  untilWithin(done, what, timeoutMs)

/** The registry of another version of the program while `work` runs. */
const registry = TABLES as Map<string, Table>
const removed = new Map<string, Table>()
function forgetTable(name: string): void {
  removed.set(name, registry.get(name)!)
  registry.delete(name)
}
function withoutField(name: string, group: string, field: string): void {
  const table = registry.get(name)!
  removed.set(name, table)
  const { [field]: _, ...rest } = table.groups[group]!
  registry.set(name, { ...table, groups: { ...table.groups, [group]: rest } })
}
function upgrade(): void {
  for (const [name, table] of removed) registry.set(name, table)
  removed.clear()
}

let rig: Rig
beforeEach(async () => {
  rig = await makeRig()
})
afterEach(async () => {
  upgrade()
  await rig.close()
})

const number = (device: RigDevice, sql: string): number =>
  Number((device.store.db.prepare(sql).get() as { n: number } | undefined)?.n ?? -1)
const all = (device: RigDevice, table: string): unknown[] =>
  device.store.db.prepare(`SELECT * FROM ${table} ORDER BY id`).all()

const signal = (mentions: number): Fields => ({
  productId: rig.studioId,
  sessionId: null,
  topic: 'colour',
  mentions,
  firstMs: 1,
  status: 'new',
})
const move = (quantity: number): Fields => ({
  skuId: rig.studioId,
  quantity,
  reason: 'count',
  atMs: 5,
  sourceKey: null,
})

async function inStep(device: RigDevice): Promise<void> {
  const { db } = rig.hub.hub.database
  await until(async () => {
    const { nextSeq } = await db.selectFrom('belt').selectAll().executeTakeFirstOrThrow()
    const cursor = JSON.parse(device.store.meta(`cursor:base:${rig.baseA}`) ?? '{"seq":0}') as { seq: number }
    return settled(device) && cursor.seq === nextSeq - 1
  }, 'in step')
}

describe('a device of an older version', () => {
  it.each(['log', 'snapshot'] as const)(
    'keeps tables, fields and kinds it does not know, from the %s, and has them all after an upgrade',
    async (source) => {
      const { founder } = rig
      founder.go()
      const scope = `base:${rig.baseA}` as const
      const rows = founder.write((write) => {
        const scoped = write.withScope(scope)
        const kept = scoped.create('signal', signal(1))
        const gone = scoped.create('signal', signal(2))
        const moved = scoped.fact('stockMove', move(7))!
        const card = scoped.create('sellingPointCard', {
          skuId: rig.studioId,
          claims: [],
          priceFen: 5,
          script: 'a',
          promiseHours: 24,
        })
        return { kept, gone, moved, card }
      })
      await until(() => settled(founder), 'created')
      for (let mentions = 10; mentions < 13; mentions++) {
        founder.write((write) => write.set('signal', rows.kept, { mentions }))
        await until(() => settled(founder), 'edited')
      }
      founder.write((write) => {
        write.remove('signal', rows.gone)
        write.set('sellingPointCard', rows.card, { promiseHours: 72 })
      })
      await until(() => settled(founder), 'all is at the hub')
      await inStep(founder)
      if (source === 'snapshot') {
        const { hub } = rig.hub
        await noteBackup(hub)
        // The hub does not know the tables either: it keeps what it cannot read.
        forgetTable('signal')
        forgetTable('stockMove')
        await truncate(hub, rig.beltId, { keepMs: -3_600_000, awayMs: 0, leastOps: 1 })
        const [coding] = hub.compression.accepts
        await freshSnapshot(hub, rig.beltId, wholeView(scope), coding!, { from: 1 })
      } else {
        forgetTable('signal')
        forgetTable('stockMove')
      }
      withoutField('sellingPointCard', 'body', 'promiseHours')

      const old = await rig.join('old', 'planner', rig.baseA)
      old.go()
      await inStep(old)
      await until(() => number(old, 'SELECT count(*) AS n FROM snapshotJob') === 0, 'whole')
      expect(all(old, 'signal')).toStrictEqual([])
      expect(all(old, 'stockMove')).toStrictEqual([])
      expect(number(old, 'SELECT count(*) AS n FROM unknownOp')).toBeGreaterThanOrEqual(6)
      expect(number(old, `SELECT priceFen AS n FROM sellingPointCard WHERE id = '${rows.card}'`)).toBe(5)
      await old.close()

      upgrade()
      const renewed = openDevice(join(rig.folder, 'old.db'), old.keys)
      expect(readLink(renewed.store)).not.toBeNull()
      for (const table of ['signal', 'stockMove', 'sellingPointCard'])
        expect(all(renewed, table)).toStrictEqual(all(founder, table))
      expect(number(renewed, 'SELECT count(*) AS n FROM unknownOp')).toBe(0)
      expect(number(renewed, `SELECT mentions AS n FROM signal WHERE id = '${rows.kept}'`)).toBe(12)
      expect(number(renewed, `SELECT deleted AS n FROM signal WHERE id = '${rows.gone}'`)).toBe(1)

      // Merges go on as if it had always known.
      renewed.go()
      renewed.write((write) => write.set('signal', rows.kept, { mentions: 99 }))
      await until(
        () => number(founder, `SELECT mentions AS n FROM signal WHERE id = '${rows.kept}'`) === 99,
        'the other way',
      )
      await renewed.close()
    },
    180_000,
  )

  it('keeps kinds it does not know, and shows own work on top of what it learns', async () => {
    const { store } = rig.founder
    const identity = { author: 'zzzzzzz1', stream: 0, seq: 1 }
    const newer: Op = {
      ...identity,
      scope: 'belt',
      lane: 'register',
      kind: 'merge-rows' as Op['kind'],
      table: 'studio',
      row: rig.studioId,
      fields: { name: 'x' },
      at: { ms: 5, ctr: 0 },
      person: null,
    }
    store.applyCanonical([{ ...newer, hubEpoch: 1, hubSeq: 900, stamp: { ms: 5, ctr: 0 } }])
    expect(number(rig.founder, 'SELECT count(*) AS n FROM unknownOp')).toBe(1)
    expect(number(rig.founder, `SELECT count(*) AS n FROM op WHERE row = '${rig.studioId}'`)).toBe(2)
    expect(store.db.prepare('SELECT name FROM studio').get()).toStrictEqual({ name: 'S1' })

    forgetTable('signal')
    const create: Op = {
      ...newer,
      seq: 2,
      kind: 'create',
      table: 'signal',
      row: opId({ ...identity, seq: 2 }),
      scope: `base:${rig.baseA}`,
      fields: signal(3),
    }
    store.applyCanonical([{ ...create, hubEpoch: 1, hubSeq: 901, stamp: { ms: 6, ctr: 0 } }])
    upgrade()
    store.rebuild([{ tbl: 'signal', row: create.row }])
    rig.founder.write((write) => write.set('signal', create.row, { status: 'accepted' }))
    store.rebuild([{ tbl: 'signal', row: create.row }])
    expect(store.db.prepare('SELECT mentions, status, deleted FROM signal').get()).toStrictEqual({
      mentions: 3,
      status: 'accepted',
      deleted: 0,
    })
  })
})
