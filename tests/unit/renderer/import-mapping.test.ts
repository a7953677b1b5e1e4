import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { reactive } from 'vue'
import UnknownSkus from '../../../renderer/features/import/UnknownSkus.vue'
import {
  creationOf,
  mappingsOf,
  valueOf,
  withFamily,
  type Choice,
} from '../../../renderer/features/import/mapping.ts'
import { skuMappingSchema } from '../../../shared/contract/imports.ts'
import { openPage } from '../../helpers/fake-page.ts'

const CODE = { code: 'NEW-1', productName: '七星漂', rows: 2, units: 3, unitPriceFen: 990 }
const alone = creationOf(CODE, { merchantId: 'm1', productId: null }, 'float')
const under = creationOf(CODE, { merchantId: 'm1', productId: 'p1' }, 'reel')

describe('what an unknown code becomes', () => {
  it('is a call the contract accepts, for a new product, under one that is here, or an existing SKU', () => {
    const mappings = mappingsOf(
      new Map<string, Choice>([
        ['a', alone],
        ['b', under],
        ['c', { kind: 'existing', skuId: 's1' }],
      ]),
    )
    for (const mapping of mappings) expect(skuMappingSchema.safeParse(mapping).error).toBeUndefined()
    expect(mappings).toMatchObject([
      { code: 'a', create: { productId: null, name: '七星漂', family: 'float', priceFen: 990 } },
      { code: 'b', create: { productId: 'p1', family: 'reel' } },
      { code: 'c', skuId: 's1' },
    ])
    expect([alone, under, undefined].map(valueOf)).toEqual(['new:m1', 'under:p1', null])
  })
  it('follows the family only where a product is made too', () => {
    expect([alone, under].map((choice) => withFamily(choice, 'lure'))).toMatchObject([
      { family: 'lure' },
      { family: 'reel' },
    ])
  })
})

let leave = () => {}
afterEach(() => leave())

it('on a belt without merchants one is added right there, and every code goes to it at once', async () => {
  const rows: { id: string; name: string }[] = []
  const page = await openPage({
    'catalogue/merchants': () => ({ rows: [...rows], nextCursor: null }),
    'catalogue/products': () => ({ rows: [], nextCursor: null }),
    'catalogue/skus': () => ({ rows: [], nextCursor: null }),
    'catalogue/saveMerchant': (input: { name: string }) => {
      rows.push({ id: 'm9', name: input.name })
      return { id: 'm9' }
    },
  })
  const choices = reactive(new Map<string, Choice>())
  const wrapper = mount(UnknownSkus, {
    global: page.global,
    props: { skus: [CODE, { ...CODE, code: 'NEW-2' }], count: 2, choices },
  })
  leave = () => wrapper.unmount()
  const press = async (text: string) => {
    await wrapper
      .findAll('button')
      .find((button) => button.text() === text)!
      .trigger('click')
    await flushPromises()
  }
  await press('现在配')
  expect(wrapper.text()).toContain('还没有商家')
  await wrapper.get('input[aria-label="商家不在？写名称"]').setValue('浮漂坊')
  await press('添商家')
  expect(page.sent('catalogue/saveMerchant')).toMatchObject([{ name: '浮漂坊', baseId: 'base-1' }])
  await press('2 个都新建，归它')
  expect([...choices.values()]).toMatchObject([{ merchantId: 'm9' }, { merchantId: 'm9' }])
})
