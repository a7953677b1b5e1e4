import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import CatalogueList from '../../../renderer/features/catalogue/CatalogueList.vue'
import { KINDS, KIND_IDS, checkRow, draftOfRow } from '../../../renderer/features/catalogue/kinds.ts'
import {
  familiesOf,
  withChange,
  withRate,
  withoutFamily,
} from '../../../renderer/features/catalogue/rates.ts'
import { withStep } from '../../../renderer/features/catalogue/routing.ts'
import { useRefs } from '../../../renderer/features/catalogue/use-refs.ts'
import { lineInput, type LineRow } from '../../../shared/contract/catalogue.ts'
import { suggestRouting } from '../../../shared/domain/routing.ts'
import { openPage, type Answers } from '../../helpers/fake-page.ts'

const line = (id: string, kind: 'line' | 'qc', unitsPerHour: Record<string, number>) =>
  ({ id, kind, unitsPerHour, name: id, factoryName: 'f' }) as unknown as LineRow
const LINES = [line('l1', 'line', { float: 90 }), line('l2', 'line', { reel: 40 }), line('q1', 'qc', {})]

describe('the rates of a line', () => {
  const empty = { unitsPerHour: {}, changeoverMin: { families: [], matrix: [] }, initialFamily: null }

  it('keep the matrix square over the families, with an hour for a change nobody has timed', () => {
    let rates = withRate(withRate(empty, 'float', 90), 'reel', 40)
    rates = withChange(rates, 0, 1, 25)
    rates = withRate(rates, 'lure', 200)
    expect(familiesOf(rates)).toEqual(['float', 'reel', 'lure'])
    expect(rates.changeoverMin.matrix).toEqual([
      [0, 25, 60],
      [60, 0, 60],
      [60, 60, 0],
    ])
    const without = withoutFamily({ ...rates, initialFamily: 'float' }, 'float')
    expect(without).toMatchObject({
      unitsPerHour: { reel: 40, lure: 200 },
      changeoverMin: { families: ['reel', 'lure'] },
      initialFamily: null,
    })
  })
  it('are taken by the contract once the line has a name and a factory', () => {
    const draft = { ...KINDS.lines.empty, ...withRate(empty, 'float', 90), name: '漂线', factoryId: 'f' }
    expect(lineInput.safeParse(draft).error).toBeUndefined()
    expect(checkRow(KINDS.lines, { ...draft, shifts: [] })).toEqual({ shifts: 'required' })
    expect(checkRow(KINDS.lines, { ...draft, unitsPerHour: { float: -1 } })).toEqual({
      unitsPerHour: 'wrong',
    })
  })
})

describe('a product’s routing', () => {
  it('goes over every line with a rate for the family, and every bench', () => {
    expect(suggestRouting('float', LINES)).toEqual([
      { op: 'sample', lineIds: ['l1'], durMin: 240 },
      { op: 'qc', lineIds: ['q1'], durMin: 60 },
      { op: 'production', lineIds: ['l1'] },
    ])
    expect(suggestRouting('tent', LINES)).toEqual([{ op: 'qc', lineIds: ['q1'], durMin: 60 }])
  })
  it('keeps the order of the chain and drops a step without a line', () => {
    const steps = withStep(withStep([], 'production', ['l1'], undefined), 'sample', ['l1'], 90)
    expect(steps).toEqual([
      { op: 'sample', lineIds: ['l1'], durMin: 90 },
      { op: 'production', lineIds: ['l1'] },
    ])
    expect(withStep(steps, 'sample', [], 90)).toEqual([{ op: 'production', lineIds: ['l1'] }])
  })
})

it('an empty draft of every kind names what it lacks, and a row is given back as it came', () => {
  for (const id of KIND_IDS) expect(checkRow(KINDS[id], KINDS[id].empty)).toMatchObject({ name: 'required' })
  const row = {
    ...KINDS.skus.empty,
    id: 's',
    name: '漂',
    productId: 'p',
    code: 'F-1',
    stock: 9,
    family: 'float',
  }
  expect(draftOfRow(KINDS.skus, row)).toEqual({
    ...KINDS.skus.empty,
    id: 's',
    name: '漂',
    productId: 'p',
    code: 'F-1',
  })
})

let leave = () => {}
afterEach(() => leave())
const MERCHANT = {
  id: 'm1',
  name: '海钓匠渔具',
  shortName: '海钓匠',
  baseId: 'base-1',
  sizeClass: 'middle',
  returnRatePct: 9,
  creditGrade: 'A',
  listStatus: 'none',
  creditReason: '',
  products: 2,
}
async function open(id: 'merchants' | 'products', more: Answers, role?: 'official') {
  const page = await openPage(
    {
      'catalogue/bases': () => [{ id: 'base-1', name: '文登基地' }],
      'catalogue/merchants': () => ({ rows: [], nextCursor: null }),
      'catalogue/products': () => ({ rows: [], nextCursor: null }),
      ...more,
    },
    role,
  )
  const Host = {
    components: { CatalogueList },
    setup: () => ({ refs: useRefs(), kind: KINDS[id] }),
    template: '<CatalogueList :kind="kind" filter="" :refs="refs" />',
  }
  const wrapper = mount(Host, { global: page.global, attachTo: document.body })
  leave = () => wrapper.unmount()
  await flushPromises()
  const press = async (text: string) => {
    const button = wrapper.findAll('button').findLast((candidate) => candidate.text() === text)
    if (!button) throw new Error(`no button ${text} in: ${wrapper.text()}`)
    await button.trigger('click')
    await flushPromises()
  }
  return { page, wrapper, press }
}

describe('a list of the catalogue', () => {
  it('teaches while it is empty: what comes first, then how to add', async () => {
    const { wrapper, press, page } = await open('products', {})
    expect(wrapper.text()).toContain('还没有商品')
    await press('先添商家')
    await flushPromises()
    expect(page.router.currentRoute.value.path).toBe('/catalogue/merchants')
  })
  it('adds a row of the base at hand and says what is missing', async () => {
    const { wrapper, press, page } = await open('merchants', {
      'catalogue/saveMerchant': () => ({ id: 'm2' }),
    })
    await press('添商家')
    await press('保存')
    expect(wrapper.text()).toContain('还有 1 处要改')
    await wrapper.get('form input').setValue('浮漂坊')
    await press('保存')
    expect(page.sent('catalogue/saveMerchant')).toEqual([
      {
        id: null,
        name: '浮漂坊',
        shortName: '',
        baseId: 'base-1',
        sizeClass: 'long-tail',
        returnRatePct: 10,
      },
    ])
  })
  it('adds at once below what was saved a moment ago', async () => {
    const merchants: (typeof MERCHANT)[] = []
    const { wrapper, page } = await open('products', {
      'catalogue/merchants': () => ({ rows: [...merchants], nextCursor: null }),
    })
    merchants.push(MERCHANT)
    await wrapper.findComponent(CatalogueList).vm.add()
    await flushPromises()
    expect(page.router.currentRoute.value.path).toBe('/')
    expect(wrapper.find('form').exists()).toBe(true)
  })
  it('leads nowhere once it is left', async () => {
    const { wrapper, page } = await open('products', {})
    const went: string[] = []
    page.router.beforeEach(({ path }) => void went.push(path))
    const adding = wrapper.findComponent(CatalogueList).vm.add()
    leave()
    leave = () => {}
    await adding
    await flushPromises()
    expect(went).toEqual([])
  })
  it('removes after asking, and puts back', async () => {
    const { wrapper, press, page } = await open('merchants', {
      'catalogue/merchants': () => ({ rows: [MERCHANT], nextCursor: null }),
      'catalogue/remove': () => null,
      'catalogue/restore': () => null,
    })
    await wrapper.get('[role=rowgroup] [role=row]').trigger('click')
    await flushPromises()
    await press('移除')
    expect(wrapper.text()).toContain('下面还有 2 项')
    await press('移除')
    expect(page.sent('catalogue/remove')).toEqual([{ table: 'merchant', id: 'm1' }])
    await press('放回来')
    expect(page.sent('catalogue/restore')).toEqual([{ table: 'merchant', id: 'm1' }])
  })
  it('shows why the core refuses, and lets an official only read', async () => {
    const rows = { 'catalogue/merchants': () => ({ rows: [MERCHANT], nextCursor: null }) }
    const refusing = await open('merchants', {
      ...rows,
      'catalogue/saveMerchant': () => new Error('not-allowed'),
    })
    await refusing.wrapper.get('[role=rowgroup] [role=row]').trigger('click')
    await flushPromises()
    await refusing.press('保存')
    expect(refusing.wrapper.text()).toContain('你的角色不能做这一步')
    leave()
    const official = await open('merchants', rows, 'official')
    await official.wrapper.get('[role=rowgroup] [role=row]').trigger('click')
    await flushPromises()
    expect(official.wrapper.text()).toContain('你的角色只能看')
    expect(official.wrapper.findAll('button').map((button) => button.text())).not.toContain('保存')
  })
})
