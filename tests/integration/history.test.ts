import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HistoryEntry, ShownValue } from '../../shared/contract/history.ts'
import { fieldsOf } from '../../shared/domain/table.ts'
import { TABLE_LIST } from '../../shared/domain/tables.ts'
import { join } from 'node:path'
import { readMessages } from '../helpers/i18n-keys.ts'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { until } from '../helpers/sync-rig.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'
import { MERCHANT, STUDIO } from '../fixtures/rows.ts'

let nowMs = Date.UTC(2026, 8, 17, 6)
let core: TestCore
beforeEach(async () => {
  nowMs = Date.UTC(2026, 8, 17, 6)
  core = startCore({ clock: () => (nowMs += 1000) })
  await core.call('app/createBelt', NEW_BELT)
})
afterEach(() => core.close())

const history = async (table: string, id: string, from = core): Promise<HistoryEntry[]> =>
  (await from.call('history/row', { table, id })).entries
const text = (value: ShownValue | null): string =>
  value === null
    ? '-'
    : 'text' in value
      ? value.text
      : 'names' in value
        ? value.names.join()
        : JSON.stringify(value)
const said = ({ kind, changes }: HistoryEntry): string =>
  `${kind} ${changes.map(({ field, from, to }) => `${field}: ${text(from)} → ${text(to)}`).join('; ')}`

async function save(
  id: string | null,
  name: string,
  role = 'planner' as const,
  from = core,
): Promise<string> {
  return (await from.call('person/save', { id, name, shortName: name.slice(0, 2), role, baseId: null })).id
}
const personNow = (id: string, from = core) =>
  from.core.services.belt().store.db.prepare('SELECT name, role, deleted FROM person WHERE id = ?').get(id)

describe('the history of a row', () => {
  it('says who changed which fields from what to what, newest first', async () => {
    const id = await save(null, '王芳')
    await save(id, '王芳芳')
    const entries = await history('person', id)
    expect(entries.map(said)).toStrictEqual([
      'set name: 王芳 → 王芳芳',
      'create name: - → 王芳; shortName: - → 王芳; role: - → planner; active: - → {"kind":"yes-no","yes":true}',
    ])
    expect(entries[0]).toMatchObject({
      personName: '于敏',
      deviceName: null,
      state: 'local',
      notUndone: null,
    })
    expect(entries[1]!.overtaken).toMatchObject({ own: true })
  })

  it('pages', async () => {
    const id = await save(null, 'n0')
    for (let i = 1; i < 8; i++) await save(id, `n${i}`)
    const first = await core.call('history/row', { table: 'person', id, limit: 5 })
    const rest = await core.call('history/row', { table: 'person', id, limit: 5, skip: 5 })
    expect([first.entries.length, first.more, rest.entries.length, rest.more]).toStrictEqual([
      5,
      true,
      3,
      false,
    ])
    expect(new Set([...first.entries, ...rest.entries].map((entry) => entry.id)).size).toBe(8)
  })

  it('of a booking holds its answer and its release', async () => {
    const { bases } = await core.call('app/state', {})
    const { id: studioId } = await core.call('catalogue/saveStudio', {
      ...STUDIO,
      id: null,
      baseId: bases[0]!.id,
    })
    const startMs = Math.ceil(nowMs / 3_600_000) * 3_600_000 + 3_600_000
    const { bookingId } = await core.call('slot/claim', {
      studioId,
      label: '海钓匠',
      startMs,
      endMs: startMs + 3_600_000,
    })
    const entries = await history('booking', bookingId)
    expect(entries.map(({ table }) => table).sort()).toStrictEqual(['booking', 'claimAnswer'])
    const claim = entries.find(({ table }) => table === 'booking')!
    expect(claim.changes.find(({ field }) => field === 'studioId')?.to).toStrictEqual({
      kind: 'names',
      names: ['1 号间'],
    })
    expect(claim.notUndone).toBe('fact')
    await expect(core.call('history/undo', { id: claim.id })).rejects.toMatchObject({
      code: 'history-not-undoable',
    })
  })
})

describe('undo', () => {
  it('puts a change, a deletion and a creation back by new steps, which can be undone again', async () => {
    const id = await save(null, '原名')
    await save(id, '新名')
    const [change] = await history('person', id)
    await core.call('history/undo', { id: change!.id })
    expect(personNow(id)).toMatchObject({ name: '原名' })
    const [back] = await history('person', id)
    await core.call('history/undo', { id: back!.id })
    expect(personNow(id)).toMatchObject({ name: '新名' })
    const { services } = core.core
    services.transact(core.core.actorOf(core.connection), ({ write }) => write.remove('person', id))
    const [deletion] = await history('person', id)
    await core.call('history/undo', { id: deletion!.id })
    expect(personNow(id)).toMatchObject({ deleted: 0, name: '新名' })
    const lone = await save(null, '多建的')
    const [creation] = await history('person', lone)
    await core.call('history/undo', { id: creation!.id })
    expect(personNow(lone)).toMatchObject({ deleted: 1 })
  })

  it('never leaves a belt without an administrator', async () => {
    const { person } = await core.call('app/state', {})
    const second = await save(null, '二', 'planner')
    await core.call('person/save', { id: second, name: '二', role: 'administrator', baseId: null })
    const { services } = core.core
    // The first steps down; undoing the second's promotion would leave nobody.
    await core.call('person/save', { id: person!.id, name: '于敏', role: 'planner', baseId: null })
    services.setPerson(core.connection, second)
    const promotion = (await history('person', second)).find(({ kind }) => kind === 'set')!
    await expect(core.call('history/undo', { id: promotion.id })).rejects.toMatchObject({
      code: 'last-administrator',
    })
    expect(personNow(second)).toMatchObject({ role: 'administrator' })
  })

  it('of somebody else’s step is for administrators; of what planning wrote for nobody', async () => {
    const { bases, person } = await core.call('app/state', {})
    const merchant = core.core.services.transact(core.core.actorOf(core.connection), ({ write }) =>
      write.create('merchant', {
        ...MERCHANT,
        name: '海钓匠',
        shortName: '海',
        baseId: bases[0]!.id,
      }),
    )
    const planner = await save(null, '排期')
    core.core.services.setPerson(core.connection, planner)
    const [entry] = await history('merchant', merchant)
    expect(entry!.notUndone).toBe('other')
    await expect(core.call('history/undo', { id: entry!.id })).rejects.toMatchObject({
      code: 'history-not-undoable',
    })
    core.core.services.setPerson(core.connection, person!.id)
    expect((await history('merchant', merchant))[0]!.notUndone).toBeNull()
  })

  it('is refused when somebody else changed the same since, until that is meant', async () => {
    const root = tempDir()
    const hub = await startTestHub(join(root, 'hub'))
    const two = startCore({ deviceName: '二号机' })
    try {
      const url = `http://127.0.0.1:${hub.port}`
      const founder = await codeFor(hub, null)
      await core.call('sync/handOver', { url, code: founder })
      const beltId = (await core.call('app/state', {})).belt!.id
      const joining = await codeFor(hub, beltId)
      await two.call('sync/join', { url, code: joining })
      const other = await save(null, '另一个管理员')
      await core.call('person/save', { id: other, name: '另一个管理员', role: 'administrator', baseId: null })
      const id = await save(null, '甲')
      await save(id, '乙')
      await until(() => personNow(id, two) !== undefined && personNow(other, two) !== undefined, 'arrived')
      two.core.services.setPerson(two.connection, other)
      await until(() => (personNow(id, two) as { name: string }).name === '乙', 'the change arrived')
      await save(id, '丙', 'planner', two)
      await until(() => (personNow(id) as { name: string }).name === '丙', 'theirs is here')
      const entries = await history('person', id)
      const mine = entries.find((entry) => said(entry).startsWith('set name: 甲 → 乙'))!
      expect(mine).toMatchObject({
        state: 'canonical',
        overtaken: { personName: '另一个管理员', own: false },
      })
      expect(entries.find((entry) => said(entry).startsWith('set name: 乙 → 丙'))).toMatchObject({
        deviceName: '二号机',
        personName: '另一个管理员',
      })
      await expect(core.call('history/undo', { id: mine.id })).rejects.toMatchObject({
        code: 'history-overtaken',
      })
      expect(personNow(id)).toMatchObject({ name: '丙' })
      await core.call('history/undo', { id: mine.id, evenIfOvertaken: true })
      expect(personNow(id)).toMatchObject({ name: '甲' })
      await until(() => (personNow(id, two) as { name: string }).name === '甲', 'agreed everywhere')
    } finally {
      await two.close()
      await hub.close()
    }
  }, 30_000)
})

describe('words', () => {
  it('exist in both languages for every table, field and choice that a history can show', () => {
    const missing = ['zh-CN', 'en'].flatMap((language) => {
      const messages = readMessages(join(import.meta.dirname, '../../renderer/app/locales', language))
      const wanted = TABLE_LIST.flatMap((table) => [
        `field.table.${table.name}`,
        ...fieldsOf(table).flatMap(({ name, field }) => [
          `field.name.${name}`,
          ...(field.oneOf ?? []).map((value) => `field.choice.${value}`),
        ]),
      ])
      return [...new Set(wanted)].filter((key) => !messages.has(key)).map((key) => `${language} ${key}`)
    })
    expect(missing).toStrictEqual([])
  })
})
