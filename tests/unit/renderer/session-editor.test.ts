import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import SessionEditor from '../../../renderer/features/session-editor/SessionEditor.vue'
import SessionForm from '../../../renderer/features/session-editor/SessionForm.vue'
import { useSessionEditor } from '../../../renderer/features/session-editor/store.ts'
import type { SessionDraft } from '../../../renderer/features/session-editor/draft.ts'
import { sessionContract } from '../../../shared/contract/session.ts'
import { openPage, type Answers } from '../../helpers/fake-page.ts'

const at = (stamp: string) => Date.parse(`${stamp}:00+08:00`)
const MERCHANT = { id: 'm1', name: '海钓匠渔具', shortName: '海钓匠', baseId: 'base-1', listStatus: 'none' }
const SKU = { id: 's1', name: '2.4 m 路亚竿', code: 'A-1', family: 'lure-rod', stock: 40 }
const BOOKED = {
  id: 'x1',
  title: '秋季新竿',
  merchantId: 'm1',
  merchantName: MERCHANT.name,
  platform: 'douyin',
  channel: 'store',
  status: 'planned',
  studioId: 'st1',
  studioName: '1 号间',
  streamerIds: ['p1'],
  wishStudioIds: [],
  wishStreamerIds: [],
  startMs: at('2026-09-19T19:00'),
  endMs: at('2026-09-19T22:00'),
  earliestMs: at('2026-09-18T08:00'),
  latestMs: at('2026-09-25T04:00'),
  durationMin: 180,
  primeTime: false,
  shippingPromiseHours: 48,
  skus: [{ ...SKU, skuId: 's1', lowUnits: 60, likelyUnits: 100, highUnits: 150 }],
  reviews: [{ verdict: 'passed', note: '', atMs: 1, current: true }],
  booking: { id: 'b1', record: 'confirmed', startMs: 1, endMs: 2 },
}
const answers = (): Answers => ({
  'catalogue/merchants': () => ({ rows: [MERCHANT], nextCursor: null }),
  'catalogue/bases': () => [{ id: 'base-1', openMin: 480, closeMin: 1680 }],
  'catalogue/skus': () => ({ rows: [SKU], nextCursor: null }),
  'catalogue/studios': () => [{ id: 'st1', name: '1 号间', openMin: 480, closeMin: 1680 }],
  'catalogue/streamers': () => [],
  'session/get': () => BOOKED,
  'session/create': () => ({ id: 'x2' }),
  'session/update': () => null,
  'session/cancel': () => null,
})

let leave = () => {}
afterEach(() => leave())
async function open(target: { kind: 'new' } | { kind: 'edit'; sessionId: string }, role?: 'official') {
  const page = await openPage(answers(), role)
  const wrapper = mount(SessionEditor, { global: page.global, props: { target }, attachTo: document.body })
  leave = () => wrapper.unmount()
  await flushPromises()
  const form = () => wrapper.getComponent(SessionForm)
  const change = async (part: Partial<SessionDraft>) => {
    form().vm.$emit('update:modelValue', { ...form().props('modelValue'), ...part })
    await flushPromises()
  }
  const press = async (text: string) => {
    const button = wrapper.findAll('button').find((candidate) => candidate.text() === text)
    if (!button) throw new Error(`no button ${text} in: ${wrapper.text()}`)
    await button.trigger('click')
    await flushPromises()
  }
  return { page, wrapper, change, press }
}

describe('the session editor', () => {
  it('says what is missing, then creates exactly what the contract takes, and shows the next step', async () => {
    const { page, wrapper, change, press } = await open({ kind: 'new' })
    await press('建好这一场')
    expect(wrapper.text()).toContain('选一家商家')
    expect(page.sent('session/create')).toEqual([])
    await change({ merchantId: 'm1', durationMin: 120 })
    await press('建好这一场')
    const [call] = page.sent('session/create')
    expect(sessionContract['session/create'].input.safeParse(call).error).toBeUndefined()
    expect(call).toMatchObject({ merchantId: 'm1', title: '海钓匠专场', durationMin: 120 })
    expect(wrapper.text()).toContain('已建好，等排期')
  })

  it('tells beforehand that a booking becomes stale and a signature void', async () => {
    const { wrapper, change, page, press } = await open({ kind: 'edit', sessionId: 'x1' })
    expect(wrapper.text()).not.toContain('预订会过时')
    await change({ durationMin: 240, skus: [] })
    expect(wrapper.text()).toContain('现在的预订会过时')
    expect(wrapper.text()).toContain('1 号间，改后时长不同')
    expect(wrapper.text()).toContain('要重签')
    await press('保存')
    expect(page.sent('session/update')).toMatchObject([{ sessionId: 'x1', durationMin: 240, skus: [] }])
    expect(wrapper.text()).toContain('重排并发布后换过来')
  })

  it('cancels only with a reason', async () => {
    const { wrapper, page, press } = await open({ kind: 'edit', sessionId: 'x1' })
    await press('取消这一场')
    expect(wrapper.text()).toContain('预订马上放出来')
    await wrapper.get('.cancel-session').trigger('submit')
    expect(wrapper.text()).toContain('写一句原因')
    expect(page.sent('session/cancel')).toEqual([])
    await wrapper.get('.cancel-session input').setValue('商家缺货')
    await wrapper.get('.cancel-session').trigger('submit')
    await flushPromises()
    expect(page.sent('session/cancel')).toEqual([{ sessionId: 'x1', reason: '商家缺货' }])
  })

  it('keeps what was typed when it is closed, and can drop it', async () => {
    const { page, change } = await open({ kind: 'new' })
    await change({ title: '没存的' })
    leave()
    const target = { kind: 'new' as const }
    const again = mount(SessionEditor, { global: page.global, props: { target } })
    leave = () => again.unmount()
    await flushPromises()
    expect(again.text()).toContain('接着上次没存的内容')
    expect(again.getComponent(SessionForm).props('modelValue').title).toBe('没存的')
    await again
      .findAll('button')
      .find((button) => button.text() === '不要了，重新来')!
      .trigger('click')
    expect(again.getComponent(SessionForm).props('modelValue').title).toBe('')
    expect(useSessionEditor().keptFor('new')).toBeNull()
  })

  it('lets an official look and not change', async () => {
    const { wrapper } = await open({ kind: 'edit', sessionId: 'x1' }, 'official')
    expect(wrapper.text()).toContain('你的角色只能看')
    expect(wrapper.findAll('button').map((button) => button.text())).not.toContain('保存')
  })
})
