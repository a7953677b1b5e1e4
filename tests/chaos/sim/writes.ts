import { readLink } from '../../../electron/core/sync/link.ts'
import type { Fields } from '../../../shared/ops/types.ts'
import { prepared } from '../../../electron/sqlite/prepared.ts'
import type { Db } from '../../../electron/sqlite/open.ts'
import { chanceOf } from './chance.ts'
import type { SimDevice } from './device.ts'
import type { Write } from './events.ts'
import type { Ledger } from './ledger.ts'
import { START_MS, type TemplateRows } from './template.ts'

const HOUR = 3_600_000

/** One person doing one thing on one device; what it is follows from the draw and from what that device shows. */
export function perform(
  device: SimDevice,
  what: Write,
  draw: number,
  rows: TemplateRows,
  ledger: Ledger,
): void {
  const chance = chanceOf('write', draw)
  const { store } = device
  const person = chance.pick([null, ...rows.persons])
  const own = readLink(store)?.certificate.baseId ?? null
  const base = own ?? chance.pick(rows.bases)
  const mark = ledger.mark()
  const visible = (sql: string): string | null => {
    const ids = (prepared(store.db, sql).all() as { id: string }[]).map(({ id }) => id)
    return ids.length === 0 ? null : chance.pick(ids)
  }
  const held = (): void => ledger.hold(mark, device.name)

  switch (what) {
    case 'merchant-create':
      device.write(person, (write) => write.create('merchant', merchant(mark, base)))
      return held()
    case 'merchant-set': {
      const id = visible('SELECT id FROM merchant WHERE deleted = 0 ORDER BY id')
      if (!id) return
      const fields: Fields = chance.pick<Fields>([
        { name: mark, shortName: mark },
        { returnRatePct: chance.below(100) },
        { creditGrade: chance.pick(['A', 'B', 'C']), listStatus: chance.pick(['none', 'watch', 'black']) },
      ])
      return void device.write(person, (write) => write.set('merchant', id, fields))
    }
    case 'merchant-life': {
      const id = visible('SELECT id FROM merchant WHERE deleted <> 2 ORDER BY id')
      if (!id) return
      const isDeleted = (
        prepared(store.db, 'SELECT deleted FROM merchant WHERE id = ?').get(id) as { deleted: number }
      ).deleted
      return device.write(person, (write) => {
        if (isDeleted) write.restore('merchant', id)
        else write.remove('merchant', id)
      })
    }
    case 'card-create': {
      const id = device.write(person, (write) =>
        write.withScope(`base:${base}`).create('sellingPointCard', card(mark, 0)),
      )
      ledger.solo.set(`${device.name} ${id}`, {
        device: device.name,
        row: id,
        table: 'sellingPointCard',
        values: { script: mark, priceFen: 0 },
      })
      return held()
    }
    case 'card-set': {
      const id = rows.cards[rows.bases.indexOf(base)]!
      if (!prepared(store.db, 'SELECT 1 FROM sellingPointCard WHERE id = ?').get(id)) return
      return void device.write(person, (write) =>
        write.set('sellingPointCard', id, { priceFen: chance.below(1000), script: mark }),
      )
    }
    case 'card-own-set': {
      const mine = [...ledger.solo.values()].filter((solo) => solo.device === device.name)
      if (mine.length === 0) return
      const solo = chance.pick(mine)
      const id = nameNow(device.db, solo.row)
      if (!prepared(store.db, 'SELECT 1 FROM sellingPointCard WHERE id = ?').get(id)) return
      for (let n = 1 + chance.below(4); n > 0; n--) {
        const values = { priceFen: chance.below(1000), script: mark }
        const by = chance.pick([null, ...rows.persons])
        device.write(by, (write) => write.set('sellingPointCard', id, values))
        Object.assign(solo.values, values)
      }
      return
    }
    case 'document-set': {
      const id = visible(
        `SELECT id FROM merchantDocument WHERE deleted = 0 AND scope = 'base:${base}' ORDER BY id`,
      )
      if (id && chance.often(0.7))
        return void device.write(person, (write) => write.set('merchantDocument', id, { number: mark }))
      device.write(person, (write) =>
        write.withScope(`base:${base}`).create('merchantDocument', {
          merchantId: rows.merchants[0]!,
          skuId: null,
          kind: 'licence',
          number: '',
          expiresMs: null,
          evidence: mark,
        }),
      )
      return held()
    }
    case 'studio-set': {
      const id = chance.pick(rows.studios)
      const hours = chance.pick([
        { openMin: 0, closeMin: 1440 },
        { openMin: 480, closeMin: 1380 },
      ])
      return void device.write(person, (write) => write.set('studio', id, hours))
    }
    case 'equipment-set':
      return void device.write(person, (write) =>
        write.set('equipment', rows.equipment, { quantity: 1 + chance.below(3) }),
      )
    case 'order': {
      const id = device.write(person, (write) =>
        write.withScope(`base:${base}`).fact('orderLine', order(mark, chance.below(12), rows, base)),
      )
      return id === null ? undefined : held()
    }
    case 'credit':
      device.write(person, (write) =>
        write.fact('creditChange', {
          merchantId: chance.pick(rows.merchants),
          fromGrade: 'A',
          toGrade: 'B',
          fromList: '',
          toList: '',
          reason: mark,
          atMs: device.clock(),
          appealUntilMs: device.clock(),
        }),
      )
      return held()
    case 'claim': {
      const leases = prepared<[string], { baseId: string; studioId: string; startMs: number; endMs: number }>(
        store.db,
        'SELECT baseId, studioId, startMs, endMs FROM slotLease WHERE holder = ? ORDER BY id',
      ).all(device.keys.author)
      const lease = chance.often(0.7) && leases.length > 0 ? chance.pick(leases) : null
      const fromMs = lease?.startMs ?? START_MS + 48 * HOUR
      const startMs = fromMs + chance.below(lease ? (lease.endMs - fromMs) / (HOUR / 2) : 10) * (HOUR / 2)
      device.write(person, (write) =>
        write.claim('booking', {
          baseId: lease?.baseId ?? base,
          sessionId: null,
          merchantId: null,
          label: mark,
          studioId: lease?.studioId ?? chance.pick(rows.studios),
          streamerIds: chance.often(lease ? 0.15 : 0.5) ? [chance.pick(rows.streamers)] : [],
          kit: chance.often(lease ? 0.15 : 0.4)
            ? [{ equipmentId: rows.equipment, quantity: 1 + chance.below(2) }]
            : [],
          startMs,
          endMs: startMs + (lease ? HOUR / 2 : HOUR),
          beforeMin: chance.pick([0, 15]),
          afterMin: chance.pick([0, 15]),
          expiresMs: chance.often(0.2) ? START_MS + 24 * HOUR : null,
        }),
      )
      return held()
    }
    case 'lease': {
      // Planners may not; some try.
      if (readLink(store)?.certificate.role === 'planner' && chance.often(0.9)) return
      const startMs = START_MS + 50 * HOUR + chance.below(12) * (HOUR / 2)
      const endMs = startMs + (3 + chance.below(4)) * (HOUR / 2)
      device.write(chance.often(0.9) ? null : person, (write) =>
        write.claim('slotLease', {
          baseId: base,
          holder: chance.often(0.4) ? device.keys.author : chance.pick(rows.authors),
          studioId: chance.pick(rows.studios),
          streamerIds: chance.often(0.4) ? [chance.pick(rows.streamers)] : [],
          kit: chance.often(0.4) ? [{ equipmentId: rows.equipment, quantity: 1 }] : [],
          startMs,
          endMs,
          beforeMin: 0,
          afterMin: 15,
          untilMs: chance.often(0.7) ? endMs : START_MS + chance.below(40) * HOUR,
        }),
      )
      return
    }
    case 'release': {
      const id = visible('SELECT id FROM booking UNION SELECT id FROM slotLease ORDER BY id')
      if (!id) return
      device.write(person, (write) =>
        write.fact('bookingRelease', { bookingId: id, reason: mark, atMs: device.clock() }),
      )
      held()
      const refused = visible(
        `SELECT bookingId AS id FROM bookingState WHERE outcome = 'refused' ORDER BY bookingId`,
      )
      if (refused)
        device.write(person, (write) =>
          write.fact('claimWait', { bookingId: refused, waits: chance.often(0.8), atMs: device.clock() }),
        )
      return
    }
    case 'forbidden':
      device.write(person, (write) =>
        write.create('liveBase', {
          name: mark,
          shortName: mark,
          kind: 'rural',
          networkProfile: 'poor',
          openMin: 0,
          closeMin: 1,
        }),
      )
      return held()
    case 'newer': {
      if (device.version === 1) return
      const id = visible('SELECT id FROM futureNote WHERE deleted = 0 ORDER BY id')
      const seller = visible('SELECT id FROM merchant WHERE deleted = 0 ORDER BY id')
      const choice = chance.below(3)
      if (choice === 0 && seller)
        return void device.write(person, (write) => write.set('merchant', seller, { colour: mark }))
      if (choice === 1 && id)
        return void device.write(person, (write) => write.set('futureNote', id, { note: mark }))
      return void device.write(person, (write) => write.create('futureNote', { note: mark }))
    }
  }
}

const merchant = (mark: string, baseId: string): Fields => ({
  name: 'm',
  shortName: 'm',
  baseId,
  sizeClass: 'middle',
  returnRatePct: 1,
  creditGrade: 'B',
  listStatus: 'none',
  creditReason: mark,
})

const card = (mark: string, priceFen: number): Fields => ({
  skuId: mark,
  claims: [],
  priceFen,
  script: mark,
  promiseHours: null,
})

const order = (mark: string, number: number, rows: TemplateRows, base: string): Fields => ({
  source: 'doudian',
  orderNo: `o${number}`,
  subOrderNo: `s${base}${number}`,
  merchantId: rows.merchants[0]!,
  skuId: null,
  sessionId: null,
  skuCode: '',
  productName: mark,
  quantity: 1,
  isGift: false,
  orderedMs: 1,
  paidMs: null,
  payableFen: 1,
  paidFen: 1,
  promisedMs: null,
  provinceName: '',
})

/** A device that had to take a new identity has renamed what it made. */
export function nameNow(db: Db, id: string): string {
  const row = prepared<[string], { new: string }>(db, 'SELECT new FROM renamed WHERE old = ?').get(id)
  return row ? nameNow(db, row.new) : id
}
