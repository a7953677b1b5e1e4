import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import DataTable from '../../../renderer/ui/DataTable.vue'
import { filterRows, sortRows, type Column } from '../../../renderer/ui/data-table.ts'
import { i18n } from '../../../renderer/app/i18n.ts'

interface Row {
  id: string
  name: string
  orders: number | null
}
const rows: Row[] = [
  { id: 'a', name: '海钓匠', orders: 412 },
  { id: 'b', name: '环翠竿业', orders: null },
  { id: 'c', name: 'Lure 10', orders: 9 },
  { id: 'd', name: 'Lure 9', orders: 412 },
]
const columns: Column<Row>[] = [
  { key: 'name', title: '商家', text: (row) => row.name, sortBy: (row) => row.name },
  { key: 'orders', title: '单数', text: (row) => String(row.orders ?? ''), sortBy: (row) => row.orders },
]
const ids = (list: readonly Row[]) => list.map(({ id }) => id).join('')

describe('sorting', () => {
  it('puts empty values last in both directions and keeps ties in order', () => {
    expect(ids(sortRows(rows, columns, { key: 'orders', down: false }, 'zh-CN'))).toBe('cadb')
    expect(ids(sortRows(rows, columns, { key: 'orders', down: true }, 'zh-CN'))).toBe('adcb')
  })
  it('reads numbers inside names as numbers', () => {
    const sorted = sortRows(rows.slice(2), columns, { key: 'name', down: false }, 'en')
    expect(ids(sorted)).toBe('dc')
  })
  it('leaves rows alone for a column that does not sort', () => {
    expect(sortRows(rows, columns, { key: 'nothing', down: false }, 'en')).toBe(rows)
  })
})

describe('filtering', () => {
  it('needs every word somewhere in the row', () => {
    expect(ids(filterRows(rows, columns, 'lure 412'))).toBe('d')
    expect(ids(filterRows(rows, columns, '竿'))).toBe('b')
    expect(filterRows(rows, columns, '  ')).toBe(rows)
  })
})

function makeTable(extra: Record<string, unknown> = {}) {
  return mount(DataTable<Row>, {
    props: { rows, columns, rowKey: (row: Row) => row.id, label: '商家', ...extra },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
}

describe('the table', () => {
  it('moves its selection with the arrow keys, Home and End, and opens with Enter', async () => {
    const table = makeTable()
    const body = table.find('.body')
    await body.trigger('keydown', { key: 'ArrowDown' })
    await body.trigger('keydown', { key: 'ArrowDown' })
    expect(table.emitted('update:selected')?.at(-1)).toEqual(['b'])
    await body.trigger('keydown', { key: 'End' })
    await nextTick()
    await body.trigger('keydown', { key: 'Enter' })
    expect(table.emitted('open')).toEqual([[rows[3]]])
    table.unmount()
  })
  it('sorts by a press on the heading, turns round by a second, and says so', async () => {
    const table = makeTable()
    const heading = () => table.findAll('[role="columnheader"]')[1]
    await heading()?.find('button').trigger('click')
    expect(heading()?.attributes('aria-sort')).toBe('ascending')
    await heading()?.find('button').trigger('click')
    expect(heading()?.attributes('aria-sort')).toBe('descending')
    expect(table.findAll('.row')[0]?.text()).toContain('海钓匠')
    table.unmount()
  })
  it('says when nothing matches the filter', () => {
    const table = makeTable({ filter: '没有这家' })
    expect(table.find('.none').text()).toContain(i18n.global.t('common.noMatch'))
    table.unmount()
  })
  it('shows text from outside as text', () => {
    const hostile = [{ id: 'x', name: '<img src=x onerror=alert(1)>', orders: 1 }]
    const table = makeTable({ rows: hostile })
    expect(table.find('img').exists()).toBe(false)
    expect(table.text()).toContain('<img src=x onerror=alert(1)>')
    table.unmount()
  })
  it('draws only part of a long list', () => {
    const many = Array.from({ length: 2000 }, (_, index) => ({
      id: String(index),
      name: `n${index}`,
      orders: index,
    }))
    const table = makeTable({ rows: many })
    expect(table.findAll('.row').length).toBeLessThan(200)
    expect(table.attributes('aria-rowcount')).toBe('2001')
    table.unmount()
  })
})
